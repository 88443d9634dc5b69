//! Looks through what an earlier run left. It reads heads alone; bodies are checked when they are sent.

use std::io;
use std::path::{Path, PathBuf};

use super::clock::Now;
use super::quarantine::Quarantine;
use super::record::{HEAD, SegmentHead};
use super::segment::{Found, Segment};

/// A file that is larger was not written by any version of this program.
const MOST_BYTES: u64 = 1 << 30;

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Recovered {
    pub(super) points: u64,
    pub(super) records: u64,
    /// Bytes that are no records, and were set aside.
    pub(super) damaged_bytes: u64,
    /// Segments of another version of this program, or without a head, set aside whole.
    pub(super) set_aside: Vec<PathBuf>,
    /// Segments that the medium does not give back, passed over.
    pub(super) unreadable: Vec<PathBuf>,
    /// One more than the highest number of a record.
    pub(super) next_seq: u64,
    /// One more than the highest number of a segment.
    pub(super) next_file: u64,
}

impl Recovered {
    /// Something was there that cannot be read.
    pub(super) fn is_damaged(&self) -> bool {
        self.damaged_bytes > 0 || !self.set_aside.is_empty() || !self.unreadable.is_empty()
    }

    /// Says in the log what an earlier run left, where it left anything.
    pub(super) fn announce(&self, sink: &str, directory: &Path, is_account_lost: bool, lost_points: u64) {
        let directory = directory.display();
        if self.records > 0 || lost_points > 0 {
            tracing::info!(
                sink,
                %directory,
                records = self.records,
                points = self.points,
                lost_points,
                "spool of an earlier run taken over"
            );
        }
        if self.is_damaged() || is_account_lost {
            tracing::warn!(
                sink,
                %directory,
                quarantined_bytes = self.damaged_bytes,
                quarantined_segments = self.set_aside.len(),
                unreadable_segments = self.unreadable.len(),
                is_account_lost,
                "spool was damaged; what could not be read is in its directory quarantine"
            );
        }
    }
}

pub(super) fn file_name(number: u64) -> String {
    format!("{number:020}.seg")
}

fn number_of(path: &Path) -> Option<u64> {
    if path.extension()? != "seg" {
        return None;
    }
    path.file_stem()?.to_str()?.parse().ok()
}

/// All segments that hold something, in their order. `now` stands for the time of records that do not tell.
pub(super) fn recover(
    directory: &Path,
    boot: u64,
    settled: u64,
    now: Now,
) -> io::Result<(Vec<Segment>, Recovered)> {
    let mut numbered: Vec<(u64, PathBuf)> = Vec::new();
    for entry in std::fs::read_dir(directory)? {
        let path = entry?.path();
        numbered.extend(number_of(&path).map(|number| (number, path)));
    }
    numbered.sort_unstable();
    let mut found = Recovered::default();
    let mut segments = Vec::new();
    for (number, path) in numbered {
        found.next_file = found.next_file.max(number.saturating_add(1));
        let taken = take_in(&path, boot, settled, now, &mut found);
        match taken {
            Ok(segment) => segments.extend(segment),
            Err(error) if is_of_all(&error) => return Err(error),
            // It stays where it is: another run may be able to read it.
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "spool segment cannot be read, and is passed over");
                found.unreadable.push(path);
            }
        }
    }
    Ok((segments, found))
}

/// A failure that says nothing of the one file.
fn is_of_all(error: &io::Error) -> bool {
    use rustix::io::Errno;
    let of_all = [Errno::ROFS, Errno::NOSPC, Errno::DQUOT, Errno::MFILE, Errno::NFILE, Errno::NOMEM];
    Errno::from_io_error(error).is_some_and(|errno| of_all.contains(&errno))
}

/// One segment, where it holds something that is not settled.
fn take_in(
    path: &Path,
    boot: u64,
    settled: u64,
    now: Now,
    found: &mut Recovered,
) -> io::Result<Option<Segment>> {
    let quarantine = Quarantine::below(path.parent().unwrap_or(Path::new("")));
    let (mut segment, head) = Segment::open(path)?;
    // A segment that was created and not yet begun.
    if segment.tail == 0 {
        std::fs::remove_file(path)?;
        return Ok(None);
    }
    let is_ours = segment.tail <= MOST_BYTES
        && match head {
            SegmentHead::Known { boot: written_in } => {
                segment.is_of_this_boot = written_in == boot && boot != 0;
                true
            }
            SegmentHead::OtherVersion(_) => false,
            // Where only its head is broken, the records still say what they are.
            SegmentHead::Unreadable => holds_records(&segment)?,
        };
    if !is_ours {
        found.damaged_bytes += segment.tail;
        set_aside(&quarantine, path, found);
        return Ok(None);
    }
    look_through(&mut segment, &quarantine, settled, now, found)?;
    if segment.records > 0 {
        return Ok(Some(segment));
    }
    std::fs::remove_file(path)?;
    Ok(None)
}

fn set_aside(quarantine: &Quarantine, path: &Path, found: &mut Recovered) {
    // What cannot be moved stays where it is, and is met again next time.
    if let Err(error) = quarantine.take(path) {
        tracing::warn!(path = %path.display(), %error, "spool segment cannot be set aside");
    }
    found.set_aside.push(path.to_owned());
}

fn holds_records(segment: &Segment) -> io::Result<bool> {
    let mut at = HEAD;
    loop {
        match segment.look(at)? {
            Found::Record(..) => return Ok(true),
            Found::Damage { to, .. } => at = to,
            Found::End => return Ok(false),
        }
    }
}

/// Counts what is not settled; what is no record is set aside and covered.
fn look_through(
    segment: &mut Segment,
    quarantine: &Quarantine,
    settled: u64,
    now: Now,
    found: &mut Recovered,
) -> io::Result<()> {
    let mut at = HEAD;
    let mut first = None;
    segment.newest = now;
    loop {
        match segment.look(at)? {
            Found::Record(head, place) => {
                if head.seq != 0 {
                    found.next_seq = found.next_seq.max(head.seq.saturating_add(1));
                    segment.newest = head.written;
                }
                if !head.is_settled && head.seq > settled {
                    first = first.or(Some(place));
                    segment.points += head.points;
                    segment.records += 1;
                }
                at = place + head.whole_length();
            }
            Found::Damage { from, to } => {
                found.damaged_bytes += to - from;
                if let Err(error) = quarantine.copy(&segment.path, &segment.file, from, to) {
                    tracing::warn!(path = %segment.path.display(), %error, "damaged part of a spool segment cannot be set aside");
                }
                if let Err(error) = segment.cover(from, to) {
                    tracing::warn!(path = %segment.path.display(), %error, "damaged part of a spool segment stays in it");
                }
                at = to;
            }
            Found::End => break,
        }
    }
    segment.cursor = first.unwrap_or(segment.tail);
    found.points += segment.points;
    found.records += segment.records;
    Ok(())
}
