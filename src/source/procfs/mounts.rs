//! Mounted file systems and their sizes.

use std::path::Path;

use super::config::Config;
use super::fault::{Fault, Unread};
use super::files::{Files, Need, read_word};
use crate::model::node::Filesystem;

/// One line of /proc/PID/mounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    pub device: String,
    pub mountpoint: String,
    pub fstype: String,
    pub read_only: bool,
}

/// File systems whose server can hang: statvfs would wait with it, uninterruptibly.
const NETWORK_FILESYSTEMS: [&str; 16] = [
    "9p",
    "afs",
    "beegfs",
    "ceph",
    "cifs",
    "coda",
    "davfs",
    "fuse",
    "gfs2",
    "glusterfs",
    "lustre",
    "nfs",
    "nfs4",
    "ocfs2",
    "smb3",
    "smbfs",
];

/// The most file systems that are measured in one reading.
const MAX_FILESYSTEMS: usize = 512;

/// Source: proc_pid_mounts(5), fstab(5).
pub fn parse_mounts(text: &str, unread: &mut Unread) -> Vec<Mount> {
    let mut mounts = Vec::new();
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.is_empty()) {
        let mut words = line.split(' ');
        let (Some(device), Some(mountpoint), Some(fstype), Some(options)) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            unread.note(index, line);
            continue;
        };
        mounts.push(Mount {
            device: unescape(device),
            mountpoint: unescape(mountpoint),
            fstype: unescape(fstype),
            read_only: options.split(',').any(|option| option == "ro"),
        });
    }
    mounts
}

/// The kernel writes blank, tab, line break, backslash and `#` as three octal digits.
fn unescape(word: &str) -> String {
    let mut plain = Vec::with_capacity(word.len());
    let bytes = word.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let escaped = match &bytes[at..] {
            [b'\\', a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', ..] => {
                Some((a - b'0') * 64 + (b - b'0') * 8 + (c - b'0'))
            }
            _ => None,
        };
        plain.push(escaped.unwrap_or(bytes[at]));
        at += if escaped.is_some() { 4 } else { 1 };
    }
    String::from_utf8_lossy(&plain).into_owned()
}

/// True when a mount is to be measured.
fn is_wanted(mount: &Mount, config: &Config) -> bool {
    let is_network = NETWORK_FILESYSTEMS.contains(&&*mount.fstype) || mount.fstype.starts_with("fuse.");
    (config.network_filesystems || !is_network)
        && !config.ignored_filesystems.contains(&mount.fstype)
        && !config.ignored_mount_points.iter().any(|point| is_below(&mount.mountpoint, point))
}

fn is_below(path: &str, point: &str) -> bool {
    path.strip_prefix(point.trim_end_matches('/'))
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Measures every wanted file system, each mount point once.
pub(super) fn read_filesystems(config: &Config, files: &mut Files) -> Vec<Filesystem> {
    // Sizes are asked below `rootfs`, so the list must be the one of the mount namespace that is
    // seen there: our own below /, that of the node's first process below a host mount.
    let own = config.rootfs == Path::new("/");
    let list = config.procfs.join(if own { "self/mounts" } else { "1/mounts" });
    let mounts = files
        .parse(&list, Need::IfPresent, parse_mounts)
        .or_else(|| files.parse(&config.procfs.join("mounts"), Need::Always, parse_mounts))
        .unwrap_or_default();
    let mut filesystems: Vec<Filesystem> = Vec::new();
    // From the last to the first: a mount hides what was mounted before at the same place.
    for mount in mounts.iter().rev().filter(|mount| is_wanted(mount, config)) {
        if filesystems.iter().any(|known| *known.mountpoint == *mount.mountpoint) {
            continue;
        }
        if filesystems.len() == MAX_FILESYSTEMS {
            files.fault(Fault::TooMany { path: list, limit: MAX_FILESYSTEMS });
            break;
        }
        if let Some(filesystem) = read_filesystem(mount, config, files) {
            filesystems.push(filesystem);
        }
    }
    filesystems.reverse();
    filesystems
}

fn read_filesystem(mount: &Mount, config: &Config, files: &mut Files) -> Option<Filesystem> {
    let path = config.rootfs.join(mount.mountpoint.trim_start_matches('/'));
    let size = match rustix::fs::statvfs(&path) {
        Ok(size) => size,
        // Unmounted since the list was read, or not mounted below `rootfs`.
        Err(rustix::io::Errno::NOENT) => return None,
        Err(error) => {
            files.fault(Fault::Unreadable { path, source: error.into() });
            return None;
        }
    };
    if size.f_blocks == 0 {
        return None;
    }
    let bytes = |blocks: u64| blocks.saturating_mul(size.f_frsize);
    Some(Filesystem {
        device: (*mount.device).into(),
        mountpoint: (*mount.mountpoint).into(),
        fstype: (*mount.fstype).into(),
        read_only: mount.read_only,
        label: device_mapper_name(mount, config),
        total_bytes: bytes(size.f_blocks),
        free_bytes: bytes(size.f_bfree),
        avail_bytes: bytes(size.f_bavail),
        inodes_total: size.f_files,
        inodes_free: size.f_ffree,
    })
}

/// `/dev/dm-3` is known to its owner by the name that the device mapper was given.
fn device_mapper_name(mount: &Mount, config: &Config) -> Option<Box<str>> {
    let name = mount.device.strip_prefix("/dev/").filter(|name| name.starts_with("dm-"))?;
    read_word(&config.sysfs.join("block").join(name).join("dm/name"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unescaped_and_a_torn_line_is_noted() {
        let mut unread = Unread::default();
        let text = "/dev/vda / ext4 rw,noatime 0 0\n/dev/sdb /mnt/my\\040disk\\134 xfs ro,relatime 0 0\nproc /proc\n";
        let mounts = parse_mounts(text, &mut unread);
        assert_eq!(mounts.len(), 2);
        assert_eq!((&*mounts[1].mountpoint, mounts[1].read_only), ("/mnt/my disk\\", true));
        assert!(!mounts[0].read_only);
        assert_eq!(unread.first, Some((3, "proc /proc".to_owned())));
        assert_eq!(unescape("\\04\\9\\777\\"), "\\04\\9\\777\\");
    }

    #[test]
    fn what_could_hang_or_holds_nothing_is_left_out() {
        let mount = |fstype: &str, mountpoint: &str| Mount {
            device: "d".to_owned(),
            mountpoint: mountpoint.to_owned(),
            fstype: fstype.to_owned(),
            read_only: false,
        };
        let config = Config::default();
        for (fstype, mountpoint, wanted) in [
            ("ext4", "/", true),
            ("xfs", "/devices", true),
            ("fuseblk", "/windows", true),
            ("ext4", "/dev/x", false),
            ("tmpfs", "/tmp", false),
            ("autofs", "/home", false),
            ("nfs4", "/home", false),
            ("fuse.sshfs", "/far", false),
        ] {
            assert_eq!(is_wanted(&mount(fstype, mountpoint), &config), wanted, "{fstype} {mountpoint}");
        }
        let all = Config { network_filesystems: true, ..Config::default() };
        assert!(is_wanted(&mount("nfs4", "/home"), &all));
        assert!(!is_wanted(&mount("autofs", "/home"), &all));
    }
}
