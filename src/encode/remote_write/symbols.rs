//! The symbols of one request of version 2: every string once, the empty one first.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;

use super::keys::{Hashed, hash_of};
use crate::encode::wire::{BYTES, push_key, push_varint};

/// `repeated string symbols`, already encoded.
#[derive(Debug)]
pub(super) struct Symbols {
    field: u32,
    encoded: Vec<u8>,
    count: u32,
    by_hash: HashMap<u64, Known, BuildHasherDefault<Hashed>>,
}

#[derive(Clone, Copy, Debug)]
struct Known {
    number: u32,
    start: usize,
    len: usize,
}

impl Symbols {
    /// Encoded as fields of this number.
    pub(super) fn new(field: u32) -> Symbols {
        let mut symbols = Symbols { field, encoded: Vec::new(), count: 0, by_hash: HashMap::default() };
        symbols.clear();
        symbols
    }

    pub(super) fn clear(&mut self) {
        self.encoded.clear();
        self.by_hash.clear();
        self.count = 0;
        self.number(b"");
    }

    /// The number of a string, which is added where it is new.
    pub(super) fn number(&mut self, text: &[u8]) -> u64 {
        let hash = hash_of(text);
        if let Some(known) = self.by_hash.get(&hash)
            && self.encoded[known.start..known.start + known.len] == *text
        {
            return u64::from(known.number);
        }
        push_key(&mut self.encoded, self.field, BYTES);
        push_varint(&mut self.encoded, text.len() as u64);
        let known = Known { number: self.count, start: self.encoded.len(), len: text.len() };
        self.encoded.extend_from_slice(text);
        self.by_hash.insert(hash, known);
        self.count += 1;
        u64::from(known.number)
    }

    pub(super) fn encoded(&self) -> &[u8] {
        &self.encoded
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_string_has_one_number() {
        let mut symbols = Symbols::new(4);
        assert_eq!(
            [&b"pod"[..], b"a", b"", b"pod", b"b", b"a"].map(|text| symbols.number(text)),
            [1, 2, 0, 1, 3, 2]
        );
        assert_eq!(symbols.encoded(), b"\x22\x00\x22\x03pod\x22\x01a\x22\x01b");
        symbols.clear();
        assert_eq!(symbols.number(b"a"), 1);
    }
}
