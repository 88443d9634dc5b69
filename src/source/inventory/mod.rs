//! Nodes, pods, workloads and claims as the API server lists them: paged, thin, bounded.

/// The section `inventory`.
mod config;
/// One reading: which lists it takes.
mod fetch;
/// Nodes and pods to records.
mod nodes_and_pods;
/// What of an object is read.
mod objects;
/// Which selectors become tags.
mod selectors;
/// Deployments, stateful sets, daemon sets and claims to records.
mod workloads;

pub use config::{Config, Resource, Scope};
pub use fetch::{Reading, Whose, fetch, own_node};
pub use selectors::SelectorFilter;
