//! /proc/meminfo and /proc/vmstat.

use super::fault::Unread;
use crate::model::node::{Memory, VmStat};

/// Lines are `Key: value kB`, or without a unit where a number of pages is meant.
pub fn parse_meminfo(text: &str, unread: &mut Unread) -> Memory {
    let mut memory = Memory::default();
    for (index, line) in text.lines().enumerate() {
        let Some((key, rest)) = line.split_once(':') else {
            if !line.is_empty() {
                unread.note(index, line);
            }
            continue;
        };
        let Some(slot) = memory.slot(key) else { continue };
        *slot = parse_amount(rest);
        if slot.is_none() {
            unread.note(index, line);
        }
    }
    memory
}

fn parse_amount(text: &str) -> Option<u64> {
    let mut words = text.split_ascii_whitespace();
    let number: u64 = words.next()?.parse().ok()?;
    match words.next() {
        None => Some(number),
        Some("kB") => number.checked_mul(1024),
        Some(_) => None,
    }
}

/// Lines are `key value`; only the exported keys are read.
pub fn parse_vmstat(text: &str, unread: &mut Unread) -> VmStat {
    let mut vmstat = VmStat::default();
    for (index, line) in text.lines().enumerate() {
        let (key, value) = line.split_once(' ').unwrap_or((line, ""));
        let Some(slot) = vmstat.slot(key) else { continue };
        *slot = value.trim().parse().ok();
        if slot.is_none() {
            unread.note(index, line);
        }
    }
    vmstat
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_bytes_and_a_bad_line_loses_itself_only() {
        let mut unread = Unread::default();
        let text = "MemTotal:       4016556 kB\nMemFree:  x kB\nHugePages_Total:       3\nActive(anon): 1 kB\n\
                    Unheard: 1 kB\nCached: 5 MB\nDirty: 18446744073709551615 kB\nBuffers\n";
        let memory = parse_meminfo(text, &mut unread);
        assert_eq!(memory.mem_total, Some(4_016_556 * 1024));
        assert_eq!(memory.huge_pages_total, Some(3));
        assert_eq!(memory.active_anon, Some(1024));
        assert_eq!((memory.mem_free, memory.cached, memory.dirty), (None, None, None));
        assert_eq!(unread.first, Some((2, "MemFree:  x kB".to_owned())));
        assert_eq!(unread.count, 4);
    }

    #[test]
    fn vmstat_reads_only_what_is_exported() {
        let mut unread = Unread::default();
        let vmstat = parse_vmstat("nr_free_pages x\npgpgin 7\npswpin -1\noom_kill 0\n", &mut unread);
        assert_eq!((vmstat.pgpgin, vmstat.pswpin, vmstat.oom_kill), (Some(7), None, Some(0)));
        assert_eq!(unread.first, Some((3, "pswpin -1".to_owned())));
    }
}
