//! Prometheus remote write: requests against the page that they come from, and against real servers.

#![allow(
    clippy::expect_used,
    clippy::float_cmp,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "tests and what they share may panic, compare exactly and say that they were skipped"
)]

mod decode;
mod delivered;
mod ends;
#[path = "../prometheus/http.rs"]
mod http;
mod page;
mod parts;
#[path = "../support/ports.rs"]
mod ports;
mod real;
#[allow(dead_code, reason = "shared with the exposition, which uses all of it")]
#[path = "../exposition/sample.rs"]
mod sample;
mod servers;
mod snappy;
