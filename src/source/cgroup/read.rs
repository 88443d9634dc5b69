//! Reads one file of one cgroup into its values, through a held descriptor where the budget allows.

use std::os::fd::AsFd;

use rustix::io::Errno;

use super::files::{self, HELD, HELD_FILE_BYTES, Outcome, held_place};
use super::parse;
use super::parsers::{PageSize, Parsers};
use super::scan::bit;
use super::tree::Tree;
use crate::model::field::{Field, File, Limit, Values};
use crate::model::unit::{Hugetlb, IoDevice, PeakMethod};

/// The result of reading one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Read {
    pub outcome: Outcome,
    /// Lines that could not be parsed.
    pub faults: u32,
}

impl Read {
    const ABSENT: Read = Read { outcome: Outcome::Unsupported, faults: 0 };
}

impl Tree {
    /// Reads one file of the entry in `slot` into `values`. A file that the cgroup does not have is left out
    /// without a system call, its fields absent. Of a cgroup that is gone the last values stay: they are its
    /// final truth.
    pub fn read(&mut self, slot: u32, file: File, values: &mut Values) -> Read {
        let Some(outcome) = self.fill(slot, file) else {
            values.clear_file(file);
            return Read::ABSENT;
        };
        let Outcome::Read(length) = outcome else {
            if outcome != Outcome::Vanished {
                values.clear_file(file);
            }
            return Read { outcome, faults: 0 };
        };
        let root = usize::from(self.hot[slot as usize].is_root);
        let Parsers { maps, buffer } = &mut self.parsers;
        let text = &buffer[..length];
        let faults = match file {
            File::CpuStat
            | File::MemoryStat
            | File::MemoryEvents
            | File::MemoryEventsLocal
            | File::MemorySwapEvents
            | File::PidsEvents
            | File::CgroupStat
            | File::CgroupEvents => parse::parse_flat(text, file, &mut maps[root][file as usize], values),
            File::CpuPressure | File::MemoryPressure | File::IoPressure => {
                parse::parse_pressure(text, file, values)
            }
            File::CpuMax => parse::parse_cpu_max(text, values),
            File::IoStat => 0,
            _ => parse::parse_single(text, file, values),
        };
        Read { outcome, faults }
    }

    /// As [`Tree::read`] for a flat-keyed file, but parses only up to the line of `last`; later fields stay as they
    /// were.
    pub fn read_until(&mut self, slot: u32, last: Field, values: &mut Values) -> Read {
        let file = last.file();
        match self.fill(slot, file) {
            Some(Outcome::Read(length)) => {
                let root = usize::from(self.hot[slot as usize].is_root);
                let Parsers { maps, buffer } = &mut self.parsers;
                let map = &mut maps[root][file as usize];
                let faults = parse::parse_flat_until(&buffer[..length], last, map, values);
                Read { outcome: Outcome::Read(length), faults }
            }
            Some(Outcome::Vanished) => Read { outcome: Outcome::Vanished, faults: 0 },
            other => {
                values.clear_file(file);
                Read { outcome: other.unwrap_or(Outcome::Unsupported), faults: 0 }
            }
        }
    }

    /// Reads `io.stat` of the entry in `slot`.
    pub fn read_io(&mut self, slot: u32, devices: &mut Vec<IoDevice>) -> Read {
        match self.fill(slot, File::IoStat) {
            Some(Outcome::Read(length)) => {
                let faults = parse::parse_io_stat(&self.parsers.buffer[..length], devices);
                Read { outcome: Outcome::Read(length), faults }
            }
            other => {
                devices.clear();
                Read { outcome: other.unwrap_or(Outcome::Unsupported), faults: 0 }
            }
        }
    }

    /// Reads the hugetlb files of the entry in `slot`, one row per page size of the tree.
    pub fn read_hugetlb(&mut self, slot: u32, rows: &mut Vec<Hugetlb>) {
        if rows.len() != self.page_sizes.len() {
            rows.clear();
            let row = |size: &PageSize| Hugetlb { page_size: size.name.clone(), ..Hugetlb::default() };
            rows.extend(self.page_sizes.iter().map(row));
        }
        for place in 0..rows.len().min(self.page_sizes.len()) {
            let read = |tree: &mut Tree, what: usize| {
                let size = std::mem::take(&mut tree.page_sizes[place].files[what]);
                let outcome = tree.open_and_read(slot, &size);
                tree.page_sizes[place].files[what] = size;
                match outcome {
                    Outcome::Read(length) => length,
                    _ => 0,
                }
            };
            let length = read(self, 0);
            let current = parse::parse_limit(&self.parsers.buffer[..length]);
            rows[place].current = match current {
                Some(Limit::At(bytes)) => Some(bytes),
                _ => None,
            };
            let length = read(self, 1);
            rows[place].max = parse::parse_limit(&self.parsers.buffer[..length]);
            let length = read(self, 2);
            rows[place].events_max = parse::parse_key(&self.parsers.buffer[..length], b"max");
        }
    }

    /// The kernel's memory watermark since the last call through this tree, and from now on anew. `None` where
    /// the kernel (before 6.12) or the mount (read-only) does not allow that.
    pub fn take_peak(&mut self, slot: u32) -> Option<u64> {
        if self.peak_method == Some(PeakMethod::Sampled) || !self.is_kernel {
            return None;
        }
        let place = held_place(File::MemoryPeak)?;
        if !self.has(slot, File::MemoryPeak) {
            return None;
        }
        let hot = self.hot.get_mut(slot as usize)?;
        if hot.held.get(place).is_none() {
            let entry = self.entries.get_mut(slot as usize)?.as_mut()?;
            if entry.peak_tried || !self.budget.has_room() {
                return None;
            }
            entry.peak_tried = true;
            let opened = files::open_peak(entry.dir.as_fd());
            let reset = opened.and_then(|fd| rustix::io::write(&fd, b"r").map(|_| fd));
            match reset {
                Ok(fd) => {
                    self.peak_method = Some(PeakMethod::Kernel);
                    hot.held.hold(place, fd, &mut self.budget);
                    return None;
                }
                Err(Errno::NOENT | Errno::NODEV) => return None,
                Err(_) => {
                    self.peak_method = Some(PeakMethod::Sampled);
                    return None;
                }
            }
        }
        let fd = hot.held.get(place)?;
        let Outcome::Read(length) = files::read_whole(fd, &mut self.parsers.buffer) else { return None };
        let mut value = Values::default();
        parse::parse_single(&self.parsers.buffer[..length], File::MemoryPeak, &mut value);
        rustix::io::write(fd, b"r").ok()?;
        value.get(Field::MemoryPeak)
    }

    /// The held descriptor of a file, for comparing what a pass costs with the bare system calls.
    pub fn held_fd(&self, slot: u32, file: File) -> Option<std::os::fd::BorrowedFd<'_>> {
        self.hot.get(slot as usize)?.held.get(held_place(file)?)
    }

    /// True when `cgroup.events` says `populated 0` or can no longer be read.
    pub(super) fn is_empty_now(&mut self, slot: u32) -> bool {
        match self.open_and_read(slot, File::CgroupEvents.name()) {
            Outcome::Read(length) => {
                parse::parse_key(&self.parsers.buffer[..length], b"populated") == Some(0)
            }
            Outcome::Vanished => true,
            _ => false,
        }
    }

    /// Kernel memory that the held files pin, in bytes.
    pub fn held_kernel_bytes(&self) -> u64 {
        self.budget.held as u64 * HELD_FILE_BYTES
    }

    /// Brings the file's text into the buffer; `None` when the cgroup does not have the file.
    fn fill(&mut self, slot: u32, file: File) -> Option<Outcome> {
        let hot = self.hot.get(slot as usize)?;
        if hot.files & bit(file) == 0 {
            return None;
        }
        // memory.peak is held for resets only; its lifetime value needs a descriptor of its own.
        let place = held_place(file).filter(|_| file != File::MemoryPeak);
        if let Some(fd) = place.and_then(|place| hot.held.get(place)) {
            let outcome = files::read_whole(fd, &mut self.parsers.buffer);
            if outcome == Outcome::Vanished {
                self.suspect();
            }
            return Some(outcome);
        }
        let entry = self.entries.get(slot as usize)?.as_ref()?;
        let outcome = match files::open_at(entry.dir.as_fd(), file.name()) {
            Ok(fd) => {
                let outcome = files::read_whole(fd.as_fd(), &mut self.parsers.buffer);
                if let (Some(place), Outcome::Read(_)) = (place, outcome) {
                    self.keep(slot, place, fd);
                }
                outcome
            }
            Err(error) => files::outcome_of(error),
        };
        match outcome {
            // Only a listing can bring the file back; until then it costs nothing.
            Outcome::Unsupported => {
                self.hot[slot as usize].files &= !bit(file);
            }
            Outcome::Vanished => self.suspect(),
            _ => {}
        }
        Some(outcome)
    }

    fn open_and_read(&mut self, slot: u32, name: &str) -> Outcome {
        let Some(entry) = self.entry(slot) else { return Outcome::Vanished };
        match files::open_at(entry.dir.as_fd(), name) {
            Ok(fd) => files::read_whole(fd.as_fd(), &mut self.parsers.buffer),
            Err(error) => files::outcome_of(error),
        }
    }

    /// Holds `fd` if the budget allows, if need be in place of a less valuable file of another cgroup.
    fn keep(&mut self, slot: u32, place: usize, fd: std::os::fd::OwnedFd) {
        self.stats.reopened_files += u64::from(!self.budget.has_room());
        if !self.budget.has_room() && !self.make_room(place) {
            return;
        }
        self.hot[slot as usize].held.hold(place, fd, &mut self.budget);
    }

    /// Closes the held file that is read least often, if any is read less often than those at `place`.
    ///
    /// Passes are cyclic, so among files of one rate the least recently used is always the next one needed:
    /// evicting it would keep nothing. Eviction therefore goes by rate, then by age in the pass order.
    fn make_room(&mut self, place: usize) -> bool {
        for victim in (place + 1..HELD.len()).rev() {
            for hot in &mut self.hot {
                if hot.held.get(victim).is_some() {
                    hot.held.close(victim, &mut self.budget);
                    return true;
                }
            }
        }
        false
    }
}
