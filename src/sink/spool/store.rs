//! All segments of a sink: appended at one end, read at the other, the oldest dropped where there are too many.

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};

use super::clock::{Now, boot};
use super::quarantine::Quarantine;
use super::recover::{Recovered, file_name, recover};
use super::segment::{Found, Segment, mark};
use crate::sink::parcel::Parcel;

/// How much is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub max_bytes: u64,
    pub max_age: Duration,
    pub segment_bytes: u64,
}

/// Why a spool cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    #[error(
        "{path}: {error}; make spool.directory writable for the agent's user and leave room there, or name another one"
    )]
    File { path: PathBuf, error: io::Error },
    #[error("{path} is used by another process; give each agent its own spool.directory")]
    Locked { path: PathBuf },
}

/// How a spool fares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// On disk, what is read and not yet removed included.
    pub bytes: u64,
    pub segments: u64,
    /// Not yet read.
    pub records: u64,
    pub points: u64,
    /// Bytes that were set aside since the start.
    pub quarantined_bytes: u64,
}

/// A record that was read and waits to be settled.
#[derive(Clone, Debug)]
pub(crate) struct Ticket {
    file: Arc<File>,
    place: u64,
    seq: u64,
}

impl Ticket {
    /// Marks the record, so that no later run sends it again.
    pub(crate) fn settle(&self) -> io::Result<()> {
        mark(&self.file, self.place)
    }

    /// The record's number.
    pub(crate) fn seq(&self) -> u64 {
        self.seq
    }
}

/// The open spool of one sink. It blocks, and belongs to one thread.
#[derive(Debug)]
pub struct Store {
    directory: PathBuf,
    limits: Limits,
    segments: VecDeque<Segment>,
    next_seq: u64,
    /// Records up to this number are settled.
    settled: u64,
    next_file: u64,
    boot: u64,
    quarantined_bytes: u64,
    /// Held as long as we live: another process must not write here.
    _lock: Arc<File>,
}

/// Points that were given up, by reason.
pub(super) type Given = Vec<(&'static str, u64)>;

/// A failure of the disk, and what had been given up before it came.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) error: io::Error,
    pub(super) given: Given,
}

impl From<Failed> for io::Error {
    fn from(failed: Failed) -> io::Error {
        failed.error
    }
}

impl Store {
    /// Opens the directory, whatever is in it. Records up to number `settled` are settled, whatever they say.
    pub(super) fn open(
        directory: &Path,
        limits: Limits,
        settled: u64,
        lock: Arc<File>,
    ) -> Result<(Store, Recovered), Trouble> {
        let failed = |error| Trouble::File { path: directory.to_owned(), error };
        let boot = boot();
        let (segments, found) = recover(directory, boot, settled, Now::read()).map_err(failed)?;
        let store = Store {
            directory: directory.to_owned(),
            limits,
            segments: segments.into(),
            next_seq: found.next_seq.max(settled + 1),
            settled,
            next_file: found.next_file.max(1),
            boot,
            quarantined_bytes: found.damaged_bytes,
            _lock: lock,
        };
        Ok((store, found))
    }

    /// Makes the directory ours, as long as the file is open.
    pub(super) fn lock(directory: &Path) -> Result<File, Trouble> {
        let failed = |error| Trouble::File { path: directory.to_owned(), error };
        std::fs::create_dir_all(directory).map_err(failed)?;
        let path = directory.join("lock");
        let lock = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        let lock = lock.map_err(|error| Trouble::File { path: path.clone(), error })?;
        flock(&lock, FlockOperation::NonBlockingLockExclusive).map_err(|_| Trouble::Locked { path })?;
        Ok(lock)
    }

    pub fn stats(&self) -> Stats {
        Stats {
            bytes: self.segments.iter().map(|segment| segment.tail).sum(),
            segments: self.segments.len() as u64,
            records: self.segments.iter().map(|segment| segment.records).sum(),
            points: self.segments.iter().map(|segment| segment.points).sum(),
            quarantined_bytes: self.quarantined_bytes,
        }
    }

    /// Writes one parcel at the end; what had to go for it is returned.
    pub(super) fn append(&mut self, parcel: &Parcel, now: Now) -> Result<Given, Failed> {
        let mut given = Given::new();
        match self.append_for(parcel, now, &mut given) {
            Ok(()) => Ok(given),
            Err(error) => Err(Failed { error, given }),
        }
    }

    fn append_for(&mut self, parcel: &Parcel, now: Now, given: &mut Given) -> io::Result<()> {
        let length = 64 + (parcel.bytes() as u64).next_multiple_of(8);
        let mut bytes: u64 = self.segments.iter().map(|segment| segment.tail).sum();
        while bytes + length > self.limits.max_bytes {
            let Some(oldest) = self.segments.front() else { break };
            // What stays on the disk is found again by the next run, and is not given up.
            remove(oldest)?;
            bytes -= oldest.tail;
            give(given, "spool_full", oldest.points);
            self.segments.pop_front();
        }
        let is_full =
            |segment: &Segment| segment.is_sealed || segment.tail + length > self.limits.segment_bytes;
        if self.segments.back().is_none_or(is_full) {
            self.seal();
            let path = self.directory.join(file_name(self.next_file));
            self.next_file += 1;
            self.segments.push_back(Segment::create(path, self.boot, now)?);
        }
        if let Some(last) = self.segments.back_mut() {
            if let Err(error) = last.append(parcel, self.next_seq, now) {
                // What follows goes into a new file: this one's disk may be the broken one.
                if error.kind() != io::ErrorKind::StorageFull {
                    last.is_sealed = true;
                }
                return Err(error);
            }
            // A number beyond all others may stand in a record that was damaged well.
            self.next_seq = self.next_seq.saturating_add(1);
        }
        Ok(())
    }

    /// Writes a parcel that somebody has in hand, as if it had been read again at once; `None` where others wait
    /// before it.
    pub(super) fn append_in_hand(
        &mut self,
        parcel: &Parcel,
        now: Now,
    ) -> Result<Option<(Given, Ticket)>, Failed> {
        if self.segments.iter().any(|segment| segment.records > 0) {
            return Ok(None);
        }
        let given = self.append(parcel, now)?;
        let Some(last) = self.segments.back_mut() else { return Ok(None) };
        let (file, place, seq) = (Arc::clone(&last.file), last.last, self.next_seq - 1);
        last.cursor = last.tail;
        (last.points, last.records) = (0, 0);
        Ok(Some((given, Ticket { file, place, seq })))
    }

    fn seal(&mut self) {
        if let Some(last) = self.segments.back_mut()
            && !last.is_sealed
        {
            last.is_sealed = true;
        }
    }

    /// The oldest record that was not read; what turned out to be unreadable on the way is returned beside it.
    pub(super) fn next(&mut self) -> Result<(Option<(Parcel, Ticket)>, Given), Failed> {
        let mut given = Given::new();
        match self.next_beside(&mut given) {
            Ok(found) => Ok((found, given)),
            Err(error) => Err(Failed { error, given }),
        }
    }

    fn next_beside(&mut self, given: &mut Given) -> io::Result<Option<(Parcel, Ticket)>> {
        while let Some(segment) = self.segments.front_mut() {
            match segment.look(segment.cursor)? {
                Found::Record(head, place) => {
                    let is_settled = head.is_settled || head.seq <= self.settled;
                    let body = if is_settled { None } else { Some(segment.body(&head, place)?) };
                    segment.cursor = place + head.whole_length();
                    let Some(body) = body else { continue };
                    segment.records = segment.records.saturating_sub(1);
                    // A head that came to light late, behind damage, may say more than was counted.
                    let points = head.points.min(segment.points);
                    segment.points -= points;
                    let parcel = head.parcel(body).filter(|parcel| parcel.points() == points);
                    if let Some(parcel) = parcel {
                        let ticket = Ticket { file: Arc::clone(&segment.file), place, seq: head.seq };
                        return Ok(Some((parcel, ticket)));
                    }
                    give(given, "spool_corrupt", points);
                    self.quarantined_bytes += head.whole_length();
                    set_aside(&self.directory, segment, place, place + head.whole_length());
                    _ = mark(&segment.file, place);
                }
                Found::Damage { from, to } => {
                    self.quarantined_bytes += to - from;
                    set_aside(&self.directory, segment, from, to);
                    segment.cursor = to;
                }
                Found::End => {
                    // What was counted and never met lay in what is damaged.
                    give(given, "spool_corrupt", std::mem::take(&mut segment.points));
                    segment.records = 0;
                    if !segment.is_sealed {
                        break;
                    }
                    remove_or_say(segment);
                    self.segments.pop_front();
                }
            }
        }
        Ok(None)
    }

    /// Drops what is older than it may be.
    pub(super) fn expire(&mut self, now: Now) -> Given {
        let mut given = Given::new();
        let limit = i64::try_from(self.limits.max_age.as_millis()).unwrap_or(i64::MAX);
        // One whose last record is in hand holds up none behind it.
        self.segments.retain(|segment| {
            let is_old = segment.records > 0 && now.since(segment.newest, segment.is_of_this_boot) > limit;
            let is_old = is_old && remove_or_say(segment);
            if is_old {
                give(&mut given, "spool_too_old", segment.points);
            }
            !is_old
        });
        given
    }

    /// Gives up the oldest segment, whose medium does not give it back.
    pub(super) fn abandon_oldest(&mut self) -> Given {
        let mut given = Given::new();
        if let Some(segment) = self.segments.pop_front() {
            give(&mut given, "spool_unreadable", segment.points);
            self.quarantined_bytes += segment.tail;
            if let Err(error) = Quarantine::below(&self.directory).take(&segment.path) {
                tracing::warn!(path = %segment.path.display(), %error, "spool segment cannot be set aside");
            }
        }
        given
    }

    /// Forces what was written to the medium; false where there was nothing.
    pub(super) fn force(&mut self) -> io::Result<bool> {
        let mut is_new = false;
        for segment in self.segments.iter_mut().filter(|segment| segment.is_dirty) {
            segment.file.sync_data()?;
            segment.is_dirty = false;
            is_new = true;
        }
        Ok(is_new)
    }
}

fn give(given: &mut Given, reason: &'static str, points: u64) {
    if points > 0 {
        given.push((reason, points));
    }
}

fn remove(segment: &Segment) -> io::Result<()> {
    match std::fs::remove_file(&segment.path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

fn remove_or_say(segment: &Segment) -> bool {
    if let Err(error) = remove(segment) {
        tracing::warn!(path = %segment.path.display(), %error, "spool segment cannot be removed");
        return false;
    }
    true
}

fn set_aside(directory: &Path, segment: &Segment, from: u64, to: u64) {
    if let Err(error) = Quarantine::below(directory).copy(&segment.path, &segment.file, from, to) {
        tracing::warn!(path = %segment.path.display(), %error, "damaged part of the spool cannot be set aside");
    }
}
