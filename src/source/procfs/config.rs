//! What of the node is read, from where and how often.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

/// Where the node's files are and which parts are read.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct Config {
    /// Where the node's /proc is mounted. The three paths are everyone's, so the section `paths` sets them.
    #[serde(skip)]
    pub procfs: PathBuf,
    /// Where the node's /sys is mounted.
    #[serde(skip)]
    pub sysfs: PathBuf,
    /// Where the node's root file system is mounted; sizes of file systems are asked below it.
    #[serde(skip)]
    pub rootfs: PathBuf,
    /// True where /proc is a pod's own: its network, sockets and processes are the pod's and not the node's.
    #[serde(skip)]
    pub is_a_pods: bool,
    /// File system types that are not measured.
    pub ignored_filesystems: Vec<String>,
    /// Mount points that are not measured, with everything below them.
    pub ignored_mount_points: Vec<String>,
    /// Also measure network and FUSE file systems; a server that hangs then holds up the reading.
    pub network_filesystems: bool,
    /// Count processes by state, which reads one file per process.
    pub processes: bool,
    /// How old the count of processes may become.
    #[serde(with = "humantime_serde")]
    pub processes_interval: Duration,
    /// Count sockets by state, which reads the kernel's socket tables.
    pub sockets: bool,
    /// How old the count of sockets may become.
    #[serde(with = "humantime_serde")]
    pub sockets_interval: Duration,
    /// Read the interrupt counters of each CPU.
    pub interrupts: bool,
    /// Read the counters of kernel same-page merging.
    pub ksm: bool,
}

/// File systems that hold nothing of their own, or nothing that fills up.
/// The first seven are Telegraf's default; the rest have no size, and asking autofs would mount it.
const IGNORED_FILESYSTEMS: [&str; 26] = [
    "tmpfs",
    "devtmpfs",
    "devfs",
    "iso9660",
    "overlay",
    "aufs",
    "squashfs",
    "autofs",
    "binfmt_misc",
    "bpf",
    "cgroup",
    "cgroup2",
    "configfs",
    "debugfs",
    "devpts",
    "efivarfs",
    "fusectl",
    "hugetlbfs",
    "mqueue",
    "nsfs",
    "proc",
    "pstore",
    "rpc_pipefs",
    "securityfs",
    "sysfs",
    "tracefs",
];

impl Default for Config {
    fn default() -> Config {
        let owned = |list: &[&str]| list.iter().map(ToString::to_string).collect();
        Config {
            procfs: PathBuf::from("/proc"),
            sysfs: PathBuf::from("/sys"),
            rootfs: PathBuf::from("/"),
            is_a_pods: false,
            ignored_filesystems: owned(&IGNORED_FILESYSTEMS),
            ignored_mount_points: owned(&["/dev", "/proc", "/sys", "/var/lib/docker"]),
            network_filesystems: false,
            processes: true,
            processes_interval: Duration::from_secs(30),
            sockets: true,
            sockets_interval: Duration::from_secs(10),
            interrupts: true,
            ksm: false,
        }
    }
}
