//! The HTTP server over real sockets: answers, bounds, access.

mod access;
mod answers;
mod bounds;
mod harness;
#[path = "../exposition/sample.rs"]
#[allow(dead_code, reason = "shared with the exposition tests, which use all of it")]
mod sample;
