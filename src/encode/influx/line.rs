//! Writes line protocol into a buffer, one point at a time.
//!
//! Telegraf's rules: u64 is written as `i` and clamped to i64::MAX, NaN and infinities are left out, empty tag
//! values are left out, trailing backslashes of names and tag values are cut. Source: contracts, "Wire detail".
//! What a name or tag value holds that the parsers of InfluxDB 1, InfluxDB 3 and VictoriaMetrics would not
//! read back alike is replaced, see [`escape`]. A point never spans lines, whatever strings come.

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

/// A field name that needs no escaping, checked when the program is compiled; made by `plain_key!`.
///
/// It is held as `,name=`, so that a field costs two copies: its name and its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key(&'static str);

/// The [`Key`] of a literal name.
macro_rules! plain_key {
    ($name:literal) => {
        $crate::encode::influx::Key::new(concat!(",", $name, "="))
    };
}
pub(crate) use plain_key;

impl Key {
    /// # Panics
    /// While compiling, where it stands in a constant: where the name is empty or holds a character that
    /// needs care.
    pub const fn new(framed: &'static str) -> Key {
        let bytes = framed.as_bytes();
        assert!(bytes.len() > 2, "a name is not empty");
        assert!(bytes[0] == b',' && bytes[bytes.len() - 1] == b'=', "a name stands between , and =");
        let mut at = 1;
        while at < bytes.len() - 1 {
            assert!(bytes[at] > b' ' && bytes[at] < 0x7f, "a plain name is printable ASCII");
            assert!(!matches!(bytes[at], b',' | b'=' | b'\\' | b'"'), "a plain name needs no escaping");
            at += 1;
        }
        Key(framed)
    }
}

/// Appends points to a buffer. A point without fields is taken back whole.
#[derive(Debug)]
pub struct LineWriter<'a> {
    out: &'a mut Vec<u8>,
    common: &'a [u8],
    precision: Precision,
    start: usize,
    fields: u32,
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
        LineWriter { out, common, precision, start, fields: 0, nameless: false, points: 0 }
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
        self.out.extend_from_slice(self.common);
    }

    /// Begins a point from an already escaped `measurement,tag=value,...` prefix.
    pub fn prefix(&mut self, prefix: &[u8]) {
        self.begin();
        self.out.extend_from_slice(prefix);
    }

    /// A point that was begun and never ended is taken back.
    fn begin(&mut self) {
        self.out.truncate(self.start);
        self.fields = 0;
        self.nameless = false;
    }

    /// Adds a tag; must come before the first field. An empty key, an empty value and the reserved key
    /// `time` are left out.
    pub fn tag(&mut self, key: &str, value: &str) {
        debug_assert_eq!(self.fields, 0, "tag {key} after a field");
        append_tag(self.out, key, value);
    }

    pub fn integer(&mut self, key: &str, value: u64) {
        if self.key(key) {
            self.unsigned_value(value);
        }
    }

    /// Like [`LineWriter::integer`] for a name that is known to need no escaping.
    pub fn plain_integer(&mut self, key: Key, value: u64) {
        self.framed_integer(key.0.as_bytes(), value);
    }

    /// Like [`LineWriter::integer`] for a name that is escaped already and stands between `,` and `=`.
    pub fn framed_integer(&mut self, key: &[u8], value: u64) {
        self.framed_key(key);
        self.unsigned_value(value);
    }

    pub fn signed(&mut self, key: &str, value: i64) {
        if self.key(key) {
            self.out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
            self.out.push(b'i');
        }
    }

    pub fn float(&mut self, key: &str, value: f64) {
        if value.is_finite() && self.key(key) {
            self.out.extend_from_slice(zmij::Buffer::new().format_finite(value).as_bytes());
        }
    }

    /// Like [`LineWriter::float`] for a name that is known to need no escaping.
    pub fn plain_float(&mut self, key: Key, value: f64) {
        if value.is_finite() {
            self.framed_key(key.0.as_bytes());
            self.out.extend_from_slice(zmij::Buffer::new().format_finite(value).as_bytes());
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
        if self.fields == 0 || self.nameless {
            self.out.truncate(self.start);
            return;
        }
        self.out.push(b' ');
        let time = wall_ns.div_euclid(self.precision.nanoseconds());
        self.out.extend_from_slice(itoa::Buffer::new().format(time).as_bytes());
        self.out.push(b'\n');
        self.points += 1;
        self.start = self.out.len();
        self.fields = 0;
    }

    /// Ends the writing; a point that was begun and never ended is taken back.
    pub fn finish(mut self) {
        self.begin();
    }

    fn unsigned_value(&mut self, value: u64) {
        self.out.extend_from_slice(itoa::Buffer::new().format(value.min(i64::MAX as u64)).as_bytes());
        self.out.push(b'i');
    }

    fn framed_key(&mut self, key: &[u8]) {
        let at = self.out.len();
        self.out.extend_from_slice(key);
        if self.fields == 0
            && let Some(comma) = self.out.get_mut(at)
        {
            *comma = b' ';
        }
        self.fields += 1;
    }

    /// Begins a field; false where the key is empty or reserved and the field must be left out.
    fn key(&mut self, key: &str) -> bool {
        let before = self.out.len();
        self.out.push(if self.fields == 0 { b' ' } else { b',' });
        let name = self.out.len();
        escape(self.out, key, b",= ");
        if self.out.len() == name || &self.out[name..] == b"time" {
            self.out.truncate(before);
            return false;
        }
        self.out.push(b'=');
        self.fields += 1;
        true
    }
}

/// Appends `,key=value`, or nothing where one of them is empty or the key is the reserved `time`.
pub fn append_tag(out: &mut Vec<u8>, key: &str, value: &str) {
    let before = out.len();
    out.push(b',');
    let name = out.len();
    escape(out, key, b",= ");
    let valid = out.len() > name && &out[name..] != b"time";
    out.push(b'=');
    let text = out.len();
    escape(out, value, b",= ");
    if !valid || out.len() == text {
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
    if !text.iter().any(|&byte| is_control(byte) || matches!(byte, b',' | b'=' | b' ' | b'\\')) {
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

fn push_escaped(out: &mut Vec<u8>, byte: u8, special: &[u8]) {
    if special.contains(&byte) {
        out.push(b'\\');
    }
    out.push(byte);
}

fn is_control(byte: u8) -> bool {
    byte < b' ' || byte == 0x7f
}

/// What a backslash may not stand before: the special characters, quotes and control characters, which become
/// a space, of any position in a line.
fn is_delicate(byte: u8) -> bool {
    is_control(byte) || matches!(byte, b',' | b'=' | b' ' | b'\\' | b'"')
}
