//! HTTP/1.1 of a client, without IO: bytes in, bytes out.

mod body;
mod request;
mod response;

pub use request::{Request, RequestFault};
pub use response::{Fault, Keep, Progress, Reader, Response};
