//! Times as Kubernetes writes them: RFC 3339.

/// Seconds since the epoch; a fraction is cut off. `None` for what is no such time.
pub(super) fn seconds_of(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    if bytes.len() < 20 || !text.is_ascii() {
        return None;
    }
    let number = |from: usize, to: usize| {
        bytes[from..to].iter().try_fold(0i64, |number, digit| {
            digit.is_ascii_digit().then(|| number * 10 + i64::from(digit - b'0'))
        })
    };
    let marks = [(4, b'-'), (7, b'-'), (13, b':'), (16, b':')];
    if marks.iter().any(|&(at, mark)| bytes[at] != mark) || !matches!(bytes[10], b'T' | b't') {
        return None;
    }
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    // A leap second is written as 60.
    let is_time = hour < 24 && minute < 60 && second <= 60;
    if !is_time || !(1..=12).contains(&month) || !(1..=days_in(year, month)).contains(&day) {
        return None;
    }
    let mut rest = &bytes[19..];
    if let Some(fraction) = rest.strip_prefix(b".") {
        let digits = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
        rest = fraction.get(digits..).filter(|_| digits > 0)?;
    }
    let offset = match rest {
        [b'Z' | b'z'] => 0,
        [sign @ (b'+' | b'-'), _, _, b':', _, _] => {
            let from = bytes.len() - 5;
            let minutes = number(from, from + 2)? * 60 + number(from + 3, from + 5)?;
            if *sign == b'+' { minutes * 60 } else { -minutes * 60 }
        }
        _ => return None,
    };
    Some(days_from_epoch(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset)
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01 of the Gregorian calendar, by years that begin in March.
fn days_from_epoch(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year * 365 + leap_days + (153 * month + 2) / 5 + day - 1 - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_all_forms() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2026-11-21T00:57:03Z", 1_795_222_623),
            ("2026-11-21T02:57:03+02:00", 1_795_222_623),
            ("2026-11-20T19:27:03-05:30", 1_795_222_623),
            ("2026-11-21T00:57:03.999999999Z", 1_795_222_623),
            ("2000-02-29T23:59:59Z", 951_868_799),
            ("2016-12-31T23:59:60Z", 1_483_228_800),
            ("1969-12-31T23:59:59Z", -1),
            ("0001-01-01T00:00:00Z", -62_135_596_800),
        ] {
            assert_eq!(seconds_of(text), Some(seconds), "{text}");
        }
    }

    #[test]
    fn what_is_no_time() {
        for text in [
            "",
            "2026-11-21",
            "2026-11-21 00:57:03Z",
            "2026-11-21T00:57:03",
            "2026-13-21T00:57:03Z",
            "2026-02-29T00:57:03Z",
            "2026-11-21T24:57:03Z",
            "2026-11-21T00:57:03.Z",
            "2026-11-21T00:57:03+0200",
            "2026-11-21T00:57:0xZ",
            "2026-11-21T00:57:03ZZ",
            "２026-11-21T00:57:03Z",
        ] {
            assert_eq!(seconds_of(text), None, "{text}");
        }
    }

    #[test]
    fn days_agree_with_another_calendar() {
        for seconds in (-60_000_000_000i64..200_000_000_000).step_by(86_400 * 997 + 12_345) {
            let Ok(since) = u64::try_from(seconds) else { continue };
            let at = std::time::UNIX_EPOCH + std::time::Duration::from_secs(since);
            assert_eq!(seconds_of(&humantime::format_rfc3339_seconds(at).to_string()), Some(seconds));
        }
    }
}
