//! OTLP: what is encoded against its golden text, the sink against a scripted double and a real VictoriaMetrics.

#![allow(
    clippy::expect_used,
    clippy::float_cmp,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "tests and what they share may panic, compare exactly and say that they were skipped"
)]

mod batches;
mod double;
mod encoded;
#[path = "../support/golden.rs"]
mod golden;
mod message;
#[path = "../support/neighbour.rs"]
#[allow(dead_code, reason = "shared with other tests, each of which uses a part")]
mod neighbour;
mod real_victoria;
#[path = "../exposition/sample.rs"]
#[allow(dead_code, reason = "shared with other tests, each of which uses a part")]
mod sample;
mod script;
