//! Follows the pods of this node as they come and go, wherever they are told of.
//!
//! What is known goes into a register and is published as a directory. A place that fails keeps the last names.

/// From the API server: a list, then what changes.
mod api;
/// Publishes what the register knows.
mod keeper;
/// From the kubelet, when somebody has no name.
mod kubelet;
/// Which place is asked, and which instead of it.
mod places;
/// From a file or an address that holds a whole list.
mod whole;

pub use kubelet::KubeletPods;
pub use places::{Follow, Observer, Seen, Source};
