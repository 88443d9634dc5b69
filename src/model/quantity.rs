//! Kubernetes' quantities, such as `100m`, `1.5Gi` and `12e6`: exact, in billionths.
//!
//! Source: k8s.io/apimachinery `pkg/api/resource` (suffixes, and that values round up).

use std::num::NonZeroU32;

const BILLION: i128 = 1_000_000_000;

/// A number of billionths: nanocores, or billionths of a byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantity(i128);

impl Quantity {
    /// `None` for what Kubernetes would refuse, and for what lies beyond 10^27.
    pub fn parse(text: &str) -> Option<Quantity> {
        let (sign, unsigned) = match text.as_bytes().first()? {
            b'-' => (-1, &text[1..]),
            b'+' => (1, &text[1..]),
            _ => (1, text),
        };
        let end = unsigned.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(unsigned.len());
        let (number, suffix) = unsigned.split_at(end);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if whole.is_empty() && fraction.is_empty() || fraction.contains('.') {
            return None;
        }
        let (factor, tens) = scale(suffix)?;
        let mut digits: i128 = 0;
        for digit in whole.bytes().chain(fraction.bytes()) {
            digits = digits.checked_mul(10)?.checked_add(i128::from(digit - b'0'))?;
        }
        // digits * factor * 10^(tens + 9 - fraction.len()), rounded up as Kubernetes does.
        let value = digits.checked_mul(factor)?;
        let power = tens + 9 - i32::try_from(fraction.len()).ok()?;
        let step = 10i128.checked_pow(power.unsigned_abs());
        let billionths = match (power >= 0, step) {
            (true, Some(step)) => value.checked_mul(step)?,
            (true, None) if value == 0 => 0,
            (true, None) => return None,
            (false, Some(step)) => value / step + i128::from(value % step != 0),
            (false, None) => i128::from(value != 0),
        };
        Some(Quantity(sign * billionths))
    }

    /// Billionths, such as nanocores, not below zero.
    pub fn nanos(self) -> u64 {
        u64::try_from(self.0.max(0)).unwrap_or(u64::MAX)
    }

    /// Thousandths, such as millicores, rounded up as `MilliValue()` does.
    pub fn millis(self) -> u64 {
        self.rounded_up(1_000_000)
    }

    /// Whole units, such as bytes, rounded up as `Value()` does.
    pub fn units(self) -> u64 {
        self.rounded_up(BILLION)
    }

    fn rounded_up(self, step: i128) -> u64 {
        let value = self.0.max(0);
        u64::try_from(value / step + i128::from(value % step != 0)).unwrap_or(u64::MAX)
    }
}

/// A suffix as factor and power of ten.
fn scale(suffix: &str) -> Option<(i128, i32)> {
    let binary = |power: u32| Some((1i128 << power, 0));
    match suffix {
        "" => Some((1, 0)),
        "n" => Some((1, -9)),
        "u" => Some((1, -6)),
        "m" => Some((1, -3)),
        "k" => Some((1, 3)),
        "M" => Some((1, 6)),
        "G" => Some((1, 9)),
        "T" => Some((1, 12)),
        "P" => Some((1, 15)),
        "E" => Some((1, 18)),
        "Ki" => binary(10),
        "Mi" => binary(20),
        "Gi" => binary(30),
        "Ti" => binary(40),
        "Pi" => binary(50),
        "Ei" => binary(60),
        _ => {
            let exponent = suffix.strip_prefix(['e', 'E'])?;
            let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            let size = if digits == "0" { 0 } else { digits.parse::<NonZeroU32>().ok()?.get() };
            let size = i32::try_from(size).ok().filter(|&size| size <= 40)?;
            Some((1, if exponent.starts_with('-') { -size } else { size }))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_suffix_is_exact() {
        for (text, nanos) in [
            ("0", 0),
            ("1", 1_000_000_000),
            ("100m", 100_000_000),
            ("16m", 16_000_000),
            ("1234567n", 1_234_567),
            ("12u", 12_000),
            ("0.5", 500_000_000),
            (".5", 500_000_000),
            ("5.", 5_000_000_000),
            ("1.5m", 1_500_000),
            ("1e-3", 1_000_000),
            ("+1m", 1_000_000),
            ("0.0000000001", 1),
        ] {
            assert_eq!(Quantity::parse(text).map(Quantity::nanos), Some(nanos), "{text}");
        }
        for (text, bytes) in [
            ("128974848", 128_974_848),
            ("129e6", 129_000_000),
            ("129M", 129_000_000),
            ("128974848000m", 128_974_848),
            ("123Mi", 123 << 20),
            ("1.5Gi", 3 << 29),
            ("2Ti", 2 << 40),
            ("48k", 48_000),
            ("1E", 1_000_000_000_000_000_000),
            ("1Ei", 1 << 60),
            ("1E3", 1000),
            ("1m", 1),
            ("-5", 0),
        ] {
            assert_eq!(Quantity::parse(text).map(Quantity::units), Some(bytes), "{text}");
        }
        assert_eq!(Quantity::parse("1000001n").map(Quantity::millis), Some(2), "rounds up as kubectl does");
    }

    #[test]
    fn what_is_no_quantity_is_refused() {
        for text in [
            "",
            "m",
            ".",
            "1.2.3",
            "1KI",
            "1 Mi",
            "0x1",
            "1e",
            "1e99",
            "ten",
            "--1",
            "99999999999999999999999999999999999999999",
        ] {
            assert_eq!(Quantity::parse(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in ".{0,40}") {
            Quantity::parse(&text);
        }

        #[test]
        fn nanocores_come_back(nanos in any::<u64>()) {
            prop_assert_eq!(Quantity::parse(&format!("{nanos}n")).map(Quantity::nanos), Some(nanos));
        }
    }
}
