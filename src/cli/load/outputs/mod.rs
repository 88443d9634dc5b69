//! Where a load test's numbers go while it runs: `--out KIND=TARGET`.
//!
//! The engine tells an observer of each second; `feed` hands it to a thread, which waits for nobody: `told` makes an
//! interval of it and each [`Form`] batches of that, which go to the sinks behind [`crate::cli::Outlets`]. A new kind is
//! a row in `kind` and a file here that makes its `Form` and the settings of its sink.

/// A URL in its parts.
mod address;
/// From the observer to the thread.
mod feed;
/// What can be typed.
mod flags;
/// What each kind says, and when.
mod form;
/// InfluxDB in k6's schema, and in JMeter's.
mod influxdb;
/// The kinds by name.
mod kind;
/// From flags to running outputs.
mod open;
/// The page for Prometheus.
mod page;
/// At the end, to a Pushgateway.
mod pushgateway;
/// Prometheus' remote write.
mod remote_write;
/// Settings from the environment.
mod variables;
/// The thread: seconds in, batches out.
mod worker;

pub(super) use feed::Feed;
pub(super) use flags::OutputFlags;
pub(super) use open::{Opening, open};
