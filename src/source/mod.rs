//! Each source reads one place and says what it saw and when. None decides which source is right.

/// One bounded request to the API server.
pub mod api_call;
pub mod cgroup;
/// metrics.k8s.io: what metrics-server says.
pub mod metrics_api;
pub mod procfs;
