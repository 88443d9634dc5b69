//! Whose cgroup it is: the names that Kubernetes gives to pods and containers.

/// Which labels and annotations are kept.
mod allowed;
pub mod config;
/// From a pod as Kubernetes writes it to what is kept of it.
mod describe;
pub mod directory;
/// One pod of a directory.
mod entry;
/// One line of a watch.
mod event;
/// Follows the pods of this node as they come and go.
pub mod follow;
/// A pod list, handed on pod by pod.
mod list;
/// The workload that a pod belongs to.
mod owner;
/// A pod's JSON, thin and borrowed.
mod pods;
/// The pods that are known now, kept from lists and events.
pub mod register;
/// Requests and limits.
mod resources;
/// Strings and maps of a JSON document.
mod text;
/// Times as Kubernetes writes them.
mod time;

pub use allowed::Allowed;
pub use config::Config;
pub use directory::Directory;
pub use list::{ListInfo, PodsError};
pub use register::{Register, Told};
