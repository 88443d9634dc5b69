//! The agent of our node, asked for our own pod alone: what a sidecar cannot see, the DaemonSet beside it can.

mod client;
mod config;
/// From the rows of its document to units.
mod units;

pub use client::{NodeAgent, PeerError};
pub use config::{Config, Enabled};
