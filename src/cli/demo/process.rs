//! What /proc says of the target: CPU time and resident memory of one process.

use std::fs;
use std::path::{Path, PathBuf};

/// A process by its number.
#[derive(Clone, Debug)]
pub(super) struct Process {
    directory: PathBuf,
    page_bytes: u64,
}

impl Process {
    pub(super) fn new(pid: u32) -> Process {
        Process {
            directory: PathBuf::from(format!("/proc/{pid}")),
            page_bytes: rustix::param::page_size() as u64,
        }
    }

    /// CPU time of the threads that live, in nanoseconds; `None` where the kernel does not tell it.
    ///
    /// Source: Linux `Documentation/scheduler/sched-stats.rst`, `/proc/<pid>/schedstat`: the first number, of one
    /// thread. (`stat` counts hundredths of a second, too coarse for peaks of a tenth.)
    pub(super) fn cpu_ns(&self) -> Option<u64> {
        let threads = fs::read_dir(self.directory.join("task")).ok()?;
        threads.flatten().filter_map(|thread| thread_ns(&thread.path())).reduce(|sum, ns| sum + ns)
    }

    /// Resident memory in bytes.
    ///
    /// Source: proc(5), `statm`: the second number, in pages.
    pub(super) fn resident_bytes(&self) -> Option<u64> {
        let text = fs::read_to_string(self.directory.join("statm")).ok()?;
        Some(text.split_whitespace().nth(1)?.parse::<u64>().ok()? * self.page_bytes)
    }
}

/// `None` also of a thread that has ended since it was listed.
fn thread_ns(directory: &Path) -> Option<u64> {
    fs::read_to_string(directory.join("schedstat")).ok()?.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_that_ended_while_it_was_looked_at_takes_no_other_with_it() {
        let directory = tempfile::tempdir().unwrap();
        for (thread, text) in [("1", Some("20 1 1\n")), ("2", None), ("3", Some("3 0 1\n"))] {
            let thread = directory.path().join("task").join(thread);
            fs::create_dir_all(&thread).unwrap();
            if let Some(text) = text {
                fs::write(thread.join("schedstat"), text).unwrap();
            }
        }
        let process = Process { directory: directory.path().to_owned(), page_bytes: 4096 };
        assert_eq!(process.cpu_ns(), Some(23));
    }

    #[test]
    fn our_own_process_has_both_and_nobody_has_none() {
        let own = Process::new(std::process::id());
        assert!(own.cpu_ns().is_some_and(|ns| ns > 0) && own.resident_bytes().is_some_and(|bytes| bytes > 0));
        let nobody = Process::new(u32::MAX);
        assert_eq!((nobody.cpu_ns(), nobody.resident_bytes()), (None, None));
    }
}
