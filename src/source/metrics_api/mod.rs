//! metrics.k8s.io: what metrics-server says of pods and nodes, at its own times.

/// The section `metrics_api`.
mod config;
/// One reading: which requests it takes.
mod fetch;
/// When to ask again.
mod pace;
/// Documents to values.
mod parse;

pub use config::{Config, Enabled, Scope};
pub use fetch::{Reading, Wanted, fetch};
pub use pace::Pace;
pub use parse::{Parsed, parse_node, parse_nodes, parse_pod, parse_pods};
