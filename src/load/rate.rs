//! So many starts in a unit of time: `200`, `200/s`, `3/1m`.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, Visitor};

use super::span::Span;

/// The most starts in a unit of time: with [`MAX_STAGE`] it keeps the arithmetic of ramps exact in 128 bits.
pub const MAX_RATE: u64 = 10_000_000;
/// The longest stage of an arrival rate.
pub const MAX_STAGE: Span = Span::from_secs(30 * 86_400);

/// Starts in each unit of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    pub starts: u64,
    /// Never zero when it was parsed.
    pub unit: Span,
}

/// A text that is no rate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "\"{value}\" is no rate; allowed: starts in a second such as 200, or in a unit such as 200/s or 3/1m"
)]
pub struct RateError {
    pub value: String,
}

impl Rate {
    pub const fn per_second(starts: u64) -> Rate {
        Rate { starts, unit: Span::SECOND }
    }

    /// A unit without a number means one of it.
    pub fn parse(text: &str) -> Result<Rate, RateError> {
        let failed = || RateError { value: text.to_owned() };
        let (starts, unit) = text.split_once('/').unwrap_or((text, "s"));
        let starts = starts.parse().map_err(|_| failed())?;
        let has_number = unit.starts_with(|c: char| c.is_ascii_digit() || c == '.');
        let unit = if has_number { unit.to_owned() } else { format!("1{unit}") };
        let unit = Span::parse(&unit).map_err(|_| failed())?;
        if unit == Span::default() || text.ends_with('/') { Err(failed()) } else { Ok(Rate { starts, unit }) }
    }

    /// Whole starts in a second, rounded up.
    pub fn each_second(self) -> u64 {
        let nanos = u128::from(self.unit.nanos().max(1));
        let starts = (u128::from(self.starts) * 1_000_000_000).div_ceil(nanos);
        u64::try_from(starts).unwrap_or(u64::MAX)
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.starts, self.unit)
    }
}

impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Rate, D::Error> {
        deserializer.deserialize_any(RateVisitor)
    }
}

struct RateVisitor;

impl Visitor<'_> for RateVisitor {
    type Value = Rate;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("starts in a second such as 200, or in a unit such as 200/s or 3/1m")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Rate, E> {
        Rate::parse(text).map_err(E::custom)
    }

    fn visit_u64<E: de::Error>(self, starts: u64) -> Result<Rate, E> {
        Ok(Rate::per_second(starts))
    }

    fn visit_i64<E: de::Error>(self, starts: i64) -> Result<Rate, E> {
        self.visit_str(&starts.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_units() {
        for (text, starts, nanos, each_second) in [
            ("200", 200, 1_000_000_000, 200),
            ("200/s", 200, 1_000_000_000, 200),
            ("3/1m", 3, 60_000_000_000, 1),
            ("3/m", 3, 60_000_000_000, 1),
            ("5/100ms", 5, 100_000_000, 50),
        ] {
            let rate = Rate::parse(text).unwrap();
            assert_eq!((rate.starts, rate.unit.nanos(), rate.each_second()), (starts, nanos, each_second));
        }
        for text in ["", "s", "1/", "1/0s", "-1", "1.5", "1/x", "1/s/s"] {
            assert_eq!(Rate::parse(text), Err(RateError { value: text.to_owned() }));
        }
    }
}
