//! One cgroup's files: held descriptors for the few that are read all the time, one-shot opens for the rest.
//!
//! A cgroup file that was read once pins about 4.7 kB of kernel memory until it is closed (its seq_file page),
//! so held files are counted against a budget. See [`Budget`].

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use crate::model::field::File;

/// Kernel memory that one held and read cgroup file pins, in bytes. Measured: slab growth over 6000 held
/// files of Linux 6.18 was 4.5 to 4.9 kB each.
pub const HELD_FILE_BYTES: u64 = 4700;

/// Files that are worth a held descriptor, the most often read first.
pub const HELD: [File; 4] = [File::CpuStat, File::MemoryCurrent, File::MemoryStat, File::MemoryPeak];

/// Largest file that is read. Real ones are below 64 kB; a larger one is not a cgroup file.
pub const MAX_FILE_BYTES: usize = 1 << 20;

/// What a read came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// This many bytes are in the buffer.
    Read(usize),
    /// The cgroup or the file is gone: life, not an error.
    Vanished,
    /// This kernel or this cgroup does not serve the file (EINVAL, EOPNOTSUPP).
    Unsupported,
    /// The file is larger than [`MAX_FILE_BYTES`].
    TooLarge,
    /// The kernel refused (EACCES, EIO, ...).
    Refused(Errno),
}

/// How many files may be held open.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    pub held: usize,
    pub limit: usize,
}

impl Budget {
    pub fn new(limit: usize) -> Budget {
        Budget { held: 0, limit }
    }

    pub fn has_room(&self) -> bool {
        self.held < self.limit
    }
}

/// The held descriptors of one cgroup, by place in [`HELD`].
#[derive(Debug, Default)]
pub struct HeldFiles {
    slots: [Option<OwnedFd>; HELD.len()],
}

impl HeldFiles {
    pub fn get(&self, place: usize) -> Option<BorrowedFd<'_>> {
        self.slots.get(place)?.as_ref().map(AsFd::as_fd)
    }

    pub fn hold(&mut self, place: usize, fd: OwnedFd, budget: &mut Budget) {
        if self.slots[place].replace(fd).is_none() {
            budget.held += 1;
        }
    }

    /// Closes the least valuable held file and returns its place; `keep` places at the front are never taken.
    pub fn give_up(&mut self, keep: usize, budget: &mut Budget) -> Option<usize> {
        let place = (keep..HELD.len()).rev().find(|&place| self.slots[place].is_some())?;
        self.slots[place] = None;
        budget.held -= 1;
        Some(place)
    }

    pub fn close(&mut self, place: usize, budget: &mut Budget) {
        if self.slots[place].take().is_some() {
            budget.held -= 1;
        }
    }

    pub fn close_all(&mut self, budget: &mut Budget) {
        for place in 0..HELD.len() {
            self.close(place, budget);
        }
    }
}

/// Where in [`HELD`] a file stands.
pub fn held_place(file: File) -> Option<usize> {
    HELD.iter().position(|&held| held == file)
}

/// Opens a file below a cgroup directory for reading.
pub fn open_at(dir: BorrowedFd<'_>, name: &str) -> Result<OwnedFd, Errno> {
    rustix::fs::openat(dir, name, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())
}

/// Opens memory.peak so that its watermark can be reset through the descriptor (Linux 6.12).
pub fn open_peak(dir: BorrowedFd<'_>) -> Result<OwnedFd, Errno> {
    rustix::fs::openat(dir, File::MemoryPeak.name(), OFlags::RDWR | OFlags::CLOEXEC, Mode::empty())
}

/// Reads a whole file from offset 0 into `buffer`, which grows at need and is never shrunk.
pub fn read_whole(fd: BorrowedFd<'_>, buffer: &mut Vec<u8>) -> Outcome {
    let mut filled = 0;
    loop {
        match rustix::io::pread(fd, &mut buffer[filled..], filled as u64) {
            Ok(read) => {
                filled += read;
                // A kernel file comes whole unless the buffer or its own page was too small.
                if read == 0 || (filled < buffer.len() && filled < 4096) {
                    return Outcome::Read(filled);
                }
            }
            Err(Errno::INTR) => continue,
            Err(error) => return outcome_of(error),
        }
        if filled == buffer.len() {
            if filled >= MAX_FILE_BYTES {
                return Outcome::TooLarge;
            }
            buffer.resize(buffer.len() * 2, 0);
        }
    }
}

/// Sorts an errno into life, lack of support, and refusal.
pub fn outcome_of(error: Errno) -> Outcome {
    match error {
        Errno::NOENT | Errno::NODEV | Errno::NOTDIR => Outcome::Vanished,
        Errno::INVAL | Errno::OPNOTSUPP => Outcome::Unsupported,
        error => Outcome::Refused(error),
    }
}

/// Raises the soft limit of open files to the hard one and returns it.
pub fn raise_open_file_limit() -> io::Result<u64> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum })?;
    Ok(limit.maximum.unwrap_or(u64::MAX))
}
