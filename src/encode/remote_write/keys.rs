//! Which series were written: one 64-bit hash each, so that 75,000 series take a megabyte.
//!
//! Two of a million series share a hash once in 37 million snapshots; then one of them is not written.

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};

use crate::encode::prometheus::Row;

/// The series that were written at one time.
pub(super) type Keys = HashSet<u64, BuildHasherDefault<Hashed>>;

/// The hash of a row: its name, the unit's labels and its own. The same row gives the same hash in every snapshot.
pub(super) fn key_of(name: &str, row: &Row<'_>) -> u64 {
    let mut hash = mix(hash_of(name.as_bytes()), hash_of(row.labels));
    for (name, value) in row.extra {
        hash = mix(hash, hash_of(name.as_bytes()));
        hash = mix(hash, hash_of(value.as_bytes()));
    }
    hash
}

/// Eight bytes at a time; the length tells `a` from `a\0`.
pub(super) fn hash_of(bytes: &[u8]) -> u64 {
    let mut hash = mix(SEED, bytes.len() as u64);
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        hash = mix(hash, u64::from_le_bytes(*word));
    }
    if !rest.is_empty() {
        let mut word = [0; 8];
        word[..rest.len()].copy_from_slice(rest);
        hash = mix(hash, u64::from_le_bytes(word));
    }
    hash
}

const SEED: u64 = 0x243f_6a88_85a3_08d3;
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

/// A multiplication of which both halves count: every bit of the inputs moves half of the bits of the result.
fn mix(hash: u64, word: u64) -> u64 {
    let product = u128::from(hash.rotate_left(23) ^ word ^ SEED) * u128::from(FACTOR);
    (product as u64) ^ (product >> 64) as u64
}

/// Keys are hashes already.
#[derive(Clone, Debug, Default)]
pub(super) struct Hashed(u64);

impl Hasher for Hashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = mix(self.0, hash_of(bytes));
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_of_likely_names_differ() {
        let mut hashes = Keys::default();
        let mut names = 0;
        for pod in 0..1000 {
            for window in ["", "15s", "1m", "1h"] {
                for name in ["cpu_usage", "cpu_usage_seconds"] {
                    let labels = format!("deployment-7d9c5b6f8-{pod:05}");
                    let extra = [("window", window)];
                    let row = Row {
                        labels: labels.as_bytes(),
                        extra: &extra,
                        stamp: None,
                        created: None,
                        classic: false,
                    };
                    hashes.insert(key_of(name, &row));
                    names += 1;
                }
            }
        }
        assert_eq!(hashes.len(), names);
        assert_ne!(hash_of(b"a"), hash_of(b"a\0"));
        assert_ne!(hash_of(b""), hash_of(b"\0\0\0\0\0\0\0\0"));
    }
}
