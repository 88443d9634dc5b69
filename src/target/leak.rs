//! Memory that is kept on request, up to a bound, so that the target lives to tell.

use std::sync::{Mutex, PoisonError};

/// What is never a zero page, so that the kernel has to find memory for it.
const FILLING: u8 = 0x5a;

/// What the allocator and the list of pieces take beside each piece: many tiny ones are bounded, too.
const OVERHEAD: u64 = 48;

/// All that was kept.
#[derive(Debug)]
pub(super) struct Leak {
    limit: u64,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    bytes: u64,
    pieces: Vec<Vec<u8>>,
}

impl Leak {
    pub(super) fn new(limit: u64) -> Leak {
        Leak { limit, kept: Mutex::default() }
    }

    /// Keeps so many bytes; `false` where that would be beyond the bound, or the system has no more.
    pub(super) fn keep(&self, bytes: u64) -> bool {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let after = kept.bytes.saturating_add(bytes).saturating_add(OVERHEAD);
        let mut piece = Vec::new();
        if after > self.limit || piece.try_reserve_exact(bytes as usize).is_err() {
            return false;
        }
        piece.resize(bytes as usize, FILLING);
        kept.pieces.push(piece);
        kept.bytes = after;
        true
    }

    /// With what each piece takes beside itself.
    pub(super) fn bytes(&self) -> u64 {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).bytes
    }

    pub(super) fn free(&self) {
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Kept::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_than_the_bound_is_kept() {
        let leak = Leak::new(200);
        assert!(leak.keep(60) && leak.keep(40) && !leak.keep(40) && !leak.keep(u64::MAX));
        assert_eq!(leak.bytes(), 196);
        leak.free();
        assert!(leak.keep(152) && !leak.keep(0));
    }
}
