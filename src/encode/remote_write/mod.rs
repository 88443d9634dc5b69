//! Prometheus remote write: `prometheus.WriteRequest` (1.0) and `io.prometheus.write.v2.Request` (2.0).
//!
//! An [`Encoder`] walks the tables of `/metrics` over one snapshot after the other and hands out requests; what it
//! wrote last and does not find again it ends with a stale marker. [`split`] cuts a request apart. Compression is
//! not done here.

mod encoder;
mod histogram;
mod keys;
mod labels;
mod request;
mod rows;
mod series;
mod split;
mod symbols;
mod v1;
mod v2;
mod writer;

pub use encoder::{Encoder, Limits, Options, Version};
pub use rows::Rows;
pub use split::{Part, split};
