//! Finds the cgroup2 mount in `/proc/self/mountinfo` and says what it can and cannot serve.

use std::path::{Path, PathBuf};

/// One line of mountinfo, as far as cgroups are concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// The directory of the hierarchy that is mounted (`/` for the whole of it, as this namespace sees it).
    pub root: String,
    pub mount_point: PathBuf,
    /// `cgroup` (v1) or `cgroup2`.
    pub fs_type: String,
    /// Per-superblock options; for v1 these name the controllers.
    pub super_options: String,
}

/// Which hierarchies a host has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// cgroup v2 alone.
    Unified,
    /// cgroup v2 beside v1 controllers: v2 serves only what v1 has not taken.
    Hybrid,
    /// v1 alone.
    Legacy,
    /// No cgroup mount is visible.
    None,
}

/// What mountinfo says about cgroups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mounts {
    pub layout: Layout,
    /// Where the v2 hierarchy is, when there is one.
    pub unified: Option<PathBuf>,
    /// True when only a part of the hierarchy is mounted there (its root is not `/`).
    pub partial: bool,
    /// Controllers that v1 holds, sorted.
    pub legacy_controllers: Vec<String>,
}

/// The v1 controllers that podometer would have read from v2.
const WANTED: [&str; 6] = ["blkio", "cpu", "cpuacct", "hugetlb", "memory", "pids"];

/// Reads cgroup mounts from the text of mountinfo. Lines of other file systems and malformed lines are passed
/// over. Format: proc(5), `/proc/pid/mountinfo`.
pub fn parse_mountinfo(text: &str) -> Vec<Mount> {
    text.lines().filter_map(parse_line).collect()
}

fn parse_line(line: &str) -> Option<Mount> {
    let (left, right) = line.split_once(" - ")?;
    let mut right = right.split(' ');
    let fs_type = right.next()?;
    if fs_type != "cgroup" && fs_type != "cgroup2" {
        return None;
    }
    let super_options = right.nth(1).unwrap_or_default();
    let mut left = left.split(' ').skip(3);
    let root = unescape(left.next()?);
    let mount_point = unescape(left.next()?);
    Some(Mount {
        root,
        mount_point: PathBuf::from(mount_point),
        fs_type: fs_type.to_owned(),
        super_options: super_options.to_owned(),
    })
}

/// mountinfo writes space, tab, newline and backslash as `\ooo`.
fn unescape(field: &str) -> String {
    let mut out = Vec::with_capacity(field.len());
    let bytes = field.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let octal = bytes
            .get(at + 1..at + 4)
            .filter(|digits| bytes[at] == b'\\' && digits.iter().all(|digit| (b'0'..=b'7').contains(digit)));
        if let Some(digits) = octal {
            let value = digits.iter().fold(0u32, |value, digit| value * 8 + u32::from(digit - b'0'));
            out.push(value as u8);
            at += 4;
        } else {
            out.push(bytes[at]);
            at += 1;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Picks the v2 mount: one that holds the whole hierarchy before one that holds a part, then the shortest path.
pub fn survey(mounts: &[Mount]) -> Mounts {
    let unified = mounts
        .iter()
        .filter(|mount| mount.fs_type == "cgroup2")
        .min_by_key(|mount| (mount.root != "/", mount.mount_point.as_os_str().len()));
    let mut legacy_controllers: Vec<String> = mounts
        .iter()
        .filter(|mount| mount.fs_type == "cgroup")
        .flat_map(|mount| mount.super_options.split(','))
        .filter(|option| WANTED.contains(option))
        .map(str::to_owned)
        .collect();
    legacy_controllers.sort();
    legacy_controllers.dedup();
    let legacy = mounts.iter().any(|mount| mount.fs_type == "cgroup");
    let layout = match (unified, legacy) {
        (Some(_), _) if !legacy_controllers.is_empty() => Layout::Hybrid,
        (Some(_), _) => Layout::Unified,
        (None, true) => Layout::Legacy,
        (None, false) => Layout::None,
    };
    Mounts {
        layout,
        unified: unified.map(|mount| mount.mount_point.clone()),
        partial: unified.is_some_and(|mount| mount.root != "/"),
        legacy_controllers,
    }
}

/// True if the directory looks like a cgroup v2 directory: it has `cgroup.controllers`.
pub fn is_cgroup2_dir(path: &Path) -> bool {
    path.join("cgroup.controllers").exists()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PLAIN: &str = "31 23 0:26 / /sys/fs/cgroup rw,nosuid shared:8 - cgroup2 cgroup2 rw,nsdelegate";
    const HYBRID: &str = "\
30 23 0:25 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu
31 23 0:26 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
32 23 0:27 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd
33 23 0:28 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw";

    #[test]
    fn layouts() {
        let cases = [
            ("plain v2", PLAIN, Layout::Unified, Some("/sys/fs/cgroup")),
            ("hybrid", HYBRID, Layout::Hybrid, Some("/sys/fs/cgroup/unified")),
            ("v1 only", "30 23 0:25 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu", Layout::Legacy, None),
            ("nothing", "1 1 8:1 / / rw - ext4 /dev/sda1 rw", Layout::None, None),
            (
                "v1 systemd tree beside v2 has no controller",
                concat!(
                    "32 23 0:27 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd\n",
                    "33 23 0:28 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw"
                ),
                Layout::Unified,
                Some("/sys/fs/cgroup/unified"),
            ),
        ];
        for (name, text, layout, unified) in cases {
            let found = survey(&parse_mountinfo(text));
            assert_eq!(found.layout, layout, "{name}");
            assert_eq!(found.unified.as_deref(), unified.map(Path::new), "{name}");
        }
        assert_eq!(survey(&parse_mountinfo(HYBRID)).legacy_controllers, ["cpu", "memory"]);
    }

    #[test]
    fn a_whole_host_mount_wins_over_a_leaf() {
        let text = "31 23 0:26 /../.. /sys/fs/cgroup ro - cgroup2 cgroup rw\n\
                    40 23 0:26 / /host/sys/fs/cgroup ro - cgroup2 cgroup rw";
        let found = survey(&parse_mountinfo(text));
        assert_eq!(found.unified.as_deref(), Some(Path::new("/host/sys/fs/cgroup")));
        assert!(!found.partial);
    }

    #[test]
    fn octal_escapes() {
        let text = r"31 23 0:26 / /mnt/a\040b\134 rw - cgroup2 cgroup2 rw";
        assert_eq!(parse_mountinfo(text)[0].mount_point, Path::new("/mnt/a b\\"));
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in ".*") {
            survey(&parse_mountinfo(&text));
        }
    }
}
