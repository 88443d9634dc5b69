//! The Pushgateway sink: what is pushed, and what a real Pushgateway makes of it.

#![allow(
    clippy::expect_used,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "tests and what they share may panic and say that they were skipped"
)]

mod groups;
#[path = "../support/neighbour.rs"]
#[allow(dead_code, reason = "shared with other tests, each of which uses a part")]
mod neighbour;
mod pages;
#[path = "../support/promtool.rs"]
mod promtool;
#[path = "../exposition/sample.rs"]
#[allow(dead_code, reason = "shared with other tests, each of which uses a part")]
mod sample;
mod server;
