//! `podometer load run --out`: real servers are told of a real run against the target while it goes on.
#![allow(
    clippy::expect_used,
    clippy::float_cmp,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "tests fail by panicking, compare exactly and say loudly what they skip"
)]

#[path = "../support/dashboard.rs"]
mod dashboard;
mod influxdb;
mod program;
#[allow(dead_code, reason = "shared with tests that ask for more")]
#[path = "../support/servers.rs"]
mod servers;
mod told;
