//! OpenTelemetry collectors and whatever else takes metrics by OTLP over HTTP.

mod config;
/// Requests, and what answers mean.
mod protocol;
/// The table behind that.
mod reply;

pub use config::Config;
