//! Line protocol of pods, containers, the node and plain units: Telegraf's `inputs.kubernetes` measurements
//! as far as cgroups know their fields, and our own `kubernetes_pod` and `podometer_unit`.

/// Field names and the values behind them.
mod fields;
/// Which points a snapshot has.
mod rows;
/// Measurement and tag names.
mod tags;

pub use rows::{NodeFacts, Rows};
pub use tags::TAGS;
