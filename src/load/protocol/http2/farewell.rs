//! Whether a server said that it goes away. The library tells so of requests that the server did not take; of those
//! that it took and never answered it tells the end of the bytes alone, and k6 counts them under the farewell.
//!
//! Source: RFC 9113, sections 4.1 and 6.8.

const HEAD: usize = 9;
const GOAWAY: u8 = 7;
/// The last stream and the error code.
const PAYLOAD: usize = 8;

/// Follows the frames that come, however they are cut.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Farewell {
    head: [u8; HEAD],
    has_head: usize,
    /// Of the payload of the frame whose head is there.
    left: usize,
    payload: [u8; PAYLOAD],
    has_payload: usize,
    code: Option<u32>,
}

impl Farewell {
    /// The error code; `None` as long as the server stays.
    pub fn code(&self) -> Option<u32> {
        self.code
    }

    /// Bytes that came.
    pub fn take(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if self.has_head < HEAD {
                bytes = fill(&mut self.head, &mut self.has_head, bytes);
                if self.has_head < HEAD {
                    return;
                }
                let [high, middle, low, ..] = self.head;
                self.left = u32::from_be_bytes([0, high, middle, low]) as usize;
                self.has_payload = 0;
            }
            let (payload, rest) = bytes.split_at(bytes.len().min(self.left));
            self.left -= payload.len();
            bytes = rest;
            if self.head[3] == GOAWAY {
                fill(&mut self.payload, &mut self.has_payload, payload);
            }
            if self.left == 0 {
                self.end();
            }
        }
    }

    fn end(&mut self) {
        self.has_head = 0;
        if self.head[3] == GOAWAY && self.has_payload == PAYLOAD {
            let [.., a, b, c, d] = self.payload;
            let code = u32::from_be_bytes([a, b, c, d]);
            // A server that ends in peace says so twice; one that found an error means that.
            if self.code.is_none_or(|before| before == 0) {
                self.code = Some(code);
            }
        }
    }
}

/// Takes what fits; the rest is left.
fn fill<'a>(into: &mut [u8], has: &mut usize, bytes: &'a [u8]) -> &'a [u8] {
    let (taken, rest) = bytes.split_at(bytes.len().min(into.len() - *has));
    into[*has..*has + taken.len()].copy_from_slice(taken);
    *has += taken.len();
    rest
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
        let length = (payload.len() as u32).to_be_bytes();
        [&length[1..], &[kind, 0, 0, 0, 0, 1], payload].concat()
    }

    fn goaway(code: u8) -> Vec<u8> {
        frame(GOAWAY, &[0, 0, 0, 1, 0, 0, 0, code, b'w', b'h', b'y'])
    }

    fn found(bytes: &[u8], step: usize) -> Option<u32> {
        let mut farewell = Farewell::default();
        bytes.chunks(step).for_each(|part| farewell.take(part));
        farewell.code()
    }

    #[test]
    fn a_farewell_is_found_among_other_frames() {
        let before = [frame(4, b""), frame(0, &goaway(3)), frame(1, &[7; 300])].concat();
        for (bytes, code) in [
            (before.clone(), None),
            ([before.clone(), goaway(2), frame(0, b"x")].concat(), Some(2)),
            ([goaway(0), goaway(11)].concat(), Some(11)),
            ([goaway(11), goaway(0)].concat(), Some(11)),
            (goaway(0), Some(0)),
            (frame(GOAWAY, b"short"), None),
            ([frame(GOAWAY, b""), goaway(4)].concat(), Some(4)),
        ] {
            for step in [1, 2, 8, 9, 10, 1000] {
                assert_eq!(found(&bytes, step), code, "{bytes:?} by {step}");
            }
        }
        assert_eq!(found(&goaway(2)[..16], 100), None);
    }

    proptest! {
        #[test]
        fn how_bytes_are_cut_changes_nothing(bytes: Vec<u8>, step in 1_usize..40) {
            prop_assert_eq!(found(&bytes, step), found(&bytes, bytes.len().max(1)));
        }
    }
}
