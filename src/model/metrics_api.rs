//! What metrics.k8s.io says: the numbers that `kubectl top` prints.

use super::stamp::Stamp;

/// One reading. Pods are those that were asked for: of one node, or of the whole cluster.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MetricsPage {
    /// When the answer had come in, by our clocks.
    pub fetched: Stamp,
    pub pods: Vec<PodUsage>,
    pub nodes: Vec<NodeUsage>,
}

/// A pod as metrics-server has it: the time and window are those of its earliest container.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PodUsage {
    pub namespace: Box<str>,
    pub name: Box<str>,
    /// End of the window in milliseconds since the epoch, cut to whole seconds by the API: the true end lies
    /// up to a second later.
    pub at_ms: i64,
    pub window_ns: u64,
    pub containers: Vec<ContainerUsage>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContainerUsage {
    pub name: Box<str>,
    pub cpu_nanocores: u64,
    pub memory_bytes: u64,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct NodeUsage {
    pub name: Box<str>,
    pub at_ms: i64,
    pub window_ns: u64,
    pub cpu_nanocores: u64,
    pub memory_bytes: u64,
}
