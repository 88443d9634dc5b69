//! What a load test says: the summary and its JSON shapes, files, and lines and pages for other programs' readers.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

mod files;
#[path = "../support/golden.rs"]
mod golden;
mod lines;
mod page;
#[path = "../support/promtool.rs"]
mod promtool;
mod sample;
mod stretch;
mod summary;
