//! Sinks with a spool against real and scripted servers: outages, kills, disks that fail.

#![allow(
    clippy::expect_used,
    clippy::format_collect,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::unnecessary_debug_formatting,
    clippy::unwrap_used,
    reason = "tests and what they share may panic and print what they measured; paths are quoted as YAML wants them"
)]

mod agent_outage;
mod lives;
mod outage;
#[path = "../bad_input/program.rs"]
#[allow(dead_code, reason = "shared with other tests")]
mod program;
#[path = "../influxdb/sample.rs"]
mod sample;
#[path = "../influxdb/script.rs"]
#[allow(dead_code, reason = "shared with other tests")]
mod script;
#[path = "../support/servers.rs"]
#[allow(dead_code, reason = "shared with other tests")]
mod servers;
#[path = "../../benches/cgroup/trees.rs"]
#[allow(dead_code, reason = "shared with benches, which also make real ones")]
mod trees;
