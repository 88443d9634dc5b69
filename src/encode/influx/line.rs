//! Writes line protocol into a buffer, one point at a time.
//!
//! Telegraf's rules: u64 is written as `i` and clamped to i64::MAX, NaN and infinities are left out, empty tag
//! values are left out, trailing backslashes of names and tag values are cut. Source: contracts, "Wire detail".
//! What a name or tag value holds that the parsers of InfluxDB 1, InfluxDB 3 and VictoriaMetrics would not
//! read back alike is replaced, see [`escape`]. A point never spans lines, whatever strings come.

use super::key::Key;
use super::number::{append_float, append_signed, append_unsigned, write_integer};

/// What the timestamps of points count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    #[default]
    Ns,
    Us,
    Ms,
    S,
}

impl Precision {
    /// Nanoseconds per unit.
    pub const fn nanoseconds(self) -> i64 {
        match self {
            Precision::Ns => 1,
            Precision::Us => 1_000,
            Precision::Ms => 1_000_000,
            Precision::S => 1_000_000_000,
        }
    }

    /// The value of the `precision` parameter: v1 and v2 differ in the word for microseconds.
    pub const fn parameter(self, v2: bool) -> &'static str {
        match self {
            Precision::Ns => "ns",
            Precision::Us if v2 => "us",
            Precision::Us => "u",
            Precision::Ms => "ms",
            Precision::S => "s",
        }
    }
}

/// Appends points to a buffer. A point without fields is taken back whole.
#[derive(Debug)]
pub struct LineWriter<'a> {
    out: &'a mut Vec<u8>,
    common: &'a [u8],
    precision: Precision,
    start: usize,
    /// Where the tags end: what stands there becomes the space before the first field.
    head: usize,
    /// Time and line end of the last point: all points of an instant have the same.
    line_end: Vec<u8>,
    wall_ns: i64,
    /// The point cannot be written: its measurement has no name.
    nameless: bool,
    /// Points completed so far.
    pub points: u64,
}

impl<'a> LineWriter<'a> {
    pub fn new(out: &'a mut Vec<u8>) -> LineWriter<'a> {
        LineWriter::with(out, &[], Precision::Ns)
    }

    /// A writer that adds `common`, already escaped `,tag=value` pairs, to each point it begins by
    /// [`LineWriter::measurement`], and writes times in `precision`.
    pub fn with(out: &'a mut Vec<u8>, common: &'a [u8], precision: Precision) -> LineWriter<'a> {
        let start = out.len();
        let mut writer = LineWriter {
            out,
            common,
            precision,
            start,
            head: start,
            line_end: Vec::new(),
            wall_ns: 0,
            nameless: false,
            points: 0,
        };
        writer.set_time(0);
        writer
    }

    /// Begins a point. A leading `#` would make it a comment and becomes `_`.
    pub fn measurement(&mut self, name: &str) {
        self.begin();
        match name.strip_prefix('#') {
            Some(rest) => {
                self.out.push(b'_');
                escape(self.out, rest, b", ");
            }
            None => escape(self.out, name, b", "),
        }
        self.nameless = self.out.len() == self.start;
        self.framed_tags(self.common);
    }

    /// Begins a point from an already escaped `measurement,tag=value,...` prefix.
    pub fn prefix(&mut self, prefix: &[u8]) {
        self.begin();
        self.framed_tags(prefix);
    }

    /// A point that was begun and never ended is taken back.
    fn begin(&mut self) {
        self.out.truncate(self.start);
        self.head = self.start;
        self.nameless = false;
    }

    /// Adds a tag; must come before the first field. An empty key, an empty value and the reserved key
    /// `time` are left out.
    pub fn tag(&mut self, key: &str, value: &str) {
        debug_assert_eq!(self.out.len(), self.head, "tag {key} after a field");
        append_tag(self.out, key, value);
        self.head = self.out.len();
    }

    /// Adds tags that are escaped already, as [`append_tag`] writes them.
    pub fn framed_tags(&mut self, tags: &[u8]) {
        self.out.extend_from_slice(tags);
        self.head = self.out.len();
    }

    pub fn integer(&mut self, key: &str, value: u64) {
        if self.key(key) {
            self.unsigned(value);
        }
    }

    /// Like [`LineWriter::integer`] for a name that is known to need no escaping.
    #[inline]
    pub fn plain_integer(&mut self, key: &Key, value: u64) {
        let number = self.out.len() + key.length;
        self.out.extend_from_slice(&key.framed);
        write_integer(self.out, number, readable(value), b'i');
    }

    /// Like [`LineWriter::integer`] for a name that is escaped already and stands between `,` and `=`.
    pub fn framed_integer(&mut self, key: &[u8], value: u64) {
        self.out.extend_from_slice(key);
        self.unsigned(value);
    }

    pub fn signed(&mut self, key: &str, value: i64) {
        if self.key(key) {
            append_signed(self.out, value, b'i');
        }
    }

    pub fn float(&mut self, key: &str, value: f64) {
        if value.is_finite() && self.key(key) {
            append_float(self.out, value);
        }
    }

    /// Like [`LineWriter::float`] for a name that is known to need no escaping.
    pub fn plain_float(&mut self, key: &Key, value: f64) {
        if value.is_finite() {
            self.out.extend_from_slice(key.as_bytes());
            append_float(self.out, value);
        }
    }

    pub fn text(&mut self, key: &str, value: &str) {
        if !self.key(key) {
            return;
        }
        self.out.push(b'"');
        for byte in value.bytes() {
            match byte {
                b'"' | b'\\' => self.out.extend_from_slice(&[b'\\', byte]),
                control if is_control(control) => self.out.push(b' '),
                _ => self.out.push(byte),
            }
        }
        self.out.push(b'"');
    }

    pub fn boolean(&mut self, key: &str, value: bool) {
        if self.key(key) {
            self.out.extend_from_slice(if value { b"true" } else { b"false" });
        }
    }

    /// Ends the point with its time in nanoseconds since the epoch.
    pub fn end(&mut self, wall_ns: i64) {
        match self.out.get_mut(self.head) {
            Some(separator) if !self.nameless => *separator = b' ',
            _ => return self.begin(),
        }
        if self.wall_ns != wall_ns {
            self.set_time(wall_ns);
        }
        self.out.extend_from_slice(&self.line_end);
        self.points += 1;
        self.start = self.out.len();
        self.head = self.start;
    }

    /// Ends the writing; a point that was begun and never ended is taken back.
    pub fn finish(mut self) {
        self.begin();
    }

    fn unsigned(&mut self, value: u64) {
        append_unsigned(self.out, readable(value), b'i');
    }

    fn set_time(&mut self, wall_ns: i64) {
        self.wall_ns = wall_ns;
        self.line_end.clear();
        self.line_end.push(b' ');
        append_signed(&mut self.line_end, wall_ns.div_euclid(self.precision.nanoseconds()), b'\n');
    }

    /// Begins a field; false where the key is empty or reserved and the field must be left out.
    fn key(&mut self, key: &str) -> bool {
        let before = self.out.len();
        self.out.push(b',');
        escape(self.out, key, b",= ");
        let is_usable = is_usable(&self.out[before + 1..]);
        if is_usable {
            self.out.push(b'=');
        } else {
            self.out.truncate(before);
        }
        is_usable
    }
}

/// What is above `i64::MAX` could not be read back.
fn readable(value: u64) -> u64 {
    value.min(i64::MAX as u64)
}

/// Whether a name, as it is escaped, may be that of a tag or a field.
fn is_usable(name: &[u8]) -> bool {
    !name.is_empty() && name != b"time"
}

/// Appends `,key=value`, or nothing where one of them is empty or the key is the reserved `time`.
pub fn append_tag(out: &mut Vec<u8>, key: &str, value: &str) {
    let before = out.len();
    out.push(b',');
    escape(out, key, b",= ");
    let is_usable = is_usable(&out[before + 1..]);
    out.push(b'=');
    let text = out.len();
    escape(out, value, b",= ");
    if !is_usable || out.len() == text {
        out.truncate(before);
    }
}

/// Appends `text` with each of `special` escaped by a backslash.
///
/// Control characters become spaces. Trailing backslashes are cut. A backslash before a special character or
/// before another backslash becomes `/`: InfluxDB 1 reads `\\,` as an escaped comma, VictoriaMetrics and
/// InfluxDB 3 as a backslash and the end of the value. Any other backslash (`dev-disk-by\x2duuid`) stays.
pub fn escape(out: &mut Vec<u8>, text: &str, special: &[u8]) {
    let text = text.trim_end_matches('\\').as_bytes();
    if !text.iter().any(|&byte| NEEDS_CARE[usize::from(byte)]) {
        out.extend_from_slice(text);
        return;
    }
    for (at, &byte) in text.iter().enumerate() {
        match byte {
            b'\\' if text.get(at + 1).is_some_and(|&next| is_delicate(next)) => out.push(b'/'),
            control if is_control(control) => push_escaped(out, b' ', special),
            _ => push_escaped(out, byte, special),
        }
    }
}

/// By byte: whether [`escape`] does anything about it. Every name is looked through, and nearly all are plain.
static NEEDS_CARE: [bool; 256] = {
    let mut bytes = [false; 256];
    let mut byte = 0;
    while byte < bytes.len() {
        bytes[byte] = is_control(byte as u8) || matches!(byte as u8, b',' | b'=' | b' ' | b'\\');
        byte += 1;
    }
    bytes
};

fn push_escaped(out: &mut Vec<u8>, byte: u8, special: &[u8]) {
    if special.contains(&byte) {
        out.push(b'\\');
    }
    out.push(byte);
}

const fn is_control(byte: u8) -> bool {
    byte < b' ' || byte == 0x7f
}

/// What a backslash may not stand before: the special characters, quotes and control characters, which become
/// a space, of any position in a line.
fn is_delicate(byte: u8) -> bool {
    is_control(byte) || matches!(byte, b',' | b'=' | b' ' | b'\\' | b'"')
}
