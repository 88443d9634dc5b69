//! The load tests that are built in: those of the stacks that they replace. Each is a file as anybody could write it.

mod table;

pub use table::{ALL, Profile, find};
