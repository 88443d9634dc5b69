//! A batch as it waits: compressed once, cut apart only to find a line that the server refuses.

use std::io::{Read, Write};

use bytes::Bytes;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

use crate::encode::influx::Batch;

/// A request body and the points in it.
#[derive(Clone, Debug)]
pub(super) struct Parcel {
    body: Bytes,
    gzip: bool,
    points: u64,
}

impl Parcel {
    /// Compressing before waiting makes the queue six to nine times deeper and retries free. Points are counted
    /// here, because the account must hold when the batch is cut apart.
    pub(super) fn new(lines: Bytes, gzip: bool) -> Parcel {
        let batch = Batch::from_lines(lines);
        match gzip.then(|| compress(&batch.lines)).flatten() {
            Some(body) => Parcel { body, gzip: true, points: batch.points },
            None => Parcel { body: batch.lines, gzip: false, points: batch.points },
        }
    }

    pub(super) fn body(&self) -> Bytes {
        self.body.clone()
    }

    pub(super) fn is_gzip(&self) -> bool {
        self.gzip
    }

    pub(super) fn points(&self) -> u64 {
        self.points
    }

    pub(super) fn bytes(&self) -> usize {
        self.body.len()
    }

    /// Two parts with half of the lines each; `None` for a single line.
    pub(super) fn halves(&self) -> Option<[Parcel; 2]> {
        let lines = self.lines()?;
        let half = self.points / 2;
        let cut = memchr::memchr_iter(b'\n', &lines).nth(usize::try_from(half).ok()?.checked_sub(1)?)? + 1;
        let (left, right) = (lines.slice(..cut), lines.slice(cut..));
        Some([left, right].map(|lines| Parcel::new(lines, self.gzip)))
    }

    /// The lines of one measurement and all others; `None` where one of the two has no line.
    pub(super) fn parted_by(&self, measurement: &str) -> Option<[Parcel; 2]> {
        let lines = self.lines()?;
        let (mut of, mut others) = (Vec::new(), Vec::new());
        for line in lines.split_inclusive(|&byte| byte == b'\n') {
            let part = if is_of(line, measurement.as_bytes()) { &mut of } else { &mut others };
            part.extend_from_slice(line);
        }
        if of.is_empty() || others.is_empty() {
            return None;
        }
        Some([others, of].map(|lines| Parcel::new(lines.into(), self.gzip)))
    }

    fn lines(&self) -> Option<Bytes> {
        if !self.gzip {
            return Some(self.body.clone());
        }
        let mut lines = Vec::with_capacity(self.body.len() * 8);
        GzDecoder::new(&self.body[..]).read_to_end(&mut lines).ok()?;
        Some(lines.into())
    }
}

fn compress(lines: &[u8]) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(lines.len() / 6), Compression::fast());
    encoder.write_all(lines).ok()?;
    Some(encoder.finish().ok()?.into())
}

/// True where the line's measurement, unescaped, is `name`.
fn is_of(line: &[u8], name: &[u8]) -> bool {
    let mut name = name.iter();
    let mut bytes = line.iter().peekable();
    while let Some(&byte) = bytes.next() {
        let byte = match (byte, bytes.peek()) {
            (b',' | b' ', _) => return name.next().is_none(),
            (b'\\', Some(&&special @ (b',' | b' '))) => {
                bytes.next();
                special
            }
            _ => byte,
        };
        if name.next() != Some(&byte) {
            return false;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINES: &str = "a v=1i\nb,t=1 v=1i\na,t=2 v=1i\na\\ b v=1i\nab v=1i\n";

    fn text(parcel: &Parcel) -> String {
        String::from_utf8(parcel.lines().unwrap().to_vec()).unwrap()
    }

    #[test]
    fn parts_hold_every_line_once() {
        for gzip in [false, true] {
            let whole = Parcel::new(LINES.into(), gzip);
            let [left, right] = whole.halves().unwrap();
            assert_eq!((left.points(), right.points()), (2, 3));
            assert_eq!(text(&left) + &text(&right), LINES);
            let [others, of] = whole.parted_by("a").unwrap();
            assert_eq!(text(&of), "a v=1i\na,t=2 v=1i\n");
            assert_eq!(text(&others), "b,t=1 v=1i\na\\ b v=1i\nab v=1i\n");
            assert_eq!(whole.parted_by("a b").unwrap()[1].points(), 1);
            assert!(whole.parted_by("c").is_none() && of.parted_by("a").is_none());
            assert!(Parcel::new("a v=1i\n".into(), gzip).halves().is_none());
        }
    }
}
