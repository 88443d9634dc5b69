//! Cuts encoded points into batches, at line ends only.

use bytes::Bytes;

use crate::encode::Batch;

/// How large a batch may become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub points: usize,
    /// A single longer line is a batch of its own.
    pub bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { points: 5000, bytes: 4 << 20 }
    }
}

impl Batch {
    /// Counts the lines of `lines`; the last may lack its line end.
    pub fn from_lines(lines: Bytes) -> Batch {
        let ends = memchr::memchr_iter(b'\n', &lines).count() as u64;
        let points = ends + u64::from(lines.last().is_some_and(|&byte| byte != b'\n'));
        Batch { body: lines, points }
    }
}

/// Like [`split`] for lines that were counted while they were written: what is one batch is not looked through.
pub(super) fn split_counted(lines: Vec<u8>, points: u64, limits: Limits) -> Vec<Batch> {
    if points > 0 && points <= limits.points as u64 && lines.len() <= limits.bytes {
        return vec![Batch { body: lines.into(), points }];
    }
    split(lines, limits)
}

/// Cuts `lines` into batches. Each owns its bytes, so that a batch given up frees its memory.
pub fn split(lines: Vec<u8>, limits: Limits) -> Vec<Batch> {
    let mut cuts = Vec::new();
    let (mut start, mut points, mut last) = (0, 0, 0);
    for end in memchr::memchr_iter(b'\n', &lines).map(|at| at + 1) {
        if points > 0 && (points >= limits.points || end - start > limits.bytes) {
            cuts.push((start, last, points));
            (start, points) = (last, 0);
        }
        points += 1;
        last = end;
    }
    if points == 0 {
        return Vec::new();
    }
    if cuts.is_empty() {
        let mut lines = lines;
        lines.truncate(last);
        return vec![Batch { body: lines.into(), points: points as u64 }];
    }
    cuts.push((start, last, points));
    let batch = |(start, end, points): (usize, usize, usize)| Batch {
        body: Bytes::copy_from_slice(&lines[start..end]),
        points: points as u64,
    };
    cuts.into_iter().map(batch).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_are_at_line_ends_and_lose_nothing() {
        let text = b"a v=1i 1\nbb v=22i 2\nc v=3i 3\nd v=4i 4\n".to_vec();
        for (points, bytes) in [(1, 1000), (2, 1000), (3, 1000), (100, 1), (100, 20), (100, 1000)] {
            let batches = split(text.clone(), Limits { points, bytes });
            let whole: Vec<u8> = batches.iter().flat_map(|batch| batch.body.to_vec()).collect();
            assert_eq!(whole, text);
            assert_eq!(batches.iter().map(|batch| batch.points).sum::<u64>(), 4);
            assert_eq!(split_counted(text.clone(), 4, Limits { points, bytes }), batches);
            for batch in &batches {
                assert_eq!(Batch::from_lines(batch.body.clone()), *batch);
                assert!(batch.points as usize <= points);
                assert!(batch.body.len() <= bytes || batch.points == 1);
            }
        }
        assert!(split(Vec::new(), Limits::default()).is_empty());
        assert!(split_counted(Vec::new(), 0, Limits::default()).is_empty());
    }
}
