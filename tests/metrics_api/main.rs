//! metrics.k8s.io: what metrics-server would say of recorded pages, and the source against a server that says it.

#![allow(
    clippy::expect_used,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "tests may panic and say that they were skipped"
)]

mod algorithm;
#[path = "../support/metrics_server.rs"]
mod metrics_server;
#[path = "../support/truth.rs"]
mod truth;
