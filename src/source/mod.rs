//! Each source reads one place and says what it saw and when. None decides which source is right.

pub mod api_server;
pub mod cgroup;
pub mod http;
pub mod kubelet;
pub mod procfs;
