//! How the body of a response ends, byte by byte where it comes in chunks.
//!
//! Source: RFC 9112, sections 6.3 and 7.1.

/// Where in a body we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Body {
    /// So many bytes are still to come.
    Fixed(u64),
    /// Until the connection is closed.
    UntilClose,
    Chunked(Chunk),
}

/// Where in a chunked body we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Chunk {
    /// In the digits of a length; how many there were.
    Size {
        left: u64,
        digits: u8,
    },
    /// Behind the digits, before the line's end.
    Extension(u64),
    /// Before the LF that ends the length.
    SizeEnd(u64),
    Data(u64),
    /// Before the CR and the LF behind a chunk.
    DataEnd,
    DataEndLf,
    /// At the beginning of a line of the trailer, and within one; how long all of it is so far.
    Trailer {
        length: u32,
    },
    TrailerLine {
        length: u32,
    },
    /// Before the LF of the empty line.
    TrailerEnd,
    End,
}

/// What is wrong with a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed;

/// Longer lengths and trailers are no honest server's.
const MOST_DIGITS: u8 = 15;
const MOST_TRAILER: u32 = 16 << 10;

impl Body {
    pub(super) const CHUNKED: Body = Body::Chunked(Chunk::Size { left: 0, digits: 0 });

    /// Takes bytes of the body from the front of `input`. Returns how many, and whether the body is over; `data` is
    /// given each run of content.
    pub(super) fn take(
        &mut self,
        input: &[u8],
        mut data: impl FnMut(&[u8]),
    ) -> Result<(usize, bool), Malformed> {
        match self {
            Body::Fixed(left) => {
                let taken = input.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                data(&input[..taken]);
                *left -= taken as u64;
                Ok((taken, *left == 0))
            }
            Body::UntilClose => {
                data(input);
                Ok((input.len(), false))
            }
            Body::Chunked(chunk) => chunk.take(input, data),
        }
    }
}

impl Chunk {
    fn take(&mut self, input: &[u8], mut data: impl FnMut(&[u8])) -> Result<(usize, bool), Malformed> {
        let mut at = 0;
        while at < input.len() {
            if let Chunk::Data(left) = *self {
                let rest = &input[at..];
                let taken = rest.len().min(usize::try_from(left).unwrap_or(usize::MAX));
                data(&rest[..taken]);
                at += taken;
                let left = left - taken as u64;
                *self = if left == 0 { Chunk::DataEnd } else { Chunk::Data(left) };
                continue;
            }
            *self = self.next(input[at])?;
            at += 1;
            if *self == Chunk::End {
                return Ok((at, true));
            }
        }
        Ok((at, false))
    }

    fn next(self, byte: u8) -> Result<Chunk, Malformed> {
        let digit = char::from(byte).to_digit(16).map(u64::from);
        Ok(match (self, byte) {
            (Chunk::Size { left, digits }, _) if digits < MOST_DIGITS && digit.is_some() => {
                Chunk::Size { left: left << 4 | digit.unwrap_or_default(), digits: digits + 1 }
            }
            (Chunk::Size { digits: 0, .. }, _) => return Err(Malformed),
            (Chunk::Size { left, .. } | Chunk::Extension(left), b'\r') => Chunk::SizeEnd(left),
            (Chunk::Size { left, .. }, b';' | b' ' | b'\t') => Chunk::Extension(left),
            (Chunk::Extension(left), byte) if byte != b'\n' => Chunk::Extension(left),
            (Chunk::SizeEnd(0), b'\n') => Chunk::Trailer { length: 0 },
            (Chunk::SizeEnd(left), b'\n') => Chunk::Data(left),
            (Chunk::DataEnd, b'\r') => Chunk::DataEndLf,
            (Chunk::DataEndLf, b'\n') => Chunk::Size { left: 0, digits: 0 },
            (Chunk::Trailer { .. }, b'\r') => Chunk::TrailerEnd,
            (Chunk::TrailerEnd, b'\n') => Chunk::End,
            (Chunk::TrailerLine { length }, b'\n') => Chunk::Trailer { length },
            (Chunk::Trailer { length } | Chunk::TrailerLine { length }, _) if length < MOST_TRAILER => {
                Chunk::TrailerLine { length: length + 1 }
            }
            _ => return Err(Malformed),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The content, and what follows the body; by so many bytes at a time.
    fn read(mut body: Body, input: &str, step: usize) -> Result<(String, Option<String>), Malformed> {
        let (mut content, mut at) = (Vec::new(), 0);
        let bytes = input.as_bytes();
        while at < bytes.len() {
            let part = &bytes[at..bytes.len().min(at + step)];
            let (taken, is_over) = body.take(part, |data| content.extend_from_slice(data))?;
            at += taken;
            if is_over {
                let rest = String::from_utf8(bytes[at..].to_vec()).unwrap();
                return Ok((String::from_utf8(content).unwrap(), Some(rest)));
            }
        }
        Ok((String::from_utf8(content).unwrap(), None))
    }

    #[test]
    fn bodies_end_where_they_say() {
        for (body, input, content, rest) in [
            (Body::Fixed(3), "abcdef", "abc", Some("def")),
            (Body::Fixed(9), "abc", "abc", None),
            (Body::UntilClose, "abc", "abc", None),
            (Body::CHUNKED, "3\r\nabc\r\n0\r\n\r\nHTTP", "abc", Some("HTTP")),
            (
                Body::CHUNKED,
                "3;x=\"y\"\r\nabc\r\nA \r\n0123456789\r\n0\r\nT: v\r\nU: w\r\n\r\n",
                "abc0123456789",
                Some(""),
            ),
            (Body::CHUNKED, "3\r\nab", "ab", None),
        ] {
            for step in [1, 2, 3, 100] {
                let read = read(body, input, step).unwrap();
                assert_eq!((read.0.as_str(), read.1.as_deref()), (content, rest), "{input:?} by {step}");
            }
        }
    }

    #[test]
    fn malformed_chunks_are_refused() {
        for input in [
            "\r\n",
            "x\r\n",
            "-1\r\n",
            "3\nabc",
            "3\r\nabcd\r\n",
            "1234567890123456\r\n",
            "0\r\n\rX",
            "3\r\nabc\n",
            "3;a\nb\r\n",
        ] {
            assert_eq!(read(Body::CHUNKED, input, 1), Err(Malformed), "{input:?}");
        }
        let endless = format!("0\r\n{}", "a".repeat(20 << 10));
        assert_eq!(read(Body::CHUNKED, &endless, 100), Err(Malformed));
    }
}
