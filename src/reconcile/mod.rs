//! Why two figures of one pod differ: ours beside the kubelet's and metrics-server's, each over the other's own
//! span of time, with the cause from a closed list. A pure state machine; what it sees and the time come in as
//! arguments. "Algorithm of the comparison" in ARCHITECTURE.md
//! says how.

mod beside;
mod choose;
pub mod config;
mod difference;
mod foreign;
mod kubelet;
mod metrics;
mod node;
mod pod;
mod reconciler;
mod series;
mod side;
mod top;
mod units;
mod walls;

pub use config::Config;
pub use foreign::Resolve;
pub use reconciler::Reconciler;
