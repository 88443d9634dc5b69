//! Which series were written: one 64-bit hash each, so that 75,000 series take a megabyte.
//!
//! Two of a million series share a hash once in 37 million snapshots; then one of them is not written.

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};

use crate::encode::prometheus::Row;

/// The series that were written at one time.
pub(super) type Keys = HashSet<u64, BuildHasherDefault<Hashed>>;

/// The hash of a row: its name, the hash of the unit's labels, and its own. The same row gives the same hash in every
/// snapshot.
pub(super) fn key_of(name: u64, labels: u64, row: &Row<'_>) -> u64 {
    let mut hash = mix(name, labels);
    for (name, value) in row.extra {
        hash = mix(hash, hash_of(name.as_bytes()));
        hash = mix(hash, hash_of(value.as_bytes()));
    }
    hash
}

/// Two times sixteen bytes at a time, whose multiplications do not wait for each other; the length tells `a` from `a\0`.
pub(super) fn hash_of(bytes: &[u8]) -> u64 {
    let (mut left, mut right) = (SEED ^ bytes.len() as u64, FACTOR);
    let (blocks, rest) = bytes.as_chunks::<32>();
    for block in blocks {
        left = take_in(left, &block[..16]);
        right = take_in(right, &block[16..]);
    }
    let (first, second) = rest.split_at(rest.len().min(16));
    left = take_in(left, first);
    if !second.is_empty() {
        right = take_in(right, second);
    }
    mix(left, right)
}

/// Up to sixteen bytes; those that are missing count as 0.
fn take_in(hash: u64, bytes: &[u8]) -> u64 {
    let mut block = [0; 16];
    block[..bytes.len()].copy_from_slice(bytes);
    let (words, _) = block.as_chunks::<8>();
    let [low, high] = [0, 1].map(|place| u64::from_le_bytes(words[place]));
    fold(low ^ hash, high ^ FACTOR.rotate_left(32))
}

const SEED: u64 = 0x243f_6a88_85a3_08d3;
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

fn mix(hash: u64, word: u64) -> u64 {
    fold(hash.rotate_left(23) ^ word ^ SEED, FACTOR)
}

/// A multiplication of which both halves count: every bit of the inputs moves half of the bits of the result.
fn fold(one: u64, other: u64) -> u64 {
    let product = u128::from(one) * u128::from(other);
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
                    hashes.insert(key_of(hash_of(name.as_bytes()), hash_of(row.labels), &row));
                    names += 1;
                }
            }
        }
        assert_eq!(hashes.len(), names);
        assert_ne!(hash_of(b"a"), hash_of(b"a\0"));
        assert_ne!(hash_of(b""), hash_of(b"\0\0\0\0\0\0\0\0"));
    }
}
