//! `podometer load run --out`: real servers are told of a real run against the target while it goes on.
#![allow(
    clippy::expect_used,
    clippy::float_cmp,
    clippy::format_collect,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "tests fail by panicking, compare exactly and say loudly what they skip"
)]

#[allow(dead_code, reason = "shared with tests that ask for more")]
#[path = "../prometheus/agent.rs"]
mod agent;
#[path = "../support/dashboard.rs"]
mod dashboard;
#[path = "../prometheus/http.rs"]
mod http;
mod influxdb;
#[allow(dead_code, reason = "shared with tests that ask for more")]
#[path = "../prometheus/node.rs"]
mod node;
mod paused;
mod program;
mod prometheus;
#[allow(dead_code, reason = "shared with tests that ask for more")]
#[path = "../support/servers.rs"]
mod servers;
mod told;
