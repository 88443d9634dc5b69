//! Prometheus, Mimir, Thanos, VictoriaMetrics and whatever else receives remote write.

mod config;
/// Requests, and what answers mean.
mod protocol;
/// The table behind that.
mod reply;

pub use config::Config;
