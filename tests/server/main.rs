//! The HTTP server over real sockets: answers, bounds, access.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a helper that fails fails its test")]

mod access;
mod answers;
#[path = "../support/api_double.rs"]
mod api_double;
mod bounds;
mod harness;
#[path = "../support/metrics_server.rs"]
mod metrics_server;
mod review;
#[path = "../exposition/sample.rs"]
#[allow(dead_code, reason = "shared with the exposition tests, which use all of it")]
mod sample;
