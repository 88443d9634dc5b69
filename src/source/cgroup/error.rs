//! What can go wrong before the first reading. Once running, nothing ends the agent: faults are counted.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// A hierarchy that cannot be served; each says what to do about it.
#[derive(Debug, Error)]
pub enum CgroupError {
    #[error("{path}: cannot be read: {error}; set paths.procfs to where the host's /proc is mounted", path = path.display())]
    Mountinfo { path: PathBuf, error: io::Error },
    #[error(
        "this host has cgroup v1 only (mounted controllers: {controllers}); podometer reads cgroup v2: boot with \
         systemd.unified_cgroup_hierarchy=1 (and cgroup_no_v1=all), or use a node image with cgroup v2"
    )]
    LegacyOnly { controllers: String },
    #[error(
        "no cgroup2 file system is mounted according to {path}; mount one (mount -t cgroup2 none /sys/fs/cgroup) or \
         set paths.cgroup to where the host's is mounted",
        path = path.display()
    )]
    NoMount { path: PathBuf },
    #[error(
        "{path}: is not a cgroup v2 directory (it has no cgroup.controllers); set paths.cgroup to the root of the \
         cgroup2 mount, such as /sys/fs/cgroup",
        path = path.display()
    )]
    NotCgroup2 { path: PathBuf },
    #[error("{path}: {error}; mount the host's cgroup2 hierarchy there, readable by this user", path = path.display())]
    Root { path: PathBuf, error: io::Error },
    #[error("inotify: {error}; raise fs.inotify.max_user_instances")]
    Inotify { error: io::Error },
}
