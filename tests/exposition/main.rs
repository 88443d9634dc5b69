//! The exposition formats on a small hand-made snapshot, held against goldens, promtool and a decoder of
//! the test's own.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a helper that fails fails its test and says that it was skipped"
)]

mod decode;
mod golden;
mod names;
mod neighbour;
#[path = "../support/promtool.rs"]
mod promtool;
mod protobuf;
mod rows;
mod sample;
