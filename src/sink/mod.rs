//! Where values are sent: each sink accounts for every point it was given.

/// What waits and its account behind one lock.
mod account;
#[cfg(test)]
mod account_tests;
/// The numbers behind that lock.
mod books;
/// The groups of keys that all sinks have.
pub mod config;
/// The task that sends what waits.
mod deliver;
/// What the rest of the program holds of a sink.
mod handle;
/// Requests to servers.
pub mod http;
/// InfluxDB 1, 2 and 3, VictoriaMetrics and whatever else takes line protocol over HTTP.
pub mod influxdb;
/// What the thread of the spool does to the account.
mod keeping;
/// OpenTelemetry collectors and whatever else takes metrics by OTLP over HTTP.
pub mod otlp;
/// A batch as it waits.
mod parcel;
/// Whether a server would take points.
mod probe;
/// The seam between delivery and the protocols.
mod protocol;
/// Prometheus' Pushgateway.
pub mod pushgateway;
/// Prometheus, Mimir, Thanos, VictoriaMetrics and whatever else receives remote write.
pub mod remote_write;
/// What waits, on disk.
pub mod spool;
/// How a sink fares.
mod status;

pub use handle::{Handle, Left, Plan, SpoolLeft, try_spool};
pub use probe::Obstacle;
pub use status::{State, Status};
