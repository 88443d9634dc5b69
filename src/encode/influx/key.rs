//! Names of fields that are known when the program is compiled.

use super::number;

/// A field name that needs no escaping, checked when the program is compiled; made by `plain_key!`.
///
/// It is held as `,name=` with room for a number behind it: a copy of a length that the compiler knows is a few
/// stores, and the number is then written into its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    pub(super) framed: [u8; Key::LONGEST + number::ROOM],
    pub(super) length: usize,
}

/// The [`Key`] of a literal name.
macro_rules! plain_key {
    ($name:literal) => {
        $crate::encode::influx::Key::new(concat!(",", $name, "="))
    };
}
pub(crate) use plain_key;

impl Key {
    /// The longest name with its frame.
    const LONGEST: usize = 40;

    /// # Panics
    /// While compiling, where it stands in a constant: where the name is empty, too long or holds a character
    /// that needs care.
    pub const fn new(name: &'static str) -> Key {
        let bytes = name.as_bytes();
        assert!(bytes.len() > 2, "a name is not empty");
        assert!(bytes.len() <= Key::LONGEST, "a name leaves room for its number");
        assert!(bytes[0] == b',' && bytes[bytes.len() - 1] == b'=', "a name stands between , and =");
        let mut framed = [0; Key::LONGEST + number::ROOM];
        let mut at = 0;
        while at < bytes.len() {
            if at > 0 && at < bytes.len() - 1 {
                assert!(bytes[at] > b' ' && bytes[at] < 0x7f, "a plain name is printable ASCII");
                assert!(!matches!(bytes[at], b',' | b'=' | b'\\' | b'"'), "a plain name needs no escaping");
            }
            framed[at] = bytes[at];
            at += 1;
        }
        Key { framed, length: bytes.len() }
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.framed[..self.length]
    }
}
