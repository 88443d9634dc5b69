//! What a load test says: the summary and its JSON shapes, files, and lines and pages for other programs' readers.

#![allow(
    clippy::expect_used,
    clippy::float_cmp,
    clippy::format_collect,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "tests fail by panicking and say loudly what they skip"
)]

#[path = "../support/dashboard.rs"]
mod dashboard;
mod dashboards;
#[allow(dead_code, reason = "shared with tests that ask for more")]
#[path = "../remote_write/decode.rs"]
mod decode;
mod files;
#[path = "../support/golden.rs"]
mod golden;
mod lines;
mod page;
#[path = "../support/promtool.rs"]
mod promtool;
mod remote;
mod sample;
#[allow(dead_code, reason = "shared with tests that ask for more")]
#[path = "../support/servers.rs"]
mod servers;
mod stretch;
mod summary;
