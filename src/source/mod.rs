//! Each source reads one place and says what it saw and when. None decides which source is right.

pub mod cgroup;
pub mod http;
pub mod node_agent;
pub mod procfs;
