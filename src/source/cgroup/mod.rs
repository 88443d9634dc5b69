//! The cgroup v2 hierarchy.
