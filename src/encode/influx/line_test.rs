//! The line writer against another parser: whatever comes in is read back.

use influxdb_line_protocol::{FieldValue, parse_lines};
use proptest::prelude::*;

use super::*;

/// What [`escape`] documents that a reader sees.
fn documented(text: &str) -> String {
    let chars: Vec<char> = text.trim_end_matches('\\').chars().collect();
    let control = |c: char| c < ' ' || c == '\x7f';
    let seen = |(at, &c): (usize, &char)| match c {
        '\\' if chars.get(at + 1).is_some_and(|&n| control(n) || ",= \\\"".contains(n)) => '/',
        c if control(c) => ' ',
        c => c,
    };
    chars.iter().enumerate().map(seen).collect()
}

fn documented_measurement(text: &str) -> String {
    match text.strip_prefix('#') {
        Some(rest) => format!("_{}", documented(rest)),
        None => documented(text),
    }
}

/// Strings in which every character that matters to a parser is frequent.
fn nasty() -> impl Strategy<Value = String> {
    let char = prop_oneof![
        4 => prop::sample::select(vec!['\\', ',', '=', ' ', '"', '\n', '\r', '\t', '#', '\0', 'i', '1', 'é', '中']),
        3 => any::<char>(),
        3 => proptest::char::range('a', 'e'),
    ];
    prop::collection::vec(char, 0..12).prop_map(|chars| chars.into_iter().collect())
}

#[derive(Clone, Debug)]
enum Value {
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    Text(String),
    Boolean(bool),
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<u64>().prop_map(Value::Unsigned),
        any::<i64>().prop_map(Value::Signed),
        any::<f64>().prop_map(Value::Float),
        prop::sample::select(vec![f64::NAN, f64::INFINITY, -0.0, 1e300, 5e-324, 1.5e-7])
            .prop_map(Value::Float),
        nasty().prop_map(Value::Text),
        any::<bool>().prop_map(Value::Boolean),
    ]
}

fn expect(value: &Value, read: &FieldValue<'_>) -> bool {
    match (value, read) {
        (Value::Unsigned(value), FieldValue::I64(read)) => *read == i64::try_from(*value).unwrap_or(i64::MAX),
        (Value::Signed(value), FieldValue::I64(read)) => value == read,
        (Value::Float(value), FieldValue::F64(read)) => value.to_bits() == read.to_bits(),
        (Value::Boolean(value), FieldValue::Boolean(read)) => value == read,
        (Value::Text(value), FieldValue::String(read)) => {
            let plain: String = value.chars().map(|c| if c < ' ' || c == '\x7f' { ' ' } else { c }).collect();
            plain == read.as_str()
        }
        _ => false,
    }
}

type Point = (String, Vec<(String, String)>, Vec<(String, Value)>, i64);

fn point() -> impl Strategy<Value = Point> {
    (
        nasty(),
        prop::collection::vec((nasty(), nasty()), 0..4),
        prop::collection::vec((nasty(), value()), 0..4),
        any::<i64>(),
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn every_point_reads_back(points in prop::collection::vec(point(), 1..4)) {
        let mut out = Vec::new();
        let mut writer = LineWriter::new(&mut out);
        let mut expected = Vec::new();
        for (measurement, tags, fields, time) in &points {
            writer.measurement(measurement);
            for (key, value) in tags {
                writer.tag(key, value);
            }
            for (key, value) in fields {
                match value {
                    Value::Unsigned(number) => writer.integer(key, *number),
                    Value::Signed(number) => writer.signed(key, *number),
                    Value::Float(number) => writer.float(key, *number),
                    Value::Text(text) => writer.text(key, text),
                    Value::Boolean(truth) => writer.boolean(key, *truth),
                }
            }
            writer.end(*time);
            let usable = |key: &str| !matches!(documented(key).as_str(), "" | "time");
            let tags: Vec<_> = tags.iter()
                .filter(|(key, value)| usable(key) && !documented(value).is_empty())
                .map(|(key, value)| (documented(key), documented(value))).collect();
            let fields: Vec<_> = fields.iter()
                .filter(|(key, value)| usable(key) && !matches!(value, Value::Float(f) if !f.is_finite()))
                .map(|(key, value)| (documented(key), value)).collect();
            let measurement = documented_measurement(measurement);
            if !fields.is_empty() && !measurement.is_empty() {
                expected.push((measurement, tags, fields, *time));
            }
        }
        prop_assert_eq!(writer.points, expected.len() as u64);
        let text = String::from_utf8(out).unwrap();
        prop_assert_eq!(text.lines().count(), expected.len());
        let mut parsed = parse_lines(&text);
        for (measurement, tags, fields, time) in expected {
            let line = parsed.next().unwrap().map_err(|error| TestCaseError::fail(format!("{error} in {text:?}")))?;
            prop_assert_eq!(line.series.measurement.as_str(), measurement);
            let read: Vec<_> = line.series.tag_set.iter().flatten()
                .map(|(key, value)| (key.to_string(), value.to_string())).collect();
            prop_assert_eq!(read, tags);
            prop_assert_eq!(line.field_set.len(), fields.len());
            for ((key, value), (read_key, read)) in fields.iter().zip(&line.field_set) {
                prop_assert_eq!(key.as_str(), read_key.as_str());
                prop_assert!(expect(value, read), "{:?} read back as {:?} in {:?}", value, read, text);
            }
            prop_assert_eq!(line.timestamp, Some(time));
        }
        prop_assert!(parsed.next().is_none());
    }
}

#[test]
fn a_point_in_full() {
    let mut out = Vec::new();
    let mut writer = LineWriter::with(&mut out, b",host=n1", Precision::S);
    writer.measurement("disk");
    writer.tag("path", "/a b,c=d");
    writer.tag("none", "");
    writer.tag("unit", r"dev-disk-by\x2duuid");
    writer.integer("total", u64::MAX);
    writer.float("used_percent", 12.5);
    writer.float("nothing", f64::NAN);
    writer.text("note", "say \"hi\"\\\nbye");
    writer.end(1_700_000_000_999_999_999);
    writer.measurement("empty");
    writer.end(0);
    assert_eq!(
        String::from_utf8(out).unwrap(),
        "disk,host=n1,path=/a\\ b\\,c\\=d,unit=dev-disk-by\\x2duuid total=9223372036854775807i,\
         used_percent=12.5,note=\"say \\\"hi\\\"\\\\ bye\" 1700000000\n"
    );
}
