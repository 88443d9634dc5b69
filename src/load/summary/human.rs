//! Numbers as k6 writes them for people.
//!
//! Source: k6 `internal/js/summary.js`, whose rounding this follows: times and percentages are cut, bytes are rounded.

use super::options::TimeUnit;
use crate::load::results::Contains;

const BYTE_UNITS: [&str; 9] = ["B", "kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"];

/// A value of a metric that is no rate.
pub(super) fn value(value: f64, contains: Contains, unit: Option<TimeUnit>) -> String {
    match contains {
        Contains::Data => bytes(value),
        Contains::Time => duration(value, unit),
        Contains::Default => decimal(value, 6),
    }
}

/// `99.99%` for 0.99999: what is not all never looks like it.
pub(super) fn percent(share: f64) -> String {
    format!("{:.2}%", (share * 100.0 * 100.0).trunc() / 100.0)
}

/// Milliseconds, in one unit for all or in that which suits the number.
pub(super) fn duration(millis: f64, unit: Option<TimeUnit>) -> String {
    match unit {
        Some(unit) => format!("{}{}", fixed(millis * unit.per_millisecond(), 2), unit.symbol()),
        None => suited(millis),
    }
}

fn suited(millis: f64) -> String {
    if millis == 0.0 {
        return "0s".to_owned();
    }
    if millis < 0.001 {
        return format!("{}ns", (millis * 1e6).trunc());
    }
    if millis < 1.0 {
        return format!("{}µs", cut(millis * 1_000.0, 2));
    }
    if millis < 1_000.0 {
        return format!("{}ms", cut(millis, 2));
    }
    let digits = if millis > 60_000.0 { 0 } else { 2 };
    let seconds = cut(millis % 60_000.0 / 1_000.0, digits);
    let minutes = (millis / 60_000.0).trunc();
    let hours = (minutes / 60.0).trunc();
    if minutes < 1.0 {
        format!("{seconds}s")
    } else if hours < 1.0 {
        format!("{minutes}m{seconds}s")
    } else {
        format!("{hours}h{}m{seconds}s", minutes % 60.0)
    }
}

fn bytes(bytes: f64) -> String {
    if bytes < 10.0 {
        return format!("{bytes} B");
    }
    let power = (bytes.ln() / 1_000.0_f64.ln()).floor().min((BYTE_UNITS.len() - 1) as f64);
    let scaled = (bytes / 1_000.0_f64.powf(power) * 10.0 + 0.5).floor() / 10.0;
    let digits = usize::from(scaled < 10.0);
    format!("{} {}", fixed(scaled, digits), BYTE_UNITS[power as usize])
}

/// With at most so many digits behind the point, the rest cut off.
fn cut(value: f64, digits: usize) -> String {
    let scale = 10.0_f64.powi(digits as i32);
    decimal((value * scale).trunc() / scale, digits)
}

/// With at most so many digits behind the point.
pub(super) fn decimal(value: f64, digits: usize) -> String {
    let text = fixed(value, digits);
    let text = if digits == 0 { &text } else { text.trim_end_matches('0').trim_end_matches('.') };
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// With exactly so many digits behind the point. Halves go up, as in JavaScript; Rust takes the even neighbour.
fn fixed(value: f64, digits: usize) -> String {
    let scale = 10.0_f64.powi(digits as i32);
    let scaled = value * scale;
    // Only a number that is so many halves exactly in binary lies in the middle.
    let is_exact = (value * 2.0_f64.powi(digits as i32 + 1)).fract() == 0.0;
    let is_half = (scaled * 2.0).fract() == 0.0 && scaled.fract() != 0.0;
    if is_exact && is_half && value > 0.0 {
        return format!("{:.digits$}", scaled.ceil() / scale);
    }
    format!("{value:.digits$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_take_the_unit_that_suits_them() {
        for (millis, text) in [
            (0.0, "0s"),
            (0.000_5, "500ns"),
            (0.001, "1µs"),
            (0.463_89, "463.89µs"),
            (0.999_999, "999.99µs"),
            (1.0, "1ms"),
            (17.559, "17.55ms"),
            (384.22, "384.22ms"),
            (999.999, "999.99ms"),
            (1_000.0, "1s"),
            (1_010.0, "1.01s"),
            (59_999.0, "59.99s"),
            (60_000.0, "1m0s"),
            (90_400.0, "1m30s"),
            (3_600_000.0, "1h0m0s"),
            (5_430_000.0, "1h30m30s"),
        ] {
            assert_eq!(duration(millis, None), text, "{millis}");
        }
    }

    #[test]
    fn one_unit_for_all_keeps_two_digits() {
        for (millis, unit, text) in [
            (1_234.567, TimeUnit::S, "1.23s"),
            (1.125, TimeUnit::Ms, "1.13ms"),
            (1.135, TimeUnit::Ms, "1.14ms"),
            (0.0, TimeUnit::Us, "0.00µs"),
            (1.5, TimeUnit::Us, "1500.00µs"),
        ] {
            assert_eq!(duration(millis, Some(unit)), text, "{millis} {unit:?}");
        }
    }

    #[test]
    fn bytes_are_of_a_thousand() {
        for (count, text) in [
            (0.0, "0 B"),
            (3.5, "3.5 B"),
            (10.0, "10 B"),
            (999.0, "999 B"),
            (1_000.0, "1.0 kB"),
            (5_250.0, "5.3 kB"),
            (12_500.0, "13 kB"),
            (690_000.0, "690 kB"),
            (4_700_000.0, "4.7 MB"),
            (2.5e13, "25 TB"),
        ] {
            assert_eq!(bytes(count), text, "{count}");
        }
    }

    #[test]
    fn shares_are_cut_and_plain_numbers_rounded() {
        for (share, text) in
            [(0.0, "0.00%"), (1.0, "100.00%"), (0.999_999, "99.99%"), (0.013_99, "1.39%"), (0.5, "50.00%")]
        {
            assert_eq!(percent(share), text);
        }
        for (number, text) in
            [(90.0, "90"), (13.122_179_4, "13.122179"), (0.000_000_4, "0"), (-0.0, "0"), (1e9, "1000000000")]
        {
            assert_eq!(value(number, Contains::Default, None), text);
        }
        assert_eq!(value(1_500.0, Contains::Time, Some(TimeUnit::S)), "1.50s");
        assert_eq!(value(1_500.0, Contains::Data, Some(TimeUnit::S)), "1.5 kB");
    }
}
