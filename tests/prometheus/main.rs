//! A real Prometheus scrapes a real agent over a tree whose every value is known; promtool and scrapers of any
//! rhythm read the same agent.

#![allow(
    clippy::float_cmp,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "tests fail by panicking, compare exactly and say loudly what they skip"
)]

mod agent;
mod http;
mod linted;
mod node;
#[path = "../support/ports.rs"]
mod ports;
#[path = "../support/promtool.rs"]
mod promtool;
mod rhythms;
mod scraped;
mod server;
mod workload;
