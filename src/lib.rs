//! Podometer: the CPU and memory of every pod, right, live and cheap.
//!
//! The map of the house; ARCHITECTURE.md tells why it is built so.

pub mod agent;
pub mod cli;
pub mod config;
pub mod encode;
pub mod identity;
pub mod inject;
pub mod load;
pub mod model;
pub mod reconcile;
/// Addresses of hosts, looked up where nothing waits for it.
mod resolve;
pub mod sampler;
pub mod server;
pub mod sink;
pub mod source;
pub mod target;
/// Whom a TLS client trusts.
mod trust;
