//! `podometer load run` and the engine behind it, against the target and against servers that misbehave.
#![allow(
    clippy::cast_possible_wrap,
    clippy::float_cmp,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "tests fail by panicking and compare exactly"
)]

mod batches;
#[path = "../support/child.rs"]
#[allow(dead_code, reason = "only some of what is shared is needed here")]
mod child;
mod cookies;
mod ends;
mod executors;
mod faults;
mod flows;
mod harness;
mod http2;
mod invalid;
mod measured;
mod names;
mod outer;
#[path = "../support/ports.rs"]
mod ports;
mod profiles;
mod program;
mod raw;
mod redirects;
mod secure;
mod served;
mod thresholds;
mod tls;
