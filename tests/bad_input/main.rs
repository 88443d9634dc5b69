//! Bad input, end to end: what stands in the way of a start ends it with a message that names the place and the
//! remedy; what breaks while the agent runs is counted, and everything else goes on.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "tests fail by panicking and say loudly what they skip"
)]

mod program;
mod reload;
mod start;
mod tree;
