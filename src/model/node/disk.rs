//! Block devices and mounted file systems.

/// One row of /proc/diskstats. A sector is 512 bytes whatever the device's own size.
/// Source: Linux `Documentation/admin-guide/iostats.rst`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Disk {
    pub name: Box<str>,
    /// The device number, by which cgroups know the device.
    pub major: u32,
    pub minor: u32,
    pub wwid: Option<Box<str>>,
    pub reads: u64,
    pub merged_reads: u64,
    pub sectors_read: u64,
    pub read_ms: u64,
    pub writes: u64,
    pub merged_writes: u64,
    pub sectors_written: u64,
    pub write_ms: u64,
    pub in_progress: u64,
    pub io_ms: u64,
    pub weighted_io_ms: u64,
    /// Since Linux 4.18.
    pub discards: Option<u64>,
    pub merged_discards: Option<u64>,
    pub sectors_discarded: Option<u64>,
    pub discard_ms: Option<u64>,
    /// Since Linux 5.5.
    pub flushes: Option<u64>,
    pub flush_ms: Option<u64>,
}

impl Disk {
    pub const SECTOR_BYTES: u64 = 512;

    /// True for a device that was never used: an unbound loop device, an empty drive.
    pub fn is_untouched(&self) -> bool {
        self.reads == 0 && self.writes == 0 && self.in_progress == 0 && self.io_ms == 0
    }
}

/// One mounted file system with what statvfs says of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filesystem {
    /// As mounted, `/dev/` included.
    pub device: Box<str>,
    pub mountpoint: Box<str>,
    pub fstype: Box<str>,
    pub read_only: bool,
    /// The name of a device-mapper device.
    pub label: Option<Box<str>>,
    pub total_bytes: u64,
    /// Free to root.
    pub free_bytes: u64,
    /// Free to everybody else.
    pub avail_bytes: u64,
    /// 0 where the file system has no inode table (btrfs, vfat).
    pub inodes_total: u64,
    pub inodes_free: u64,
}
