//! What a load test says: the summary and its JSON shapes, files, and lines and pages for other programs' readers.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

#[path = "../support/golden.rs"]
mod golden;
mod sample;
mod summary;
