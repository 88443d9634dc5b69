//! Where the kernel's file systems are mounted, for an agent that sees the host's below another path.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::model::bounds::OutOfRange;

/// The section `paths`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Paths {
    /// The cgroup2 mount; without it the one that /proc/self/mountinfo names.
    pub cgroup: Option<PathBuf>,
    /// The proc file system of the machine that is watched.
    pub procfs: PathBuf,
    /// The sysfs of the machine that is watched.
    pub sysfs: PathBuf,
    /// The root directory of the machine that is watched, for the fill of its file systems.
    pub rootfs: PathBuf,
}

impl Default for Paths {
    fn default() -> Paths {
        Paths { cgroup: None, procfs: "/proc".into(), sysfs: "/sys".into(), rootfs: "/".into() }
    }
}

impl Paths {
    /// Every path that depends on where the agent was started.
    pub fn validate(&self) -> Vec<OutOfRange> {
        let given: [(&str, Option<&Path>); 4] = [
            ("cgroup", self.cgroup.as_deref()),
            ("procfs", Some(&self.procfs)),
            ("sysfs", Some(&self.sysfs)),
            ("rootfs", Some(&self.rootfs)),
        ];
        given
            .into_iter()
            .filter_map(|(key, path)| Some((key, path?)))
            .filter(|(_, path)| !path.is_absolute())
            .map(|(key, path)| {
                OutOfRange::new(key, path.display().to_string(), "is relative", "an absolute path")
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_absolute() {
        assert_eq!(Paths::default().validate(), []);
        let paths = Paths { cgroup: Some("cgroup".into()), procfs: "host/proc".into(), ..Paths::default() };
        let keys: Vec<String> = paths.validate().into_iter().map(|problem| problem.key).collect();
        assert_eq!(keys, ["cgroup", "procfs"]);
    }
}
