//! `podometer target` over real sockets: its endpoints, the faults it is asked for, what it counts, and clients that
//! are slow, many or rude.

#![allow(
    clippy::float_cmp,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "tests fail by panicking, compare exactly and say loudly what they skip"
)]

mod bounds;
#[path = "../support/child.rs"]
mod child;
mod client;
mod endpoints;
mod faults;
mod metrics;
mod process;
#[path = "../support/promtool.rs"]
mod promtool;
mod protocol;
