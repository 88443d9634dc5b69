//! Sinks with a spool against real and scripted servers: outages, kills, disks that fail.

#![allow(
    clippy::expect_used,
    clippy::format_collect,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "tests and what they share may panic and print what they measured"
)]

mod lives;
mod outage;
#[path = "../influxdb/sample.rs"]
mod sample;
#[path = "../influxdb/script.rs"]
#[allow(dead_code, reason = "shared with other tests")]
mod script;
#[path = "../support/servers.rs"]
#[allow(dead_code, reason = "shared with other tests")]
mod servers;
