//! Whose cgroup it is: the names that Kubernetes gives to pods and containers.

pub mod config;
pub mod directory;
pub mod pods;

pub use config::Config;
pub use directory::Directory;
