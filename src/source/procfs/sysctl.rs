//! Single numbers under /proc/sys and /sys/kernel/mm/ksm.

use std::path::Path;

use super::fault::Unread;
use super::files::{Files, Need};
use crate::model::node::{Conntrack, Ksm, SysctlFs};

/// Files of /proc/sys/fs that hold one number under their own name.
const SINGLE: [&str; 6] = ["aio-max-nr", "aio-nr", "dquot-max", "dquot-nr", "super-max", "super-nr"];

/// Files of /proc/sys/fs that hold several, and what their columns are called; an empty name is not read.
/// Source: Linux `Documentation/admin-guide/sysctl/fs.rst`.
const LISTS: [(&str, &[&str]); 3] = [
    ("dentry-state", &["dentry-nr", "dentry-unused-nr", "dentry-age-limit", "dentry-want-pages"]),
    ("file-nr", &["file-nr", "", "file-max"]),
    ("inode-state", &["inode-nr", "inode-free-nr", "inode-preshrink-nr"]),
];

/// Older kernels name the table after IPv4; no kernel has both.
const CONNTRACK: [(&str, &str); 2] = [("sys/net/netfilter", "nf"), ("sys/net/ipv4/netfilter", "ip")];

pub(super) fn read_sysctl_fs(procfs: &Path, files: &mut Files) -> SysctlFs {
    let directory = procfs.join("sys/fs");
    let mut sysctl = SysctlFs::default();
    for name in SINGLE {
        if let Some(slot) = sysctl.slot(name) {
            *slot = files.number(&directory.join(name));
        }
    }
    for (file, names) in LISTS {
        files.parse(&directory.join(file), Need::IfPresent, |text, unread| {
            parse_columns(text, names, &mut sysctl, unread);
        });
    }
    sysctl
}

/// Puts each column of the first line into the field of its name.
pub fn parse_columns(text: &str, names: &[&str], sysctl: &mut SysctlFs, unread: &mut Unread) {
    let line = text.lines().next().unwrap_or("");
    let mut words = line.split_ascii_whitespace();
    for name in names {
        let value = words.next().and_then(|word| word.parse().ok());
        let Some(slot) = sysctl.slot(name) else { continue };
        *slot = value;
        if value.is_none() {
            unread.note(0, line);
        }
    }
}

pub(super) fn read_conntrack(procfs: &Path, files: &mut Files) -> Conntrack {
    let mut conntrack = Conntrack::default();
    for (directory, prefix) in CONNTRACK {
        let directory = procfs.join(directory);
        if conntrack.count.is_none() {
            conntrack.count = files.number(&directory.join(format!("{prefix}_conntrack_count")));
        }
        if conntrack.max.is_none() {
            conntrack.max = files.number(&directory.join(format!("{prefix}_conntrack_max")));
        }
    }
    conntrack
}

pub(super) fn read_ksm(sysfs: &Path, files: &mut Files) -> Vec<Ksm> {
    let directory = sysfs.join("kernel/mm/ksm");
    Ksm::FILES
        .iter()
        .filter_map(|name| Some(Ksm { name, value: files.number(&directory.join(name))? }))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_by_name_and_a_gap() {
        let mut unread = Unread::default();
        let mut sysctl = SysctlFs::default();
        parse_columns("671\t0\t2466183\n", LISTS[1].1, &mut sysctl, &mut unread);
        assert_eq!((sysctl.file_nr, sysctl.file_max), (Some(671), Some(2_466_183)));
        assert_eq!(unread.count, 0);
        parse_columns("1 -2\n", LISTS[2].1, &mut sysctl, &mut unread);
        assert_eq!((sysctl.inode_nr, sysctl.inode_free_nr, sysctl.inode_preshrink_nr), (Some(1), None, None));
        assert_eq!(unread.count, 2);
    }

    #[test]
    fn every_name_of_the_tables_has_a_field() {
        let mut sysctl = SysctlFs::default();
        let listed = LISTS.iter().flat_map(|(_, names)| names.iter()).filter(|name| !name.is_empty());
        let names: Vec<&str> = SINGLE.iter().chain(listed).copied().collect();
        assert!(names.iter().all(|name| sysctl.slot(name).is_some()));
        assert_eq!(names.len(), SysctlFs::KEYS.len());
    }
}
