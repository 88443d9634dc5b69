//! InfluxDB 1, 2 and 3, VictoriaMetrics and whatever else takes line protocol over HTTP.

mod config;
/// Batches cut apart at line ends.
mod lines;
/// Requests, and what answers mean.
mod protocol;
/// The table behind that.
mod reply;

pub use config::{Config, Consistency, Version};
