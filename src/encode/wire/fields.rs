//! Fields: a key, and a varint, eight bytes, or bytes with their length.
//!
//! Source: protobuf.dev, "Encoding".

use std::ops::Range;

pub(in crate::encode) const VARINT: u32 = 0;
const DOUBLE: u32 = 1;
pub(in crate::encode) const BYTES: u32 = 2;
const FOUR_BYTES: u32 = 5;

#[inline]
pub(in crate::encode) fn push_key(out: &mut Vec<u8>, field: u32, wire: u32) {
    push_varint(out, u64::from(field << 3 | wire));
}

#[inline]
pub(in crate::encode) fn push_varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

pub(in crate::encode) fn varint_len(number: u64) -> usize {
    (64 - (number | 1).leading_zeros() as usize).div_ceil(7)
}

pub(in crate::encode) fn zigzag(number: i64) -> u64 {
    (number << 1 ^ number >> 63) as u64
}

pub(in crate::encode) fn push_double(out: &mut Vec<u8>, field: u32, number: f64) {
    push_key(out, field, DOUBLE);
    out.extend_from_slice(&number.to_le_bytes());
}

/// For field numbers below 16, whose key is one byte.
pub(in crate::encode) fn push_string(out: &mut Vec<u8>, field: u32, text: &str) {
    push_key(out, field, BYTES);
    push_varint(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

/// The length of a string's field whose number is below 16.
pub(in crate::encode) fn string_len(text: &str) -> usize {
    1 + varint_len(text.len() as u64) + text.len()
}

/// The fields of a message in their order; ends early where the message is broken.
#[derive(Clone, Debug)]
pub(in crate::encode) struct Fields<'a> {
    message: &'a [u8],
    at: usize,
}

/// One field of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::encode) struct Field<'a> {
    pub(in crate::encode) number: u32,
    /// Where the whole field stands in the message, key and length included.
    pub(in crate::encode) range: Range<usize>,
    /// The bytes of a string, of bytes or of a message; the encoded number of any other field.
    pub(in crate::encode) content: &'a [u8],
}

impl<'a> Fields<'a> {
    pub(in crate::encode) fn of(message: &'a [u8]) -> Fields<'a> {
        Fields { message, at: 0 }
    }

    /// True once every byte was read: the message is whole.
    pub(in crate::encode) fn is_done(&self) -> bool {
        self.at == self.message.len()
    }

    fn read(&self) -> Option<Field<'a>> {
        let (key, mut start) = read_varint(self.message, self.at)?;
        let end = match key as u32 & 7 {
            VARINT => read_varint(self.message, start)?.1,
            DOUBLE => start + 8,
            FOUR_BYTES => start + 4,
            BYTES => {
                let (length, content) = read_varint(self.message, start)?;
                start = content;
                start.checked_add(usize::try_from(length).ok()?)?
            }
            _ => return None,
        };
        let content = self.message.get(start..end)?;
        Some(Field { number: u32::try_from(key >> 3).ok()?, range: self.at..end, content })
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Field<'a>;

    fn next(&mut self) -> Option<Field<'a>> {
        let field = self.read()?;
        self.at = field.range.end;
        Some(field)
    }
}

/// A varint and where it ends.
fn read_varint(message: &[u8], start: usize) -> Option<(u64, usize)> {
    let mut number = 0;
    for (place, &byte) in message.get(start..)?.iter().enumerate().take(10) {
        number |= u64::from(byte & 0x7f) << (7 * place);
        if byte < 0x80 {
            return Some((number, start + place + 1));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read() {
        let mut message = Vec::new();
        push_key(&mut message, 1, VARINT);
        push_varint(&mut message, u64::MAX);
        push_double(&mut message, 17, 0.5);
        push_string(&mut message, 3, "abc");
        let mut fields = Fields::of(&message);
        let read: Vec<(u32, usize, Vec<u8>)> =
            fields.by_ref().map(|field| (field.number, field.range.len(), field.content.to_vec())).collect();
        assert!(fields.is_done());
        let max = [vec![0xff; 9], vec![1]].concat();
        let half = 0.5f64.to_le_bytes().to_vec();
        assert_eq!(read, [(1, 11, max), (17, 10, half), (3, 5, b"abc".to_vec())]);
    }

    #[test]
    fn a_broken_message_ends_and_is_not_done() {
        for broken in
            [&b"\x0a\x05abc"[..], b"\x0a", b"\x0b\x00", b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"]
        {
            let mut fields = Fields::of(broken);
            assert_eq!(fields.by_ref().count(), 0, "{broken:?}");
            assert!(!fields.is_done());
        }
    }

    #[test]
    fn lengths_are_those_of_what_is_written() {
        for number in [0, 1, 127, 128, 16_383, 16_384, u64::from(u32::MAX), u64::MAX] {
            let mut out = Vec::new();
            push_varint(&mut out, number);
            assert_eq!(out.len(), varint_len(number), "{number}");
            assert_eq!(read_varint(&out, 0), Some((number, out.len())));
        }
        assert_eq!([0, -1, 1, i64::MIN].map(zigzag), [0, 1, 2, u64::MAX]);
    }
}
