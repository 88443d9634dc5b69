//! `podometer load run` and the engine behind it, against the target and against servers that misbehave.
#![allow(
    clippy::cast_possible_wrap,
    clippy::float_cmp,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "tests fail by panicking and compare exactly"
)]

#[path = "../support/child.rs"]
#[allow(dead_code, reason = "only some of what is shared is needed here")]
mod child;
mod executors;
mod faults;
mod harness;
mod http2;
mod invalid;
#[path = "../support/ports.rs"]
mod ports;
mod program;
mod raw;
mod secure;
mod thresholds;
mod tls;
