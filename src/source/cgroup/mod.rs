//! The cgroup v2 hierarchy: where it is mounted, what its directories are, and what their files say.
//!
//! Reads only. Which of the numbers is right, and what they mean together, is decided elsewhere.

pub mod error;
pub mod files;
pub mod grammar;
pub mod mounts;
pub mod parse;
pub mod read;
mod scan;
pub mod tree;
mod watch;

pub use error::CgroupError;
pub use tree::{Entry, Tree};
