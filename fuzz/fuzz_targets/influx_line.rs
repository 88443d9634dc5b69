//! Any names and values, written as line protocol, are one point that another parser reads back the same.
#![no_main]

use influxdb_line_protocol::{FieldValue, parse_lines};
use libfuzzer_sys::fuzz_target;
use podometer::encode::influx::LineWriter;

fuzz_target!(|input: (&str, &str, &str, &str, u64, f64)| {
    let (measurement, tag, text, field, integer, float) = input;
    let mut out = Vec::new();
    let mut lines = LineWriter::new(&mut out);
    lines.measurement("m");
    lines.tag("measurement", measurement);
    lines.tag("tag", tag);
    lines.text("text", text);
    lines.integer("integer", integer);
    lines.float("float", float);
    lines.text("field", field);
    lines.end(1);
    assert_eq!(out.iter().filter(|byte| **byte == b'\n').count(), 1, "one point is one line");
    let written = str::from_utf8(&out).expect("UTF-8 in, UTF-8 out");
    let points: Vec<_> = parse_lines(written)
        .collect::<Result<_, _>>()
        .unwrap_or_else(|error| panic!("{error:?} in {written:?}"));
    assert_eq!(points.len(), 1);
    assert_eq!(points[0].timestamp, Some(1));
    let one_line = |text: &str| text.replace(|letter: char| letter.is_ascii_control(), " ");
    for (name, value) in &points[0].field_set {
        match (name.as_str(), value) {
            ("text", FieldValue::String(read)) => assert_eq!(read.as_str(), one_line(text)),
            ("field", FieldValue::String(read)) => assert_eq!(read.as_str(), one_line(field)),
            ("integer", FieldValue::I64(read)) => assert_eq!(*read as u64, integer.min(i64::MAX as u64)),
            ("float", FieldValue::F64(read)) => assert_eq!(read.to_bits(), float.to_bits()),
            (name, value) => panic!("{name} was read as {value:?}"),
        }
    }
});
