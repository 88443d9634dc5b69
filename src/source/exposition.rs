//! A line of Prometheus text or OpenMetrics: name, labels, value, and the time in milliseconds where there is one.
//!
//! It knows lines alone; what the lines of a family are together is the matter of who reads them.
//! Sources: Prometheus, text-based format 0.0.4; OpenMetrics 1.0.

use std::borrow::Cow;

/// One sample, all of it still text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sample<'a> {
    pub(crate) name: &'a [u8],
    labels: &'a [u8],
    pub(crate) value: &'a [u8],
    pub(crate) at_ms: Option<i64>,
}

/// Where the two forms differ in a line: OpenMetrics has times in seconds, and exemplars behind them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Text,
    OpenMetrics,
}

/// A line that is no sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

impl<'a> Sample<'a> {
    /// A line of text 0.0.4. `None` for comments and empty lines.
    pub(crate) fn parse(line: &'a [u8]) -> Option<Result<Sample<'a>, Malformed>> {
        Sample::parse_as(line, Dialect::Text)
    }

    /// The same in either form.
    pub(crate) fn parse_as(line: &'a [u8], dialect: Dialect) -> Option<Result<Sample<'a>, Malformed>> {
        let line = line.trim_ascii();
        if line.is_empty() || line[0] == b'#' {
            return None;
        }
        Some(sample(line, dialect).ok_or(Malformed))
    }

    /// Gives each label to `take`, with its escapes undone.
    pub(crate) fn labels(&self, mut take: impl FnMut(&'a [u8], Cow<'a, str>)) -> Result<(), Malformed> {
        let mut rest = self.labels.trim_ascii();
        while !rest.is_empty() {
            let equals = memchr::memchr(b'=', rest).ok_or(Malformed)?;
            let name = rest[..equals].trim_ascii();
            let quoted = rest[equals + 1..].trim_ascii_start().strip_prefix(b"\"").ok_or(Malformed)?;
            let end = end_of_quoted(quoted).ok_or(Malformed)?;
            take(name, unescaped(&quoted[..end]).ok_or(Malformed)?);
            rest = quoted[end + 1..].trim_ascii_start();
            rest = match rest.strip_prefix(b",") {
                Some(next) => next.trim_ascii_start(),
                None if rest.is_empty() => rest,
                None => return Err(Malformed),
            };
        }
        Ok(())
    }
}

fn sample(line: &[u8], dialect: Dialect) -> Option<Sample<'_>> {
    let name_end = line.iter().position(|byte| matches!(byte, b'{' | b' ' | b'\t'))?;
    let (name, rest) = line.split_at(name_end);
    let rest = rest.trim_ascii_start();
    let (labels, rest) = match rest.strip_prefix(b"{") {
        None => (&rest[..0], rest),
        Some(inside) => {
            let end = end_of_labels(inside)?;
            (&inside[..end], &inside[end + 1..])
        }
    };
    let is_exemplar = |word: &[u8]| dialect == Dialect::OpenMetrics && word == b"#";
    let mut words = rest
        .split(|byte| matches!(byte, b' ' | b'\t'))
        .filter(|word| !word.is_empty())
        .take_while(|word| !is_exemplar(word));
    let value = words.next()?;
    let at_ms = match words.next() {
        None => None,
        Some(word) => Some(milliseconds(std::str::from_utf8(word).ok()?, dialect)?),
    };
    (!name.is_empty() && words.next().is_none()).then_some(Sample { name, labels, value, at_ms })
}

fn milliseconds(word: &str, dialect: Dialect) -> Option<i64> {
    match dialect {
        Dialect::Text => word.parse().ok(),
        Dialect::OpenMetrics => {
            let seconds: f64 = word.parse().ok()?;
            // Beyond it the result would be cut to the largest number.
            (seconds.abs() < 1e15).then(|| (seconds * 1e3).round() as i64)
        }
    }
}

/// Where the closing brace is; one inside of a value does not count.
fn end_of_labels(text: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += memchr::memchr2(b'"', b'}', &text[at..])?;
        if text[at] == b'}' {
            return Some(at);
        }
        at += 1;
        at += end_of_quoted(&text[at..])? + 1;
    }
}

/// Where the closing quote is; an escaped one does not count.
fn end_of_quoted(text: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += memchr::memchr2(b'"', b'\\', text.get(at..)?)?;
        if text[at] == b'"' {
            return Some(at);
        }
        at += 2;
    }
}

fn unescaped(text: &[u8]) -> Option<Cow<'_, str>> {
    let text = std::str::from_utf8(text).ok()?;
    if !text.contains('\\') {
        return Some(Cow::Borrowed(text));
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next()? {
                'n' => out.push('\n'),
                '\\' => out.push('\\'),
                '"' => out.push('"'),
                // Other escapes are not defined; both characters stand.
                other => out.extend(['\\', other]),
            },
            c => out.push(c),
        }
    }
    Some(Cow::Owned(out))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(line: &str) -> Result<Vec<(String, String)>, Malformed> {
        let mut found = Vec::new();
        let sample = Sample::parse(line.as_bytes()).unwrap()?;
        sample.labels(|name, value| {
            found.push((String::from_utf8(name.to_vec()).unwrap(), value.into_owned()));
        })?;
        Ok(found)
    }

    #[test]
    fn samples_of_all_forms() {
        for (line, name, value, at_ms) in [
            ("a 1", "a", "1", None),
            ("a{} 1 2", "a", "1", Some(2)),
            ("a{x=\"}\"} 1e+07 -5", "a", "1e+07", Some(-5)),
            ("  a \t{x=\"y\",}  NaN  ", "a", "NaN", None),
        ] {
            let sample = Sample::parse(line.as_bytes()).unwrap().unwrap();
            assert_eq!(
                (sample.name, sample.value, sample.at_ms),
                (name.as_bytes(), value.as_bytes(), at_ms),
                "{line}"
            );
        }
        for line in ["", "   ", "# TYPE a counter", "#"] {
            assert_eq!(Sample::parse(line.as_bytes()), None, "{line}");
        }
        for line in ["a", "a{", "a{x=\"y\" 1", "a{x=\"\\\"} 1", "a 1 2 3", "a 1 x", "{} 1", "a{x=\"y\"}"] {
            assert_eq!(Sample::parse(line.as_bytes()), Some(Err(Malformed)), "{line}");
        }
    }

    #[test]
    fn openmetrics_has_seconds_and_exemplars() {
        for (line, value, at_ms) in [
            ("a 1", "1", None),
            ("a 1 1.5", "1", Some(1500)),
            ("a 1 -2", "1", Some(-2000)),
            ("a{le=\"1\"} 3 # {trace=\"x y\"} 0.5 1.5", "3", None),
            ("a 3 2 # {} 0.5", "3", Some(2000)),
        ] {
            let sample = Sample::parse_as(line.as_bytes(), Dialect::OpenMetrics).unwrap().unwrap();
            assert_eq!((sample.value, sample.at_ms), (value.as_bytes(), at_ms), "{line}");
        }
        for line in ["a # {} 1", "a 1 NaN", "a 1 1e300", "a 1 2 3"] {
            let parsed = Sample::parse_as(line.as_bytes(), Dialect::OpenMetrics);
            assert_eq!(parsed, Some(Err(Malformed)), "{line}");
        }
        assert_eq!(Sample::parse(b"a 1 # {} 2"), Some(Err(Malformed)), "text has no exemplars");
    }

    #[test]
    fn labels_with_escapes() {
        let of = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        assert_eq!(
            labels(r#"a{x="1\"2\\3\n\t",y="}," , z = "" } 1"#).unwrap(),
            of(&[("x", "1\"2\\3\n\\t"), ("y", "},"), ("z", "")])
        );
        assert_eq!(labels("a 1").unwrap(), []);
        for line in ["a{x} 1", "a{x=y} 1", "a{x=\"y\"z=\"w\"} 1"] {
            assert!(labels(line).is_err(), "{line}");
        }
    }
}
