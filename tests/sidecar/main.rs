//! The agent as a sidecar: what it sees of its own pod, what it asks others for, and what it never claims.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "tests fail by panicking and say loudly what they skip"
)]

#[path = "../support/truth.rs"]
mod truth;

#[path = "../bad_input/program.rs"]
#[allow(dead_code, reason = "a part of it is enough here")]
mod program;

mod blind;
mod kubelet;
mod never_the_pod;
mod node_agent;
mod recorded;
