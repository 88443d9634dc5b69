//! The InfluxDB side: rows against their golden text, the sink against a scripted server and against real ones.

#![allow(
    clippy::expect_used,
    clippy::float_cmp,
    clippy::format_collect,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "tests and what they share may panic, compare exactly and say that they were skipped"
)]

mod dashboards;
mod fake_server;
mod real_influxdb;
mod real_victoria;
mod rows;
mod sample;
mod script;
mod servers;
mod tls;
