//! The comparison of sources, through its public face: against recordings of a real node, against injected
//! faults, while sources die and return, and under churn.
//!
//! `cargo test --test reconcile -- --nocapture` prints the tables.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "tests fail by panicking and print tables"
)]

mod bounded;
mod build;
mod causes;
mod compare;
mod faults;
mod figures;
#[path = "../support/metrics_server.rs"]
mod metrics_server;
mod page;
mod quiet;
mod recorded;
mod switching;
#[path = "../support/truth.rs"]
#[allow(dead_code, reason = "this target reads no trees")]
mod truth;
mod world;
mod young;
