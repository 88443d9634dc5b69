//! k6 scripts as files of ours: those of the stacks come to the built-in profiles, small ones to golden files, and no
//! text makes the reader panic.

#![cfg(feature = "import")]
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

mod any_text;
#[path = "../support/golden.rs"]
mod golden;
mod program;
mod reading;
mod running;
mod scripts;
#[path = "../load_file/shown.rs"]
mod shown;
mod stacks;
