//! metrics.k8s.io: what metrics-server would say of recorded pages, and the source against a server that says it;
//! the lease that decides which replica asks for the cluster.

#![allow(
    clippy::expect_used,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "tests may panic and say that they were skipped"
)]

mod algorithm;
#[path = "../support/api_double.rs"]
mod api_double;
#[path = "../support/golden.rs"]
mod golden;
mod inventory;
mod lease;
#[path = "../support/metrics_server.rs"]
mod metrics_server;
mod source;
#[path = "../support/truth.rs"]
mod truth;
