//! A spool without a sink: opened on whatever stands in a directory, read and appended to. For fuzzing; it keeps no
//! books and has no thread.

use std::io;
use std::path::Path;

use bytes::Bytes;

use super::claim::Claim;
use super::clock::Now;
use super::store::{Limits, Stats, Store, Ticket, Trouble};
use super::totals::{Totals, TotalsFile};
use crate::sink::parcel::{Packing, Parcel};

/// The open spool.
#[derive(Debug)]
pub struct Bare {
    store: Store,
    totals: TotalsFile,
    known: Option<Totals>,
}

/// A record that was read and is not settled.
#[derive(Debug)]
pub struct Record {
    pub body: Bytes,
    pub points: u64,
    ticket: Ticket,
}

impl Bare {
    /// As the thread of a sink's spool opens it.
    pub fn open(directory: &Path, limits: Limits) -> Result<Bare, Trouble> {
        let (Claim { lock, known, .. }, totals) = Claim::take(directory)?;
        let (store, _) = Store::open(directory, limits, known.unwrap_or_default().settled_seq, lock)?;
        Ok(Bare { store, totals, known })
    }

    pub fn stats(&self) -> Stats {
        self.store.stats()
    }

    /// What the file `totals` said.
    pub fn totals(&self) -> Option<Totals> {
        self.known
    }

    /// The points that had to go for it.
    pub fn append(&mut self, body: Bytes, points: u64) -> io::Result<u64> {
        let given = self.store.append(&Parcel::kept(body, Packing::Plain, 0, points), Now::read())?;
        let known = self.known.get_or_insert_default();
        known.produced += points;
        Ok(given.iter().map(|(_, points)| points).sum())
    }

    /// The oldest record that was not read, and the points of those that could not be.
    pub fn read(&mut self) -> io::Result<(Option<Record>, u64)> {
        let (found, given) = self.store.next()?;
        let record =
            found.map(|(parcel, ticket)| Record { body: parcel.body(), points: parcel.points(), ticket });
        Ok((record, given.iter().map(|(_, points)| points).sum()))
    }

    /// Marks the record and writes the account, as after an acknowledgement.
    pub fn settle(&mut self, record: &Record) -> io::Result<()> {
        record.ticket.settle()?;
        let before = self.known.unwrap_or_default();
        let now = Totals {
            acknowledged: before.acknowledged + record.points,
            settled_seq: before.settled_seq.max(record.ticket.seq()),
            ..before
        };
        self.known = Some(now);
        self.totals.write(&now)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::segment::Segment;
    use super::*;

    const LIMITS: Limits =
        Limits { max_bytes: 1 << 20, max_age: Duration::from_hours(1), segment_bytes: 1 << 16 };

    /// Two records, the first of them settled, and the account of them; always the same bytes.
    fn write(directory: &Path) {
        let now = Now { wall_ms: 1_790_000_000_000, boot_ms: 5_000 };
        let mut segment = Segment::create(directory.join("segment"), 9, now).unwrap();
        for (seq, body) in [(1, "cpu,host=n1 v=1i 1\n"), (2, "cpu,host=n1 v=2i 2\ncpu,host=n1 v=3i 3\n")] {
            let parcel = Parcel::kept(body.as_bytes().into(), Packing::Plain, 0, body.lines().count() as u64);
            segment.append(&parcel, seq, now).unwrap();
        }
        super::super::segment::mark(&segment.file, 64).unwrap();
        let mut totals = TotalsFile::open(directory).unwrap().0;
        totals.write(&Totals { produced: 3, acknowledged: 1, settled_seq: 1, ..Totals::default() }).unwrap();
    }

    /// What an earlier version left is read by this one: the files are the seeds of fuzz/, and are not made anew with
    /// every change. `UPDATE_GOLDEN=1` does.
    #[test]
    fn the_form_on_disk_is_what_it_was() {
        let directory = tempfile::tempdir().unwrap();
        write(directory.path());
        let seeds = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/seeds/spool_segment"));
        for name in ["segment", "totals"] {
            let written = std::fs::read(directory.path().join(name)).unwrap();
            if std::env::var_os("UPDATE_GOLDEN").is_some() {
                std::fs::create_dir_all(seeds).unwrap();
                std::fs::write(seeds.join(name), &written).unwrap();
            }
            assert!(written == std::fs::read(seeds.join(name)).unwrap(), "{name} is not what the seed holds");
        }
        std::fs::copy(seeds.join("segment"), directory.path().join("00000000000000000001.seg")).unwrap();
        std::fs::copy(seeds.join("totals"), directory.path().join("totals")).unwrap();
        let mut spool = Bare::open(directory.path(), LIMITS).unwrap();
        assert_eq!(spool.totals().map(|totals| totals.queued()), Some(2));
        let (record, lost) = spool.read().unwrap();
        let record = record.unwrap();
        assert_eq!((record.points, lost), (2, 0));
        spool.settle(&record).unwrap();
        drop(spool);
        let spool = Bare::open(directory.path(), LIMITS).unwrap();
        assert_eq!((spool.stats().records, spool.totals().map(|totals| totals.queued())), (0, Some(0)));
    }
}
