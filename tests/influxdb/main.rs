//! The InfluxDB side: rows against their golden text, the sink against a scripted server and against real ones.

#![allow(
    clippy::expect_used,
    clippy::float_cmp,
    clippy::format_collect,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "tests and what they share may panic, compare exactly and say that they were skipped"
)]

#[path = "../support/dashboard.rs"]
#[allow(dead_code, reason = "tables are printed by others")]
mod dashboard;
mod dashboards;
#[allow(dead_code, reason = "shared with tests that ask for more")]
#[path = "../chaos/disk.rs"]
mod disk;
mod fake_server;
mod real_influxdb;
mod real_victoria;
mod rows;
mod sample;
mod script;
#[path = "../support/servers.rs"]
mod servers;
mod spooled;
mod tls;
