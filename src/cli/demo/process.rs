//! What /proc says of the target: CPU time and resident memory of one process.

use std::fs;
use std::path::PathBuf;

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
        let mut sum = None;
        for thread in fs::read_dir(self.directory.join("task")).ok()? {
            let text = fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
            *sum.get_or_insert(0) += text.split_whitespace().next()?.parse::<u64>().ok()?;
        }
        sum
    }

    /// Resident memory in bytes.
    ///
    /// Source: proc(5), `statm`: the second number, in pages.
    pub(super) fn resident_bytes(&self) -> Option<u64> {
        let text = fs::read_to_string(self.directory.join("statm")).ok()?;
        Some(text.split_whitespace().nth(1)?.parse::<u64>().ok()? * self.page_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_process_has_both_and_nobody_has_none() {
        let own = Process::new(std::process::id());
        assert!(own.cpu_ns().is_some_and(|ns| ns > 0) && own.resident_bytes().is_some_and(|bytes| bytes > 0));
        let nobody = Process::new(u32::MAX);
        assert_eq!((nobody.cpu_ns(), nobody.resident_bytes()), (None, None));
    }
}
