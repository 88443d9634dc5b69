//! The cgroup v2 hierarchy: where it is mounted, what its directories are, and what their files say.
//!
//! Reads only. Which of the numbers is right, and what they mean together, is decided elsewhere.

mod entry;
pub mod error;
pub mod files;
mod follow;
pub mod grammar;
pub mod kubepods;
mod limits;
pub mod mounts;
pub mod parse;
mod parsers;
pub mod read;
mod scan;
mod siblings;
pub mod tree;
mod views;
mod watch;

pub use entry::Entry;
pub use error::CgroupError;
pub use limits::Limits;
pub use siblings::{is_process_namespace_shared, own_line};
pub use tree::Tree;
