//! Line protocol of pods, containers, the node and plain units: Telegraf's `inputs.kubernetes` measurements
//! from cgroups, with what only the kubelet knows from its summary, and our own `kubernetes_pod` and `podometer_unit`.

/// Field names and the values behind them.
mod fields;
/// What only the kubelet's summary holds.
mod kubelet;
/// Which points a snapshot has.
mod rows;
/// Measurement and tag names.
mod tags;
/// What Kubernetes says of a pod beyond its cgroup.
mod workload;

pub use rows::{NodeFacts, Rows};
pub use tags::TAGS;
