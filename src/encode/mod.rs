//! Pure encoders: a snapshot goes in, bytes come out. No IO, no clock, no async.

mod batch;
pub mod cluster;
pub mod document;
pub mod influx;
pub mod injector;
pub mod load;
pub mod otlp;
pub mod prometheus;
pub mod remote_write;
pub mod schema;
mod small_page;
pub mod target;
mod uids;
mod wire;

pub use batch::Batch;
