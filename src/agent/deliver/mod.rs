//! Batches from snapshots to the sinks: one task per sink, on the sink's own interval.

/// All sinks, through reloads.
mod deliveries;
/// Line protocol.
mod influx;
/// Snapshots in, batches out.
mod producing;
/// OpenTelemetry and the Pushgateway.
mod samples;

pub(super) use deliveries::{Deliveries, Wanted};
