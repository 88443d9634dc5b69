//! One file of records: written at its tail, read from its front, marked where a record is settled.

use std::fs::{File, OpenOptions};
use std::io::{self, IoSlice};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use rustix::io::{Errno, pwritev};

use super::clock::Now;
use super::record::{HEAD, Head, MARK, SETTLED, SegmentHead};
use crate::sink::parcel::Parcel;

/// How much is looked through at a time for the next record.
const WINDOW: usize = 64 << 10;

/// A segment and where we stand in it.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) path: PathBuf,
    pub(super) file: Arc<File>,
    /// Where the next record goes; what lies beyond is no record.
    pub(super) tail: u64,
    /// Where the next unread record begins, at the earliest.
    pub(super) cursor: u64,
    /// Where the newest record begins.
    pub(super) last: u64,
    /// Of the records that are neither read nor settled.
    pub(super) points: u64,
    pub(super) records: u64,
    /// When the newest record was written, and whether that was during this boot.
    pub(super) newest: Now,
    pub(super) is_of_this_boot: bool,
    /// Nothing more is appended.
    pub(super) is_sealed: bool,
    /// Appended to, and not forced to the medium since.
    pub(super) is_dirty: bool,
}

/// What stands at some place of a segment.
#[derive(Debug)]
pub(super) enum Found {
    Record(Head, u64),
    /// So many bytes, up to the next record or the end, are none.
    Damage {
        from: u64,
        to: u64,
    },
    End,
}

impl Segment {
    pub(super) fn create(path: PathBuf, boot: u64, now: Now) -> io::Result<Segment> {
        let file = OpenOptions::new().read(true).write(true).create_new(true).open(&path)?;
        if let Err(error) = file.write_all_at(&SegmentHead::bytes(boot), 0) {
            drop(file);
            _ = std::fs::remove_file(&path);
            return Err(error);
        }
        Ok(Segment {
            path,
            file: Arc::new(file),
            tail: HEAD,
            cursor: HEAD,
            last: HEAD,
            points: 0,
            records: 0,
            newest: now,
            is_of_this_boot: true,
            is_sealed: false,
            is_dirty: true,
        })
    }

    /// What an earlier run left; it is read from its beginning, and nothing is appended.
    pub(super) fn open(path: &Path) -> io::Result<(Segment, SegmentHead)> {
        let file = OpenOptions::new().read(true).write(true).open(path)?;
        let tail = file.metadata()?.len();
        let mut head = [0; HEAD as usize];
        let read = read_up_to(&file, &mut head, 0)?;
        let segment = Segment {
            path: path.to_owned(),
            file: Arc::new(file),
            tail,
            cursor: HEAD,
            last: HEAD,
            points: 0,
            records: 0,
            newest: Now::default(),
            is_of_this_boot: false,
            is_sealed: true,
            is_dirty: false,
        };
        Ok((segment, SegmentHead::parse(&head[..read])))
    }

    /// Writes one record; what a write that failed left behind is taken away again, or the next run would see it as
    /// damage.
    pub(super) fn append(&mut self, parcel: &Parcel, seq: u64, now: Now) -> io::Result<()> {
        let head = Head::of(parcel, seq, now);
        if let Err(error) = self.write(&head, parcel) {
            // Where this fails, too, the next record is written over it, or it is seen as torn.
            _ = self.file.set_len(self.tail);
            return Err(error);
        }
        self.last = self.tail;
        self.tail += head.whole_length();
        self.points += head.points;
        self.records += 1;
        self.newest = now;
        self.is_dirty = true;
        Ok(())
    }

    /// Head, body and filling by one system call at a known place.
    fn write(&self, head: &Head, parcel: &Parcel) -> io::Result<()> {
        let head_bytes = head.to_bytes();
        let body = parcel.body();
        let filling = &[0; 8][..(head.whole_length() - HEAD) as usize - body.len()];
        let mut parts = [IoSlice::new(&head_bytes), IoSlice::new(&body), IoSlice::new(filling)];
        let mut rest = &mut parts[..];
        let mut at = self.tail;
        while !rest.is_empty() {
            match pwritev(&*self.file, rest, at) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => {
                    at += written as u64;
                    IoSlice::advance_slices(&mut rest, written);
                }
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// What stands at `at`.
    pub(super) fn look(&self, at: u64) -> io::Result<Found> {
        if at >= self.tail {
            return Ok(Found::End);
        }
        let mut bytes = [0; HEAD as usize];
        let read = read_up_to(&self.file, &mut bytes, at)?;
        match Head::parse(&bytes[..read]) {
            Some(head) if at + head.whole_length() <= self.tail => Ok(Found::Record(head, at)),
            _ => Ok(Found::Damage { from: at, to: self.next_head(at)? }),
        }
    }

    /// The body of the record at `at`.
    pub(super) fn body(&self, head: &Head, at: u64) -> io::Result<Bytes> {
        let mut body = vec![0; head.length as usize];
        let read = read_up_to(&self.file, &mut body, at + HEAD)?;
        body.truncate(read);
        Ok(body.into())
    }

    /// The place of the first whole head after the one at `at`, or the tail.
    fn next_head(&self, at: u64) -> io::Result<u64> {
        let mut window = vec![0; WINDOW];
        let mut begin = at + HEAD;
        while begin < self.tail {
            let read = read_up_to(&self.file, &mut window, begin)?;
            let mut place = 0;
            while place + HEAD as usize <= read {
                let found = begin + place as u64;
                let head = Head::parse(&window[place..read]);
                if head.is_some_and(|head| found + head.whole_length() <= self.tail) {
                    return Ok(found);
                }
                place += 8;
            }
            if read < WINDOW {
                break;
            }
            // A head that the window cuts off is whole in the next one.
            begin += place as u64;
        }
        Ok(self.tail)
    }

    /// Makes what lies between a record that counts as settled, so that the next run passes it over.
    pub(super) fn cover(&mut self, from: u64, to: u64) -> io::Result<()> {
        if to == self.tail {
            self.file.set_len(from)?;
            self.tail = from;
            return Ok(());
        }
        self.file.write_all_at(&Head::filler(to - from).to_bytes(), from)
    }
}

/// Marks the record whose head is at `at`.
pub(super) fn mark(file: &File, at: u64) -> io::Result<()> {
    file.write_all_at(&SETTLED, at + MARK)
}

/// Fills `buffer` as far as the file goes.
pub(super) fn read_up_to(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    let mut read = 0;
    while read < buffer.len() {
        match file.read_at(&mut buffer[read..], at + read as u64) {
            Ok(0) => break,
            Ok(more) => read += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(read)
}
