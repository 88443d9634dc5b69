//! Processes by state: one small file for each, so this is read at its own, slower rate.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use super::fault::Fault;
use super::files::Files;
use crate::model::node::Processes;

/// Walks /proc/PID/stat. `None` when no process is visible at all.
pub(super) fn read_processes(procfs: &Path, files: &mut Files) -> Option<Processes> {
    let mut processes = Processes::default();
    // The line up to the number of threads: a name of at most 64 bytes and eighteen numbers.
    let mut buffer = [0; 512];
    for pid in read_pids(procfs).map_err(|fault| files.fault(fault)).ok()? {
        // A process that has ended since the walk began is no fault.
        let Ok(read) = read_start(&procfs.join(pid.to_string()).join("stat"), &mut buffer) else { continue };
        if let Some((state, threads)) = parse_process_stat(&buffer[..read]) {
            processes.count(state, threads);
        }
    }
    (processes.total > 0).then_some(processes)
}

/// The process numbers in /proc, ascending.
pub(super) fn read_pids(procfs: &Path) -> Result<Vec<u32>, Fault> {
    let unreadable = |source| Fault::Unreadable { path: procfs.to_owned(), source };
    let mut pids: Vec<u32> = fs::read_dir(procfs)
        .map_err(unreadable)?
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .collect();
    pids.sort_unstable();
    Ok(pids)
}

fn read_start(path: &Path, buffer: &mut [u8]) -> io::Result<usize> {
    let mut file = File::open(path)?;
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read(&mut buffer[filled..])? {
            0 => break,
            read => filled += read,
        }
    }
    Ok(filled)
}

/// State and number of threads. The name stands in parentheses and may hold any byte, so the last
/// closing one counts. Source: proc_pid_stat(5), fields 3 and 20.
pub fn parse_process_stat(line: &[u8]) -> Option<(char, u64)> {
    let after = line.iter().rposition(|byte| *byte == b')')? + 1;
    let mut words = line[after..].split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let state = char::from(*words.next()?.first()?);
    let threads = std::str::from_utf8(words.nth(16)?).ok()?.parse().ok()?;
    Some((state, threads))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_may_hold_anything() {
        let rest = "1 1 1 0 -1 4194560 100 0 5 0 3 4 0 0 20 0 7 0 300";
        for name in ["(init)", "(a b)", "() S 1 (x)", "(\u{fffd}))"] {
            let line = format!("583 {name} D {rest}");
            assert_eq!(parse_process_stat(line.as_bytes()), Some(('D', 7)), "{name}");
        }
        assert_eq!(parse_process_stat(b"583 (init) D 1 1"), None);
        assert_eq!(parse_process_stat(b""), None);
    }

    #[test]
    fn every_state_has_its_counter() {
        let mut processes = Processes::default();
        for state in "DRSTtZXxIWPq".chars() {
            processes.count(state, 2);
        }
        let expected = Processes {
            blocked: 1,
            running: 1,
            sleeping: 1,
            stopped: 2,
            zombies: 1,
            dead: 2,
            idle: 1,
            paging: 1,
            parked: 1,
            unknown: 1,
            total: 12,
            total_threads: 24,
        };
        assert_eq!(processes, expected);
    }
}
