//! The dashboards and alerts of `deploy/`: made of tables, asked of real servers, and held against the names that the
//! program exports. Each panel and alert is printed.
#![allow(
    clippy::expect_used,
    clippy::float_cmp,
    clippy::format_collect,
    clippy::print_stderr,
    clippy::unwrap_used,
    clippy::unnecessary_debug_formatting,
    reason = "tests fail by panicking, compare exactly and say loudly what they skip; paths are quoted as YAML wants them"
)]

#[path = "../support/authority.rs"]
mod authority;
#[path = "../support/child.rs"]
mod child;
#[path = "../support/guest.rs"]
mod guest;
#[path = "../support/jvm.rs"]
mod jvm;
#[path = "../support/kubelet_server.rs"]
#[allow(dead_code, reason = "its bad days are asked for elsewhere")]
mod kubelet_server;
#[path = "../load_live/program.rs"]
#[allow(dead_code, reason = "not all of what a run can be asked is asked here")]
mod load;
#[path = "../bad_input/program.rs"]
#[allow(dead_code, reason = "not all of what the agent can be asked is asked here")]
mod program;
#[path = "../support/servers.rs"]
#[allow(dead_code, reason = "not all of its servers are started here")]
mod servers;
#[path = "../support/truth.rs"]
mod truth;

mod alerts;
mod ask;
mod asked;
mod board;
mod cgroups;
mod known;
mod kubelet;
mod kubepods;
mod machine;
mod made;
mod names;
mod panel;
mod promql;
mod record;
mod table;
mod units;
mod world;

/// Tables for a reader of CI's output: past the harness, which keeps to itself what a test prints that passes.
fn tell(text: &str) {
    use std::io::Write;
    _ = writeln!(std::io::stderr().lock(), "{text}");
}
