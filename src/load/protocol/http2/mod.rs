//! HTTP/2 of a client, without IO: requests as its library wants them, and what its errors mean. Frames are the
//! library's, but for the one that it does not tell of.

mod farewell;
mod fault;
mod request;

pub use farewell::Farewell;
pub use fault::{Fault, From as FaultFrom};
pub use request::{RequestFault, translate};
