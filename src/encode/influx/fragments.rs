//! The parts of one encoded line, found again: measurement, tags, fields and time.

use std::borrow::Cow;

/// Key and value as they are encoded.
pub(super) type Pair<'a> = (&'a [u8], &'a [u8]);

/// One line, taken apart. The lists are kept from line to line for their memory.
#[derive(Debug, Default)]
pub(super) struct Fragments<'a> {
    pub(super) measurement: &'a [u8],
    pub(super) tags: Vec<Pair<'a>>,
    pub(super) fields: Vec<Pair<'a>>,
    /// The time with the space before it, and the line end.
    pub(super) rest: &'a [u8],
}

impl<'a> Fragments<'a> {
    /// Takes `line` apart; false where it is no line of this protocol.
    pub(super) fn find(&mut self, line: &'a [u8]) -> bool {
        self.tags.clear();
        self.fields.clear();
        self.find_all(line).is_some()
    }

    fn find_all(&mut self, line: &'a [u8]) -> Option<()> {
        let (measurement, mut rest) = line.split_at(end(line, b", "));
        self.measurement = measurement;
        while let Some(tag) = rest.strip_prefix(b",") {
            let (key, value) = key_of(tag)?;
            let length = end(value, b", ");
            self.tags.push((key, &value[..length]));
            rest = &value[length..];
        }
        let mut field = rest.strip_prefix(b" ")?;
        loop {
            let (key, value) = key_of(field)?;
            let length = end_of_value(value)?;
            self.fields.push((key, &value[..length]));
            rest = &value[length..];
            match rest.strip_prefix(b",") {
                Some(next) => field = next,
                None => break,
            }
        }
        self.rest = rest;
        (!measurement.is_empty()).then_some(())
    }
}

/// The name behind its encoding: a backslash before a comma, equals sign or space is not part of it.
pub(super) fn plain(encoded: &[u8]) -> Cow<'_, str> {
    if memchr::memchr(b'\\', encoded).is_none() {
        return String::from_utf8_lossy(encoded);
    }
    let mut bytes = Vec::with_capacity(encoded.len());
    for (at, &byte) in encoded.iter().enumerate() {
        let hides = byte == b'\\' && matches!(encoded.get(at + 1), Some(b',' | b'=' | b' '));
        if !hides {
            bytes.push(byte);
        }
    }
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}

/// Where the first of `stops` stands that no backslash hides, or the line ends.
fn end(text: &[u8], stops: &[u8]) -> usize {
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        match byte {
            b'\\' => at += 2,
            b'\n' => break,
            byte if stops.contains(&byte) => break,
            _ => at += 1,
        }
    }
    at.min(text.len())
}

/// A key and what follows its equals sign.
fn key_of(text: &[u8]) -> Option<Pair<'_>> {
    let length = end(text, b",= ");
    let value = text[length..].strip_prefix(b"=")?;
    (length > 0).then_some((&text[..length], value))
}

/// A quoted text may hold anything; within it a backslash hides a quote or another backslash.
fn end_of_value(text: &[u8]) -> Option<usize> {
    let Some(quoted) = text.strip_prefix(b"\"") else {
        let length = end(text, b", ");
        return (length > 0).then_some(length);
    };
    let mut at = 0;
    loop {
        match quoted.get(at)? {
            b'"' => return Some(at + 2),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Option<String> {
        let mut found = Fragments::default();
        let text = |pairs: &[Pair<'_>]| {
            let pair = |(key, value): &Pair<'_>| format!("{}={}", plain(key), String::from_utf8_lossy(value));
            pairs.iter().map(pair).collect::<Vec<_>>().join("|")
        };
        found.find(line.as_bytes()).then(|| {
            let rest = String::from_utf8_lossy(found.rest);
            format!("{}; {}; {};{rest}", plain(found.measurement), text(&found.tags), text(&found.fields))
        })
    }

    #[test]
    fn lines_come_apart() {
        for (line, parts) in [
            ("m v=1i 5\n", Some("m; ; v=1i; 5\n")),
            ("m v=1i", Some("m; ; v=1i;")),
            ("m,a=b,c=d v=1i,w=2.5 5\n", Some("m; a=b|c=d; v=1i|w=2.5; 5\n")),
            (r"m\,\ x,a\=\,=b\ c v\ =t 5", Some(r"m, x; a=,=b\ c; v =t; 5")),
            (r#"m v="a, b=\"c\" \\",w=f 5"#, Some(r#"m; ; v="a, b=\"c\" \\"|w=f; 5"#)),
            (r"m,a=by\x2duuid v=1i 5", Some(r"m; a=by\x2duuid; v=1i; 5")),
            ("", None),
            ("\n", None),
            ("m", None),
            ("m,a v=1i", None),
            ("m v", None),
            ("m v= 5", None),
            ("m =1i 5", None),
            ("m v=\"open 5", None),
            (",a=b v=1i", None),
        ] {
            assert_eq!(read(line).as_deref(), parts, "{line}");
        }
    }
}
