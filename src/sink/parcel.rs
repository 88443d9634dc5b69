//! A batch as it waits: compressed once, unpacked only to be cut apart.

use std::io::{Read, Write};

use bytes::Bytes;
use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;

use crate::encode::Batch;

/// A batch that unpacks to more than this is not ours.
const MAX_UNPACKED: u64 = 256 << 20;

/// How a body is compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Packing {
    #[default]
    Plain,
    Gzip,
    /// One block without frames, as Prometheus' remote write has it.
    Snappy,
}

impl Packing {
    /// The number that stands for it in the spool.
    pub(super) const fn code(self) -> u8 {
        match self {
            Packing::Plain => 0,
            Packing::Gzip => 1,
            Packing::Snappy => 2,
        }
    }

    pub(super) const fn from_code(code: u8) -> Option<Packing> {
        match code {
            0 => Some(Packing::Plain),
            1 => Some(Packing::Gzip),
            2 => Some(Packing::Snappy),
            _ => None,
        }
    }

    /// The value of `Content-Encoding`.
    pub(super) const fn encoding(self) -> Option<&'static str> {
        match self {
            Packing::Plain => None,
            Packing::Gzip => Some("gzip"),
            Packing::Snappy => Some("snappy"),
        }
    }
}

/// A request body and the points in it.
#[derive(Clone, Debug)]
pub(crate) struct Parcel {
    body: Bytes,
    packing: Packing,
    /// Which of its protocol's forms the body has, such as the unit of its times: what waits may be older than
    /// the configuration.
    form: u8,
    points: u64,
}

impl Parcel {
    /// Compressing before waiting makes the queue six to nine times deeper and retries free. What cannot be
    /// compressed waits plain.
    pub(crate) fn pack(batch: Batch, packing: Packing, form: u8) -> Parcel {
        let packed = match packing {
            Packing::Plain => None,
            Packing::Gzip => gzip(&batch.body),
            Packing::Snappy => snap::raw::Encoder::new().compress_vec(&batch.body).ok(),
        };
        // What waits holds no more memory than it is counted as: the room was for the worst that could be.
        let packed = packed.map(|body| Bytes::from(body.into_boxed_slice()));
        match packed {
            Some(body) => Parcel { body, packing, form, points: batch.points },
            None => Parcel { body: batch.body, packing: Packing::Plain, form, points: batch.points },
        }
    }

    /// A parcel as the spool kept it.
    pub(super) fn kept(body: Bytes, packing: Packing, form: u8, points: u64) -> Parcel {
        Parcel { body, packing, form, points }
    }

    pub(super) fn body(&self) -> Bytes {
        self.body.clone()
    }

    pub(super) fn packing(&self) -> Packing {
        self.packing
    }

    pub(super) fn form(&self) -> u8 {
        self.form
    }

    pub(super) fn points(&self) -> u64 {
        self.points
    }

    pub(super) fn bytes(&self) -> usize {
        self.body.len()
    }

    /// What was packed; `None` where the body does not unpack.
    pub(crate) fn unpacked(&self) -> Option<Bytes> {
        match self.packing {
            Packing::Plain => Some(self.body.clone()),
            Packing::Gzip => {
                let mut plain = Vec::with_capacity(self.body.len() * 8);
                MultiGzDecoder::new(&self.body[..]).take(MAX_UNPACKED).read_to_end(&mut plain).ok()?;
                Some(plain.into())
            }
            Packing::Snappy => {
                let length = snap::raw::decompress_len(&self.body).ok()?;
                if length as u64 > MAX_UNPACKED {
                    return None;
                }
                snap::raw::Decoder::new().decompress_vec(&self.body).ok().map(Bytes::from)
            }
        }
    }

    /// Parts of this parcel, packed alike. Together they must hold its points.
    pub(super) fn parts(&self, parts: [Batch; 2]) -> [Parcel; 2] {
        parts.map(|part| Parcel::pack(part, self.packing, self.form))
    }
}

fn gzip(plain: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(plain.len() / 6), Compression::fast());
    encoder.write_all(plain).ok()?;
    encoder.finish().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_packed_unpacks() {
        let body = Bytes::from("m v=1i 1\n".repeat(1000));
        for packing in [Packing::Plain, Packing::Gzip, Packing::Snappy] {
            let parcel = Parcel::pack(Batch { body: body.clone(), points: 1000 }, packing, 0);
            assert_eq!(parcel.packing(), packing);
            assert!(packing == Packing::Plain || parcel.bytes() < body.len() / 4);
            assert_eq!(parcel.unpacked().as_ref(), Some(&body));
            assert_eq!(Packing::from_code(packing.code()), Some(packing));
        }
        let broken = Parcel::kept(Bytes::from_static(b"\xff\xff\xff\xff\x7fx"), Packing::Snappy, 0, 1);
        assert!(broken.unpacked().is_none());
        assert!(Parcel::kept(Bytes::from_static(b"no gzip"), Packing::Gzip, 0, 1).unpacked().is_none());
    }
}
