//! `disk` and `diskio`.

use super::point::{Integer, Points, integers, percent};
use crate::encode::influx::LineWriter;
use crate::model::node::{Disk, Filesystem, Node};

/// `free` is what users may take; what is kept for root counts as neither free nor used.
const DISK: &[Integer<Filesystem>] = &[
    ("total", |filesystem| Some(filesystem.total_bytes)),
    ("free", |filesystem| Some(filesystem.avail_bytes)),
    ("used", |filesystem| Some(used(filesystem))),
    ("inodes_total", |filesystem| Some(filesystem.inodes_total)),
    ("inodes_free", |filesystem| Some(filesystem.inodes_free)),
    ("inodes_used", |filesystem| Some(inodes_used(filesystem))),
];

const DISKIO: &[Integer<Disk>] = &[
    ("reads", |disk| Some(disk.reads)),
    ("writes", |disk| Some(disk.writes)),
    ("read_bytes", |disk| disk.sectors_read.checked_mul(Disk::SECTOR_BYTES)),
    ("write_bytes", |disk| disk.sectors_written.checked_mul(Disk::SECTOR_BYTES)),
    ("read_time", |disk| Some(disk.read_ms)),
    ("write_time", |disk| Some(disk.write_ms)),
    ("io_time", |disk| Some(disk.io_ms)),
    ("weighted_io_time", |disk| Some(disk.weighted_io_ms)),
    ("iops_in_progress", |disk| Some(disk.in_progress)),
    ("merged_reads", |disk| Some(disk.merged_reads)),
    ("merged_writes", |disk| Some(disk.merged_writes)),
];

pub(super) fn write_disk(node: &Node, points: &mut Points<'_, '_>) {
    for filesystem in &node.filesystems {
        let tags = [
            ("path", &*filesystem.mountpoint),
            ("device", filesystem.device.strip_prefix("/dev/").unwrap_or(&filesystem.device)),
            ("fstype", &*filesystem.fstype),
            ("mode", if filesystem.read_only { "ro" } else { "rw" }),
            ("label", filesystem.label.as_deref().unwrap_or("")),
        ];
        points.point("disk", &tags, |out| {
            integers(out, DISK, filesystem);
            let used = used(filesystem);
            out.float("used_percent", percent(used, used.saturating_add(filesystem.avail_bytes)));
            out.float("inodes_used_percent", percent(inodes_used(filesystem), filesystem.inodes_total));
        });
    }
}

fn used(filesystem: &Filesystem) -> u64 {
    filesystem.total_bytes.saturating_sub(filesystem.free_bytes)
}

fn inodes_used(filesystem: &Filesystem) -> u64 {
    filesystem.inodes_total.saturating_sub(filesystem.inodes_free)
}

pub(super) fn write_diskio(node: &Node, previous: Option<&Node>, points: &mut Points<'_, '_>) {
    for disk in node.disks.iter().filter(|disk| !disk.is_untouched()) {
        let tags = [("name", &*disk.name), ("wwid", disk.wwid.as_deref().unwrap_or(""))];
        points.point("diskio", &tags, |out| {
            integers(out, DISKIO, disk);
            let Some(previous) = previous else { return };
            if let Some(before) = previous.disks.iter().find(|before| before.name == disk.name) {
                let boot_ns = node.taken.boot_ns.saturating_sub(previous.taken.boot_ns);
                write_rates(disk, before, boot_ns as f64 / 1e6, out);
            }
        });
    }
}

/// Mean wait and service time per request, and the share of time in which the device was busy.
/// Nothing when a counter went down: the device is another one.
fn write_rates(now: &Disk, before: &Disk, passed_ms: f64, out: &mut LineWriter<'_>) {
    let requests =
        (now.reads.saturating_add(now.writes)).checked_sub(before.reads.saturating_add(before.writes));
    let waited = (now.read_ms.saturating_add(now.write_ms))
        .checked_sub(before.read_ms.saturating_add(before.write_ms));
    let busy = now.io_ms.checked_sub(before.io_ms);
    let (Some(requests), Some(waited), Some(busy)) = (requests, waited, busy) else { return };
    if requests > 0 {
        out.float("io_await", waited as f64 / requests as f64);
        out.float("io_svctm", busy as f64 / requests as f64);
    }
    if passed_ms > 0.0 {
        out.float("io_util", 100.0 * busy as f64 / passed_ms);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rates(now: &Disk, before: &Disk, passed_ms: f64) -> String {
        let mut out = Vec::new();
        let mut writer = LineWriter::new(&mut out);
        writer.measurement("m");
        write_rates(now, before, passed_ms, &mut writer);
        writer.end(0);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn rates_over_the_time_that_passed() {
        let before = Disk { reads: 10, writes: 10, read_ms: 50, write_ms: 50, io_ms: 40, ..Disk::default() };
        let now = Disk { reads: 14, writes: 16, read_ms: 70, write_ms: 80, io_ms: 60, ..Disk::default() };
        assert_eq!(rates(&now, &before, 200.0), "m io_await=5.0,io_svctm=2.0,io_util=10.0 0\n");
        assert_eq!(rates(&before, &before, 200.0), "m io_util=0.0 0\n");
        assert_eq!(rates(&before, &now, 200.0), "");
        assert_eq!(rates(&now, &before, 0.0), "m io_await=5.0,io_svctm=2.0 0\n");
    }
}
