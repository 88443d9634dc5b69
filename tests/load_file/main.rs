//! The file of a load test: what it comes to, what is said of everything that can be wrong with it, and the profiles
//! that are built in.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

mod any_text;
mod errors;
#[path = "../support/golden.rs"]
mod golden;
mod meaning;
mod profiles;
mod reading;
mod running;
mod shown;
mod steady;
