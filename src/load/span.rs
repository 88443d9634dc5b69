//! Durations as k6 writes them: Go's form such as `1m30s`, days as in `1d12h`, or a bare number of milliseconds.
//!
//! Source: k6 `lib/types` (days and bare numbers), Go `time.ParseDuration` (the rest).

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::{Serialize, Serializer};

/// What stands behind `allowed:` in messages.
pub const ALLOWED: &str = "a duration such as 1m30s, 1.5h, 300ms or 1us, or a number of milliseconds";

const NANOS_PER_MILLI: u128 = 1_000_000;

/// Units by descending length, which are also those that [`fmt::Display`] writes where they fit.
const UNITS: [(&str, u64); 9] = [
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("\u{b5}s", 1_000),
    ("\u{3bc}s", 1_000),
    ("ns", 1),
];

/// A length of time, exact in nanoseconds and never negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(u64);

/// A text that is no duration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{value}\" {reason}; allowed: {ALLOWED}")]
pub struct SpanError {
    pub value: String,
    pub reason: &'static str,
}

impl Span {
    pub const SECOND: Span = Span::from_secs(1);

    pub const fn from_nanos(nanos: u64) -> Span {
        Span(nanos)
    }

    pub const fn from_millis(millis: u64) -> Span {
        Span(millis.saturating_mul(1_000_000))
    }

    pub const fn from_secs(seconds: u64) -> Span {
        Span(seconds.saturating_mul(1_000_000_000))
    }

    pub const fn nanos(self) -> u64 {
        self.0
    }

    pub fn seconds(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// The units of a number with several parts may stand in any order, as Go allows.
    pub fn parse(text: &str) -> Result<Span, SpanError> {
        let failed = |reason| SpanError { value: text.to_owned(), reason };
        let unsigned = text.strip_prefix('+').unwrap_or(text);
        if unsigned.starts_with('-') {
            return Err(failed("is negative"));
        }
        let mut rest = unsigned;
        let mut nanos: u128 = 0;
        while !rest.is_empty() {
            let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
            let (number, behind) = rest.split_at(end);
            let end = behind.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(behind.len());
            let (unit, behind) = behind.split_at(end);
            let is_bare = unit.is_empty() && number.len() == unsigned.len();
            let known = UNITS.iter().find(|(name, _)| *name == unit);
            let factor = match known {
                Some(&(_, factor)) => u128::from(factor),
                None if is_bare => NANOS_PER_MILLI,
                None if unit.is_empty() => return Err(failed("lacks a unit")),
                None => return Err(failed("is no duration")),
            };
            let part = scaled(number, factor).ok_or_else(|| failed("is no duration"))?;
            nanos = nanos.saturating_add(part);
            rest = behind;
        }
        if unsigned.is_empty() {
            return Err(failed("is no duration"));
        }
        let nanos = u64::try_from(nanos).ok().filter(|&nanos| i64::try_from(nanos).is_ok());
        // Go's durations end there as well.
        nanos.map(Span).ok_or_else(|| failed("is longer than 292 years"))
    }
}

/// A decimal number times a factor, exactly; what is smaller than one is cut off, as Go does.
fn scaled(number: &str, factor: u128) -> Option<u128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() || fraction.contains('.') {
        return None;
    }
    let whole = if whole.is_empty() { 0 } else { whole.parse::<u64>().ok()? };
    // Digits behind the eighteenth are smaller than a nanosecond whatever the unit.
    let fraction = &fraction[..fraction.len().min(18)];
    let part = if fraction.is_empty() { 0 } else { fraction.parse::<u128>().ok()? };
    let scale = 10u128.pow(fraction.len() as u32);
    u128::from(whole).checked_mul(factor)?.checked_add(part.checked_mul(factor)? / scale)
}

/// As Go writes it, but without the parts that are zero: `1m30s`, `300ms`, `1.5s` as `1s500ms`.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.write_str("0s");
        }
        let mut left = self.0;
        for (name, length) in UNITS {
            if left >= length {
                write!(f, "{}{name}", left / length)?;
                left %= length;
            }
        }
        Ok(())
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Span, D::Error> {
        deserializer.deserialize_any(SpanVisitor)
    }
}

struct SpanVisitor;

impl Visitor<'_> for SpanVisitor {
    type Value = Span;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(ALLOWED)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Span, E> {
        Span::parse(text).map_err(E::custom)
    }

    fn visit_u64<E: de::Error>(self, millis: u64) -> Result<Span, E> {
        self.visit_str(&millis.to_string())
    }

    fn visit_i64<E: de::Error>(self, millis: i64) -> Result<Span, E> {
        self.visit_str(&millis.to_string())
    }

    fn visit_f64<E: de::Error>(self, millis: f64) -> Result<Span, E> {
        // A float is written without an exponent here.
        self.visit_str(&millis.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_form_is_exact() {
        for (text, nanos) in [
            ("0", 0),
            ("0s", 0),
            ("250", 250_000_000),
            ("0.5", 500_000),
            ("300ms", 300_000_000),
            ("1us", 1_000),
            ("1\u{b5}s", 1_000),
            ("7ns", 7),
            ("1m30s", 90_000_000_000),
            ("1.5h", 5_400_000_000_000),
            (".5s", 500_000_000),
            ("5.s", 5_000_000_000),
            ("+2s", 2_000_000_000),
            ("1d12h", 129_600_000_000_000),
            ("0.0000000001s", 0),
            ("106751d", 9_223_286_400_000_000_000),
        ] {
            assert_eq!(Span::parse(text).map(Span::nanos), Ok(nanos), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_names_itself_and_what_is_allowed() {
        for (text, reason) in [
            ("", "is no duration"),
            ("-1s", "is negative"),
            ("-5", "is negative"),
            ("1 s", "is no duration"),
            ("1x", "is no duration"),
            ("1m30", "lacks a unit"),
            ("1.2.3s", "is no duration"),
            (".s", "is no duration"),
            ("s", "is no duration"),
            ("1e3s", "is no duration"),
            ("200000d", "is longer than 292 years"),
            ("99999999999999999999s", "is no duration"),
        ] {
            let error = Span::parse(text).unwrap_err();
            assert_eq!((error.value.as_str(), error.reason), (text, reason));
        }
        assert_eq!(
            Span::parse("1x").unwrap_err().to_string(),
            "\"1x\" is no duration; allowed: a duration such as 1m30s, 1.5h, 300ms or 1us, or a number of milliseconds"
        );
    }

    #[test]
    fn a_file_may_hold_a_number_or_a_text() {
        for (json, nanos) in [("1500", 1_500_000_000), ("0.25", 250_000), ("\"2s\"", 2_000_000_000)] {
            assert_eq!(serde_json::from_str::<Span>(json).unwrap().nanos(), nanos, "{json}");
        }
        assert!(serde_json::from_str::<Span>("-1").is_err());
        assert!(serde_json::from_str::<Span>("true").is_err());
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(nanos in 0..i64::MAX as u64) {
            let text = Span::from_nanos(nanos).to_string();
            prop_assert_eq!(Span::parse(&text), Ok(Span::from_nanos(nanos)), "{}", text);
        }

        #[test]
        fn any_text_is_survived(text in ".{0,20}") {
            let _ = Span::parse(&text);
        }
    }
}
