//! Writes line protocol into a buffer, one point at a time.
//!
//! Telegraf's rules: u64 is written as `i` and clamped to i64::MAX, NaN and infinities are left out, empty tag
//! values are left out, line breaks never get through. Source: contracts/agent-names.md, "Wire detail".

/// Appends points to a buffer. A point without fields is taken back whole.
#[derive(Debug)]
pub struct LineWriter<'a> {
    out: &'a mut Vec<u8>,
    start: usize,
    fields: u32,
    /// Points completed so far.
    pub points: u64,
}

impl<'a> LineWriter<'a> {
    pub fn new(out: &'a mut Vec<u8>) -> LineWriter<'a> {
        let start = out.len();
        LineWriter { out, start, fields: 0, points: 0 }
    }

    /// Begins a point.
    pub fn measurement(&mut self, name: &str) {
        self.start = self.out.len();
        self.fields = 0;
        escape(self.out, name, b", ");
    }

    /// Begins a point from an already escaped `measurement,tag=value,...` prefix.
    pub fn prefix(&mut self, prefix: &[u8]) {
        self.start = self.out.len();
        self.fields = 0;
        self.out.extend_from_slice(prefix);
    }

    /// Adds a tag; must come before the first field.
    pub fn tag(&mut self, key: &str, value: &str) {
        let value = value.trim_end_matches('\\');
        if value.is_empty() {
            return;
        }
        self.out.push(b',');
        escape(self.out, key, b",= ");
        self.out.push(b'=');
        escape(self.out, value, b",= ");
    }

    pub fn integer(&mut self, key: &str, value: u64) {
        self.key(key);
        self.out.extend_from_slice(itoa::Buffer::new().format(value.min(i64::MAX as u64)).as_bytes());
        self.out.push(b'i');
    }

    pub fn signed(&mut self, key: &str, value: i64) {
        self.key(key);
        self.out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
        self.out.push(b'i');
    }

    pub fn float(&mut self, key: &str, value: f64) {
        if value.is_finite() {
            self.key(key);
            self.out.extend_from_slice(zmij::Buffer::new().format_finite(value).as_bytes());
        }
    }

    pub fn text(&mut self, key: &str, value: &str) {
        self.key(key);
        self.out.push(b'"');
        for byte in value.bytes() {
            match byte {
                b'"' | b'\\' => self.out.extend_from_slice(&[b'\\', byte]),
                b'\n' | b'\r' => self.out.push(b' '),
                _ => self.out.push(byte),
            }
        }
        self.out.push(b'"');
    }

    pub fn boolean(&mut self, key: &str, value: bool) {
        self.key(key);
        self.out.extend_from_slice(if value { b"true" } else { b"false" });
    }

    /// Ends the point with its time in nanoseconds since the epoch.
    pub fn end(&mut self, wall_ns: i64) {
        if self.fields == 0 {
            self.out.truncate(self.start);
            return;
        }
        self.out.push(b' ');
        self.out.extend_from_slice(itoa::Buffer::new().format(wall_ns).as_bytes());
        self.out.push(b'\n');
        self.points += 1;
    }

    fn key(&mut self, key: &str) {
        self.out.push(if self.fields == 0 { b' ' } else { b',' });
        self.fields += 1;
        escape(self.out, key, b",= ");
    }
}

/// Appends `text` with each of `special` escaped by a backslash; line breaks become spaces, escaped likewise.
pub fn escape(out: &mut Vec<u8>, text: &str, special: &[u8]) {
    for byte in text.bytes() {
        let byte = if byte == b'\n' || byte == b'\r' { b' ' } else { byte };
        if special.contains(&byte) {
            out.push(b'\\');
        }
        out.push(byte);
    }
}
