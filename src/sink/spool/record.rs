//! The head of a record and of a segment: pure.
//!
//! All numbers are little-endian. A record is its head of 64 bytes, its body, and zeros up to a multiple of 8, so
//! that a reader who lost his place finds the next head at such a multiple. The mark at the end of the head is the
//! one thing that changes later: it says that the record is settled, and a flipped bit or two does not change what
//! it says.

use super::clock::Now;
use crate::sink::parcel::{Packing, Parcel};

/// Length of both heads.
pub(super) const HEAD: u64 = 64;
/// Place of the mark within a record's head.
pub(super) const MARK: u64 = 56;
/// What the mark says of a record that is settled.
pub(super) const SETTLED: [u8; 8] = [0xff; 8];

/// A head that tells of more points is none of ours: no batch comes near, and sums of them stay sums.
const MOST_POINTS: u64 = u32::MAX as u64;

const RECORD: [u8; 4] = *b"PdRc";
const SEGMENT: [u8; 8] = *b"PdSpool\n";
/// The form of all of this; another one is set aside.
pub(super) const VERSION: u32 = 1;

/// What a record's head says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) seq: u64,
    pub(super) points: u64,
    pub(super) written: Now,
    /// Length of the body.
    pub(super) length: u32,
    body_crc: u32,
    packing: u8,
    form: u8,
    pub(super) is_settled: bool,
}

impl Head {
    pub(super) fn of(parcel: &Parcel, seq: u64, written: Now) -> Head {
        let body = parcel.body();
        Head {
            seq,
            points: parcel.points(),
            written,
            length: body.len() as u32,
            body_crc: crc32fast::hash(&body),
            packing: parcel.packing().code(),
            form: parcel.form(),
            is_settled: false,
        }
    }

    /// Covers `length` bytes that could not be read, so that they are passed over from now on.
    pub(super) fn filler(length: u64) -> Head {
        Head {
            seq: 0,
            points: 0,
            written: Now::default(),
            length: (length - HEAD) as u32,
            body_crc: 0,
            packing: 0,
            form: 0,
            is_settled: true,
        }
    }

    /// With the body and what fills it up.
    pub(super) fn whole_length(&self) -> u64 {
        HEAD + u64::from(self.length).next_multiple_of(8)
    }

    pub(super) fn to_bytes(self) -> [u8; HEAD as usize] {
        let mut out = [0; HEAD as usize];
        out[..4].copy_from_slice(&RECORD);
        out[8..16].copy_from_slice(&self.seq.to_le_bytes());
        out[16..24].copy_from_slice(&self.points.to_le_bytes());
        out[24..32].copy_from_slice(&self.written.wall_ms.to_le_bytes());
        out[32..40].copy_from_slice(&self.written.boot_ms.to_le_bytes());
        out[40..44].copy_from_slice(&self.length.to_le_bytes());
        out[44..48].copy_from_slice(&self.body_crc.to_le_bytes());
        out[48] = self.packing;
        out[49] = self.form;
        let crc = crc32fast::hash(&out[8..MARK as usize]);
        out[4..8].copy_from_slice(&crc.to_le_bytes());
        if self.is_settled {
            out[MARK as usize..].copy_from_slice(&SETTLED);
        }
        out
    }

    /// `None` where these bytes are no whole head.
    pub(super) fn parse(bytes: &[u8]) -> Option<Head> {
        let bytes = bytes.first_chunk::<{ HEAD as usize }>()?;
        if bytes[..4] != RECORD || bytes[4..8] != crc32fast::hash(&bytes[8..MARK as usize]).to_le_bytes() {
            return None;
        }
        let word = |at: usize| u64::from_le_bytes(std::array::from_fn(|place| bytes[at + place]));
        (word(16) <= MOST_POINTS).then(|| Head {
            seq: word(8),
            points: word(16),
            written: Now { wall_ms: word(24) as i64, boot_ms: word(32) as i64 },
            length: word(40) as u32,
            body_crc: (word(40) >> 32) as u32,
            packing: bytes[48],
            form: bytes[49],
            is_settled: word(MARK as usize).count_ones() > 32,
        })
    }

    /// The parcel; `None` where the body is not what was written.
    pub(super) fn parcel(&self, body: bytes::Bytes) -> Option<Parcel> {
        if body.len() != self.length as usize || crc32fast::hash(&body) != self.body_crc {
            return None;
        }
        Some(Parcel::kept(body, Packing::from_code(self.packing)?, self.form, self.points))
    }
}

/// What a segment's head says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SegmentHead {
    /// Written during this boot of the machine.
    Known {
        boot: u64,
    },
    /// A form that this program does not read.
    OtherVersion(u32),
    Unreadable,
}

impl SegmentHead {
    pub(super) fn bytes(boot: u64) -> [u8; HEAD as usize] {
        let mut out = [0; HEAD as usize];
        out[..8].copy_from_slice(&SEGMENT);
        out[8..12].copy_from_slice(&VERSION.to_le_bytes());
        out[16..24].copy_from_slice(&boot.to_le_bytes());
        let crc = crc32fast::hash(&out[..60]);
        out[60..].copy_from_slice(&crc.to_le_bytes());
        out
    }

    pub(super) fn parse(bytes: &[u8]) -> SegmentHead {
        let Some(bytes) = bytes.first_chunk::<{ HEAD as usize }>() else { return SegmentHead::Unreadable };
        if bytes[..8] != SEGMENT || bytes[60..] != crc32fast::hash(&bytes[..60]).to_le_bytes() {
            return SegmentHead::Unreadable;
        }
        match u32::from_le_bytes([bytes[8], bytes[9], bytes[10], bytes[11]]) {
            VERSION => {
                let boot = u64::from_le_bytes(std::array::from_fn(|place| bytes[16 + place]));
                SegmentHead::Known { boot }
            }
            other => SegmentHead::OtherVersion(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::encode::Batch;

    fn parcel(body: &[u8]) -> Parcel {
        Parcel::pack(Batch { body: body.to_vec().into(), points: 7 }, Packing::Plain, 3)
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back_and_a_flipped_bit_shows(
            body in prop::collection::vec(any::<u8>(), 0..200), seq: u64, wall_ms: i64, boot_ms: i64, bit: usize,
        ) {
            let parcel = parcel(&body);
            let head = Head::of(&parcel, seq, Now { wall_ms, boot_ms });
            let mut bytes = head.to_bytes();
            prop_assert_eq!(Head::parse(&bytes), Some(head));
            let back = head.parcel(parcel.body()).unwrap();
            prop_assert_eq!((back.points(), back.form(), back.body()), (7, 3, parcel.body()));
            let bit = bit % (HEAD as usize * 8);
            bytes[bit / 8] ^= 1 << (bit % 8);
            // A flip in the mark changes nothing, one elsewhere makes the head unreadable.
            let expected = (bit >= MARK as usize * 8).then_some(head);
            prop_assert_eq!(Head::parse(&bytes), expected);
            if !body.is_empty() {
                let mut other = body.clone();
                let at = bit % (body.len() * 8);
                other[at / 8] ^= 1 << (at % 8);
                prop_assert!(head.parcel(other.into()).is_none());
            }
        }
    }

    #[test]
    fn settled_survives_flips_and_fillers_cover() {
        let mut bytes = Head::of(&parcel(b"x"), 1, Now::default()).to_bytes();
        bytes[MARK as usize..].copy_from_slice(&SETTLED);
        bytes[60] ^= 0x18;
        assert!(Head::parse(&bytes).unwrap().is_settled);
        let filler = Head::parse(&Head::filler(1000).to_bytes()).unwrap();
        assert!(filler.is_settled && filler.points == 0 && filler.whole_length() == 1000);
        let many = Head { points: MOST_POINTS + 1, ..Head::of(&parcel(b"x"), 1, Now::default()) };
        assert_eq!(Head::parse(&many.to_bytes()), None, "a right checksum makes nothing true");
        assert_eq!(SegmentHead::parse(&SegmentHead::bytes(9)), SegmentHead::Known { boot: 9 });
        let mut other = SegmentHead::bytes(9);
        other[30] ^= 1;
        assert_eq!(SegmentHead::parse(&other), SegmentHead::Unreadable);
    }
}
