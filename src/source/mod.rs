//! Each source reads one place and says what it saw and when. None decides which source is right.

pub mod api_server;
pub mod cgroup;
/// Lines of Prometheus text and OpenMetrics.
pub(crate) mod exposition;
pub mod http;
/// Nodes, pods, workloads and claims as the API server lists them.
pub mod inventory;
pub mod kubelet;
/// Who of several agents leads.
pub mod lease;
/// metrics.k8s.io: what metrics-server says.
pub mod metrics_api;
pub mod node_agent;
pub mod procfs;
pub mod scrape;
