//! Positive buckets of a native histogram with integer counts.

use super::fields::{BYTES, VARINT, push_key, push_varint, varint_len, zigzag};
use crate::model::histogram::{BUCKETS, FIRST_INDEX};

/// Positive spans: runs of buckets that hold something. The first offset is the index of the first bucket,
/// each later one the number of empty buckets since the run before.
pub(in crate::encode) fn push_spans(out: &mut Vec<u8>, field: u32, counts: &[u32; BUCKETS]) {
    let (mut place, mut end_of_last) = (0, None);
    while place < BUCKETS {
        if counts[place] == 0 {
            place += 1;
            continue;
        }
        let start = place;
        while place < BUCKETS && counts[place] != 0 {
            place += 1;
        }
        let offset = end_of_last.map_or(FIRST_INDEX + start as i32, |end: usize| (start - end) as i32);
        end_of_last = Some(place);
        let (offset, length) = (zigzag(i64::from(offset)), (place - start) as u64);
        push_key(out, field, BYTES);
        push_varint(out, (2 + varint_len(offset) + varint_len(length)) as u64);
        push_key(out, 1, VARINT);
        push_varint(out, offset);
        push_key(out, 2, VARINT);
        push_varint(out, length);
    }
}

/// Positive deltas: each bucket of the spans against the one before, the first against zero; packed.
pub(in crate::encode) fn push_deltas(out: &mut Vec<u8>, field: u32, counts: &[u32; BUCKETS]) {
    let deltas = || {
        let mut last = 0;
        counts.iter().filter(|&&count| count != 0).map(move |&count| {
            let delta = i64::from(count) - last;
            last = i64::from(count);
            zigzag(delta)
        })
    };
    let len: usize = deltas().map(varint_len).sum();
    if len > 0 {
        push_key(out, field, BYTES);
        push_varint(out, len as u64);
        for delta in deltas() {
            push_varint(out, delta);
        }
    }
}
