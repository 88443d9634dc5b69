//! Whose cgroup it is: the names that Kubernetes gives to pods and containers.

pub mod config;
