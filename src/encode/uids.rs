//! A map by the UID of a pod.
//!
//! UIDs are the API server's and the kubelet's: nobody chooses them, so that the keyed hash of the standard map would
//! guard against nothing.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

pub(in crate::encode) type UidMap<K, V> = HashMap<K, V, BuildHasherDefault<UidHasher>>;

/// Multiplies eight bytes at a time.
#[derive(Debug, Default)]
pub(in crate::encode) struct UidHasher(u64);

impl Hasher for UidHasher {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks();
        for word in words {
            self.write_u64(u64::from_le_bytes(*word));
        }
        for &byte in rest {
            self.write_u8(byte);
        }
    }

    fn write_u8(&mut self, byte: u8) {
        self.write_u64(u64::from(byte));
    }

    fn write_u64(&mut self, number: u64) {
        // The upper half of a product is the well mixed one; rotated, it meets the next word's lower half.
        self.0 = (self.0.rotate_left(32) ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    /// The map looks at the lowest and at the highest bits.
    fn finish(&self) -> u64 {
        self.0 ^ self.0 >> 32
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::hash::Hash;

    use super::*;
    use crate::model::identity::PodUid;

    fn buckets(uids: impl Iterator<Item = String>) -> usize {
        let place = |uid: String| {
            let mut hasher = UidHasher::default();
            PodUid(uid.into()).hash(&mut hasher);
            hasher.finish() % 1024
        };
        uids.map(place).collect::<BTreeSet<_>>().len()
    }

    #[test]
    fn uids_that_differ_little_spread() {
        // 1024 keys that fall by chance leave about a third of 1024 places empty.
        assert!(buckets((0..1024).map(|at| format!("5ab1f3a2-0c1d-4f6e-9d7c-{at:012x}"))) > 550);
        assert!(buckets((0..1024).map(|at| format!("{at:08x}-0c1d-4f6e-9d7c-0123456789ab"))) > 550);
        assert!(buckets((0..1024_u128).map(|at| format!("{:032x}", at << 64))) > 550);
    }
}
