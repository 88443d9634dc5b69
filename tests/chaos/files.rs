//! The files of a spool as the parent sees them: what the account of all runs says, and how they are damaged.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use podometer::sink::spool::Totals;

use crate::dice::Dice;

/// Where the two copies of the account stand, and how long one is.
const SLOTS: [u64; 2] = [0, 4096];
const SLOT: usize = 64;

/// The account in a sink's directory; `None` where neither copy can be read.
pub(crate) fn read_totals(directory: &Path) -> Option<Totals> {
    let file = File::open(directory.join("totals")).ok()?;
    let copies = SLOTS.iter().filter_map(|&place| {
        let mut slot = [0; SLOT];
        file.read_exact_at(&mut slot, place).ok()?;
        let number = |at: usize| u64::from_le_bytes(slot[8 + at * 8..16 + at * 8].try_into().unwrap());
        let totals = Totals {
            produced: number(1),
            acknowledged: number(2),
            rejected: number(3),
            dropped: number(4),
            settled_seq: number(5),
        };
        let is_whole = slot[..8] == *b"PdTotal1" && slot[60..] == crc32fast::hash(&slot[..60]).to_le_bytes();
        is_whole.then_some((number(0), totals))
    });
    copies.max_by_key(|(written, _)| *written).map(|(_, totals)| totals)
}

/// What happens to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Harm {
    Flip,
    Zero,
    Truncate,
}

/// Damages one segment somewhere; false where there is none.
pub(crate) fn harm_segment(directory: &Path, harm: Harm, dice: &mut Dice) -> bool {
    let segments = segments(directory);
    if segments.is_empty() {
        return false;
    }
    let path = &segments[dice.below(segments.len() as u64) as usize];
    // The child may remove it at any time.
    let Ok(file) = OpenOptions::new().read(true).write(true).open(path) else { return false };
    let length = file.metadata().map_or(0, |found| found.len());
    if length == 0 {
        return false;
    }
    let at = dice.below(length);
    match harm {
        Harm::Flip => flip(&file, at, dice),
        Harm::Zero => file.write_all_at(&vec![0; dice.between(1, 600).min(length - at) as usize], at).is_ok(),
        Harm::Truncate => file.set_len(at).is_ok(),
    }
}

fn segments(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut found: Vec<_> = entries.filter(|path| path.extension().is_some_and(|end| end == "seg")).collect();
    found.sort();
    found
}

/// Flips one to four bits of a byte.
fn flip(file: &File, at: u64, dice: &mut Dice) -> bool {
    let mut byte = [0];
    if file.read_exact_at(&mut byte, at).is_err() {
        return false;
    }
    for _ in 0..dice.between(1, 4) {
        byte[0] ^= 1 << dice.below(8);
    }
    file.write_all_at(&byte, at).is_ok()
}

/// Flips bits in one copy of the account.
pub(crate) fn harm_one_copy(directory: &Path, dice: &mut Dice) -> bool {
    let Ok(file) = OpenOptions::new().read(true).write(true).open(directory.join("totals")) else {
        return false;
    };
    flip(&file, dice.pick(&SLOTS) + dice.below(SLOT as u64), dice)
}

/// Makes both copies unreadable.
pub(crate) fn destroy_totals(directory: &Path, dice: &mut Dice) -> bool {
    let Ok(file) = OpenOptions::new().read(true).write(true).open(directory.join("totals")) else {
        return false;
    };
    if file.metadata().map_or(0, |found| found.len()) == 0 {
        return false;
    }
    if dice.chance(0.5) {
        // Cut within the first copy.
        return file.set_len(dice.between(1, 63)).is_ok();
    }
    SLOTS.iter().all(|place| {
        let mut magic = [0; 8];
        file.read_exact_at(&mut magic, *place).is_err()
            || file.write_all_at(&magic.map(|byte| byte ^ 0x11), *place).is_ok()
    })
}
