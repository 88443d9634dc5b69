//! Delivery, whole agent and real database: what dashboards find there, what a change of the settings costs, where
//! secrets may stand, and what is said of what cannot work.

#![allow(
    clippy::expect_used,
    clippy::format_collect,
    clippy::print_stderr,
    clippy::unwrap_used,
    clippy::unnecessary_debug_formatting,
    reason = "tests fail by panicking and say loudly what they skip; paths are quoted as YAML wants them"
)]

#[path = "../support/authority.rs"]
mod authority;
#[path = "../support/child.rs"]
mod child;
#[path = "../support/dashboard.rs"]
mod dashboard;
#[path = "../support/jvm.rs"]
mod jvm;
#[path = "../support/kubelet_server.rs"]
#[allow(dead_code, reason = "its bad days are asked for elsewhere")]
mod kubelet_server;
#[path = "../bad_input/program.rs"]
#[allow(dead_code, reason = "not all of what the agent can be asked is asked here")]
mod program;
#[path = "../support/servers.rs"]
#[allow(dead_code, reason = "one of its servers is enough here")]
mod servers;
#[path = "../support/truth.rs"]
mod truth;

mod crash;
mod dashboards;
mod heap;
mod lookup;
mod obstacles;
mod relay;
mod reload;
mod secrets;
mod writes;
mod wrong_port;
