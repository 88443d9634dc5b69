//! Go's way to write durations, which is Telegraf's: `1m30s`, `1.5h`, or a bare number of seconds.

use std::time::Duration;

use super::document::Value;

const UNITS: [(&str, f64); 8] = [
    ("ns", 1e-9),
    ("us", 1e-6),
    ("µs", 1e-6),
    ("ms", 1e-3),
    ("s", 1.0),
    ("m", 60.0),
    ("h", 3600.0),
    ("d", 86400.0),
];

/// The duration that a value stands for.
pub(super) fn from_value(value: &Value) -> Option<Duration> {
    match value {
        Value::Integer(seconds) => u64::try_from(*seconds).ok().map(Duration::from_secs),
        Value::Float(seconds) => Duration::try_from_secs_f64(*seconds).ok(),
        Value::Text(text) => parse(text.trim()),
        _ => None,
    }
}

fn parse(text: &str) -> Option<Duration> {
    if let Ok(seconds) = text.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let mut rest = text;
    let mut seconds = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, behind) = rest.split_at(digits);
        let letters = behind.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(behind.len());
        let (unit, behind) = behind.split_at(letters);
        let (_, length) = UNITS.iter().find(|(name, _)| *name == unit)?;
        seconds += number.parse::<f64>().ok()? * length;
        rest = behind;
    }
    // Nothing here is set more finely than in microseconds.
    (!text.is_empty()).then(|| Duration::try_from_secs_f64((seconds * 1e6).round() / 1e6).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_as_go_and_telegraf_write_them() {
        for (text, milliseconds) in [
            ("10s", Some(10_000)),
            ("1m30s", Some(90_000)),
            ("1.5h", Some(5_400_000)),
            ("250ms", Some(250)),
            ("5000us", Some(5)),
            ("0s", Some(0)),
            ("10", Some(10_000)),
            ("2d", Some(172_800_000)),
            ("", None),
            ("soon", None),
            ("10 s", None),
            ("-1s", None),
            ("s", None),
            ("10s5", None),
        ] {
            let value = Value::Text(text.to_owned());
            assert_eq!(from_value(&value), milliseconds.map(Duration::from_millis), "{text}");
        }
        assert_eq!(from_value(&Value::Integer(5)), Some(Duration::from_secs(5)));
        assert_eq!(from_value(&Value::Float(0.5)), Some(Duration::from_millis(500)));
        assert_eq!(from_value(&Value::Integer(-5)), None);
        assert_eq!(from_value(&Value::Boolean(true)), None);
    }
}
