//! How JSON is laid out.

use serde::Serialize;
use serde_json::ser::{PrettyFormatter, Serializer};
use serde_json::{Number, Value};

/// Four spaces a level, as k6 writes files, and a line end.
pub fn pretty(value: &Value) -> String {
    let mut out = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut out, PrettyFormatter::with_indent(b"    "));
    // A Value has no keys but texts, and memory takes every byte.
    let _ = value.serialize(&mut serializer);
    out.push(b'\n');
    String::from_utf8_lossy(&out).into_owned()
}

/// Whole numbers without a point, as JavaScript writes them. What JSON has no number for is null.
pub(super) fn number(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 9_007_199_254_740_992.0 {
        return Value::from(value as i64);
    }
    Number::from_f64(value).map_or(Value::Null, Value::Number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_have_no_point() {
        for (value, text) in
            [(1795.0, "1795"), (-0.0, "0"), (0.5, "0.5"), (0.25e-7, "2.5e-8"), (f64::NAN, "null")]
        {
            assert_eq!(number(value).to_string(), text);
        }
    }
}
