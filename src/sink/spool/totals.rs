//! The account of all runs, in a file that survives a kill: what the next run needs to say how much was lost.
//!
//! It is written on every change, twice, each time into a page of its own: a write that was torn, or a bit that
//! flipped, costs one of the two. A write to the page cache takes about a microsecond and needs no fsync to
//! survive the end of the process.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

const MAGIC: [u8; 8] = *b"PdTotal1";
const SLOT: usize = 64;
/// No run gets this far: who says so is not believed, whatever its checksum.
const MOST: u64 = 1 << 62;
/// Where the two stand.
const PLACES: [u64; 2] = [0, 4096];

/// Points, over all runs that shared the directory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    pub produced: u64,
    pub acknowledged: u64,
    pub rejected: u64,
    pub dropped: u64,
    /// The number of the last record that is settled: they are settled in their order, and a mark in a record may
    /// break with its page.
    pub settled_seq: u64,
}

impl Totals {
    /// What must still be somewhere.
    pub fn queued(&self) -> u64 {
        self.produced.saturating_sub(self.acknowledged + self.rejected + self.dropped)
    }
}

/// The file `totals`.
#[derive(Debug)]
pub(in crate::sink) struct TotalsFile {
    file: Arc<File>,
    written: u64,
}

impl TotalsFile {
    /// Opens or makes the file; `None` in place of the totals where neither of the two can be read.
    pub(in crate::sink) fn open(directory: &Path) -> io::Result<(TotalsFile, Option<Totals>)> {
        let path = directory.join("totals");
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        let is_new = file.metadata()?.len() == 0;
        let mut newest: Option<(u64, Totals)> = None;
        for place in PLACES {
            let mut slot = [0; SLOT];
            if file.read_exact_at(&mut slot, place).is_ok()
                && let Some(read) = parse(&slot)
                && newest.is_none_or(|(written, _)| written < read.0)
            {
                newest = Some(read);
            }
        }
        let totals = if is_new { Some(Totals::default()) } else { newest.map(|(_, totals)| totals) };
        let file = Arc::new(file);
        Ok((TotalsFile { file, written: newest.map_or(0, |(written, _)| written) }, totals))
    }

    /// To be forced to the medium by somebody who may wait for it.
    pub(super) fn file(&self) -> Arc<File> {
        Arc::clone(&self.file)
    }

    pub(in crate::sink) fn write(&mut self, totals: &Totals) -> io::Result<()> {
        self.written += 1;
        let slot = to_bytes(self.written, totals);
        for place in PLACES {
            self.file.write_all_at(&slot, place)?;
        }
        Ok(())
    }
}

fn to_bytes(written: u64, totals: &Totals) -> [u8; SLOT] {
    let mut out = [0; SLOT];
    out[..8].copy_from_slice(&MAGIC);
    let Totals { produced, acknowledged, rejected, dropped, settled_seq } = *totals;
    let numbers = [written, produced, acknowledged, rejected, dropped, settled_seq];
    for (place, number) in numbers.into_iter().enumerate() {
        out[8 + place * 8..16 + place * 8].copy_from_slice(&number.to_le_bytes());
    }
    let crc = crc32fast::hash(&out[..60]);
    out[60..].copy_from_slice(&crc.to_le_bytes());
    out
}

fn parse(slot: &[u8; SLOT]) -> Option<(u64, Totals)> {
    if slot[..8] != MAGIC || slot[60..] != crc32fast::hash(&slot[..60]).to_le_bytes() {
        return None;
    }
    let number = |place: usize| u64::from_le_bytes(std::array::from_fn(|at| slot[8 + place * 8 + at]));
    if (0..6).any(|place| number(place) >= MOST) {
        return None;
    }
    let totals = Totals {
        produced: number(1),
        acknowledged: number(2),
        rejected: number(3),
        dropped: number(4),
        settled_seq: number(5),
    };
    Some((number(0), totals))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_the_two_may_break() {
        let directory = tempfile::tempdir().unwrap();
        let totals = Totals { produced: 10, acknowledged: 4, rejected: 1, dropped: 2, settled_seq: 5 };
        let (mut file, found) = TotalsFile::open(directory.path()).unwrap();
        assert_eq!(found, Some(Totals::default()));
        file.write(&Totals { produced: 9, ..totals }).unwrap();
        file.write(&totals).unwrap();
        assert_eq!(totals.queued(), 3);
        let path = directory.path().join("totals");
        let whole = std::fs::read(&path).unwrap();
        for (from, length, expected) in
            [(0, 64, Some(totals)), (4096, 64, Some(totals)), (17, 1, Some(totals)), (0, whole.len(), None)]
        {
            let mut broken = whole.clone();
            broken[from..from + length].iter_mut().for_each(|byte| *byte ^= 0x10);
            std::fs::write(&path, &broken).unwrap();
            assert_eq!(TotalsFile::open(directory.path()).unwrap().1, expected, "{from}+{length}");
        }
        std::fs::write(&path, &whole[..100]).unwrap();
        assert_eq!(TotalsFile::open(directory.path()).unwrap().1, Some(totals), "cut off");
        std::fs::write(&path, to_bytes(1, &Totals { settled_seq: u64::MAX, ..totals })).unwrap();
        assert_eq!(TotalsFile::open(directory.path()).unwrap().1, None, "not to be believed");
    }
}
