//! /proc/diskstats.

use procfs::DiskStat;

use super::fault::Unread;
use crate::model::node::Disk;

/// More block devices than a node has; a bound for a file from outside.
const MAX_DISKS: usize = 4096;

/// One row a device. The columns of newer kernels (discards, flushes) may be missing.
pub fn parse_diskstats(text: &str, unread: &mut Unread) -> Vec<Disk> {
    let mut disks = Vec::new();
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        match DiskStat::from_line(line) {
            Ok(stat) if disks.len() < MAX_DISKS => disks.push(disk_from(stat)),
            _ => unread.note(index, line),
        }
    }
    disks
}

fn disk_from(stat: DiskStat) -> Disk {
    Disk {
        name: stat.name.into(),
        major: stat.major as u32,
        minor: stat.minor as u32,
        wwid: None,
        reads: stat.reads,
        merged_reads: stat.merged,
        sectors_read: stat.sectors_read,
        read_ms: stat.time_reading,
        writes: stat.writes,
        merged_writes: stat.writes_merged,
        sectors_written: stat.sectors_written,
        write_ms: stat.time_writing,
        in_progress: stat.in_progress,
        io_ms: stat.time_in_progress,
        weighted_io_ms: stat.weighted_time_in_progress,
        discards: stat.discards,
        merged_discards: stat.discards_merged,
        sectors_discarded: stat.sectors_discarded,
        discard_ms: stat.time_discarding,
        flushes: stat.flushes,
        flush_ms: stat.time_flushing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_and_new_kernels_and_a_torn_line() {
        let mut unread = Unread::default();
        let text = " 254 0 vda 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17\n   8 0 sda 1 2 3 4 5 6 7 8 9 10 11\n\
                    \n 8 1 sda1 1 2 3\n";
        let disks = parse_diskstats(text, &mut unread);
        assert_eq!(disks.len(), 2);
        let vda = &disks[0];
        assert_eq!((vda.major, vda.minor, disks[1].major, disks[1].minor), (254, 0, 8, 0));
        assert_eq!(
            (&*vda.name, vda.reads, vda.merged_reads, vda.sectors_read, vda.read_ms),
            ("vda", 1, 2, 3, 4)
        );
        assert_eq!((vda.writes, vda.merged_writes, vda.sectors_written, vda.write_ms), (5, 6, 7, 8));
        assert_eq!((vda.in_progress, vda.io_ms, vda.weighted_io_ms), (9, 10, 11));
        assert_eq!(
            (vda.discards, vda.merged_discards, vda.sectors_discarded),
            (Some(12), Some(13), Some(14))
        );
        assert_eq!((vda.discard_ms, vda.flushes, vda.flush_ms), (Some(15), Some(16), Some(17)));
        assert_eq!((disks[1].discards, disks[1].flushes), (None, None));
        assert_eq!(unread.first, Some((4, " 8 1 sda1 1 2 3".to_owned())));
    }
}
