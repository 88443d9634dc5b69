//! Batches of lines cut apart, to find the lines that a server refuses.

use bytes::Bytes;

use crate::encode::Batch;

/// Two parts with half of the lines each; `None` for a single line.
pub(super) fn halves(lines: &Bytes, points: u64) -> Option<[Batch; 2]> {
    let half = usize::try_from(points / 2).ok()?;
    let cut = memchr::memchr_iter(b'\n', lines).nth(half.checked_sub(1)?)? + 1;
    Some([lines.slice(..cut), lines.slice(cut..)].map(Batch::from_lines))
}

/// The lines of all other measurements and those of this one; `None` where one of the two has no line.
pub(super) fn parted_by(lines: &Bytes, measurement: &str) -> Option<[Batch; 2]> {
    let (mut of, mut others) = (Vec::new(), Vec::new());
    for line in lines.split_inclusive(|&byte| byte == b'\n') {
        let part = if is_of(line, measurement.as_bytes()) { &mut of } else { &mut others };
        part.extend_from_slice(line);
    }
    if of.is_empty() || others.is_empty() {
        return None;
    }
    Some([others, of].map(|lines| Batch::from_lines(lines.into())))
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

    fn text(batch: &Batch) -> &str {
        std::str::from_utf8(&batch.body).unwrap()
    }

    #[test]
    fn parts_hold_every_line_once() {
        let lines = Bytes::from(LINES);
        let [left, right] = halves(&lines, 5).unwrap();
        assert_eq!((left.points, right.points), (2, 3));
        assert_eq!(text(&left).to_owned() + text(&right), LINES);
        let [others, of] = parted_by(&lines, "a").unwrap();
        assert_eq!(text(&of), "a v=1i\na,t=2 v=1i\n");
        assert_eq!(text(&others), "b,t=1 v=1i\na\\ b v=1i\nab v=1i\n");
        assert_eq!(parted_by(&lines, "a b").unwrap()[1].points, 1);
        assert!(parted_by(&lines, "c").is_none() && parted_by(&of.body, "a").is_none());
        assert!(halves(&Bytes::from("a v=1i\n"), 1).is_none());
    }
}
