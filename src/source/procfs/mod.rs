//! The node from /proc and /sys, and the network of each pod from one of its processes.
//!
//! Every parser keeps what it could read and names the first line that it could not. Nothing here
//! decides which source is right.

pub mod config;
pub mod cpuinfo;
pub mod disks;
pub mod fault;
mod files;
pub mod interrupts;
pub mod meminfo;
pub mod mounts;
pub mod net_dev;
pub mod pods;
pub mod pressure;
pub mod processes;
mod reader;
pub mod snmp;
pub mod sockets;
pub mod stat;
pub mod sysctl;
pub mod utmp;

pub use config::Config;
pub use fault::{Fault, Unread};
pub use pods::{find_pod_processes, read_interfaces, read_own_interfaces};
pub use reader::NodeReader;
