//! Decimal text as a whole number of a smaller unit, exactly: `3.1748096e+07` seconds are 31748096000000000
//! nanoseconds, with no float between.

/// The number times ten to the `power`, rounded to the nearest whole; `None` for what is negative, no number or
/// beyond 64 bits.
pub(super) fn scaled(text: &[u8], power: i32) -> Option<u64> {
    let (mantissa, exponent) = match text.iter().position(|byte| matches!(byte, b'e' | b'E')) {
        Some(at) => (&text[..at], exponent_of(&text[at + 1..])?),
        None => (text, 0),
    };
    let mantissa = mantissa.strip_prefix(b"+").unwrap_or(mantissa);
    let (mut digits, mut shift, mut seen, mut is_fraction) = (0u128, 0i32, false, false);
    for &byte in mantissa {
        match byte {
            b'0'..=b'9' => {
                seen = true;
                // Thirty digits are far more than a float has; what follows only moves the point.
                if digits < 10u128.pow(30) {
                    digits = digits * 10 + u128::from(byte - b'0');
                    shift -= i32::from(is_fraction);
                } else {
                    shift = shift.checked_add(i32::from(!is_fraction))?;
                }
            }
            b'.' if !is_fraction => is_fraction = true,
            _ => return None,
        }
    }
    if !seen {
        return None;
    }
    if digits == 0 {
        return Some(0);
    }
    let shift = shift.checked_add(exponent)?.checked_add(power)?;
    let value = if shift >= 0 {
        digits.checked_mul(10u128.checked_pow(shift.unsigned_abs())?)?
    } else {
        match 10u128.checked_pow(shift.unsigned_abs()) {
            Some(step) => (digits + step / 2) / step,
            None => 0,
        }
    };
    u64::try_from(value).ok()
}

fn exponent_of(text: &[u8]) -> Option<i32> {
    let (sign, digits) = match text {
        [b'-', rest @ ..] => (-1, rest),
        [b'+', rest @ ..] => (1, rest),
        _ => (1, text),
    };
    if digits.is_empty() {
        return None;
    }
    let size = digits.iter().try_fold(0i32, |size, byte| {
        byte.is_ascii_digit().then(|| size.saturating_mul(10).saturating_add(i32::from(byte - b'0')))
    })?;
    Some(sign * size.min(10_000))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn exact_in_every_form() {
        for (text, power, value) in [
            ("0", 9, Some(0)),
            ("0.899977", 9, Some(899_977_000)),
            ("3.1748096e+07", 0, Some(31_748_096)),
            ("3.1748096e+07", 9, Some(31_748_096_000_000_000)),
            ("2279.052", 9, Some(2_279_052_000_000)),
            ("0.30000000000000004", 9, Some(300_000_000)),
            ("1e-9", 9, Some(1)),
            ("4e-10", 9, Some(0)),
            ("5e-10", 9, Some(1)),
            ("1e-9999999999", 9, Some(0)),
            ("0e9999", 9, Some(0)),
            ("+5.", 0, Some(5)),
            (".5", 1, Some(5)),
            ("18446744073709551615", 0, Some(u64::MAX)),
            ("18446744073709551616", 0, None),
            ("1.8446744073709551615e19", 0, Some(u64::MAX)),
            ("1e40", 0, None),
            ("1e9999999999", 0, None),
            ("-1", 0, None),
            ("NaN", 0, None),
            ("+Inf", 0, None),
            ("", 0, None),
            (".", 0, None),
            ("e5", 0, None),
            ("1e", 0, None),
            ("1.2.3", 0, None),
            ("0x1p-2", 0, None),
        ] {
            assert_eq!(scaled(text.as_bytes(), power), value, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in prop::collection::vec(any::<u8>(), 0..80), power in -20i32..20) {
            scaled(&text, power);
        }

        #[test]
        fn nanoseconds_come_back(nanos in any::<u64>(), exponent in 0usize..12) {
            let all = format!("{nanos:030}");
            let (whole, fraction) = all.split_at(30 - exponent);
            let text = format!("{whole}.{fraction}e{}", exponent as i32 - 9);
            prop_assert_eq!(scaled(text.as_bytes(), 9), Some(nanos));
        }
    }
}
