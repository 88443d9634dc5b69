//! Line protocol of 250 pods with three containers each: our encoder from the snapshot, with its prefix cache,
//! against the builder of the influxdb-line-protocol crate, which is handed the same points ready-made.
//! Interleaved rounds; the medians and their ratio count.

#![allow(clippy::expect_used, reason = "a bench may panic")]

#[path = "../tests/influxdb/sample.rs"]
mod sample;

use std::hint::black_box;
use std::time::{Duration, Instant};

use influxdb_line_protocol::builder::BeforeMeasurement;
use influxdb_line_protocol::{FieldValue, LineProtocolBuilder, parse_lines};
use podometer::encode::influx::Producer;

const ROUNDS: usize = 41;

struct Point {
    measurement: String,
    tags: Vec<(String, String)>,
    fields: Vec<(String, Value)>,
    time: i64,
}

enum Value {
    Integer(i64),
    Float(f64),
    Text(String),
}

fn points(text: &str) -> Vec<Point> {
    let lines = parse_lines(text).map(|line| line.expect("our own lines parse"));
    lines
        .map(|line| Point {
            measurement: line.series.measurement.to_string(),
            tags: line.series.tag_set.iter().flatten().map(|(k, v)| (k.to_string(), v.to_string())).collect(),
            fields: line
                .field_set
                .iter()
                .map(|(key, value)| match value {
                    FieldValue::I64(value) => (key.to_string(), Value::Integer(*value)),
                    FieldValue::F64(value) => (key.to_string(), Value::Float(*value)),
                    FieldValue::String(value) => (key.to_string(), Value::Text(value.to_string())),
                    other => unreachable!("{other:?} is not in the sample"),
                })
                .collect(),
            time: line.timestamp.unwrap_or_default(),
        })
        .collect()
}

fn build(points: &[Point], out: Vec<u8>) -> Vec<u8> {
    let mut builder: LineProtocolBuilder<Vec<u8>, BeforeMeasurement> = LineProtocolBuilder::new_with(out);
    for point in points {
        let mut line = builder.measurement(&point.measurement);
        for (key, value) in &point.tags {
            line = line.tag(key, value);
        }
        let (key, first) = &point.fields[0];
        let mut line = match first {
            Value::Integer(value) => line.field(key, *value),
            Value::Float(value) => line.field(key, *value),
            Value::Text(value) => line.field(key, value.as_str()),
        };
        for (key, value) in &point.fields[1..] {
            line = match value {
                Value::Integer(value) => line.field(key, *value),
                Value::Float(value) => line.field(key, *value),
                Value::Text(value) => line.field(key, value.as_str()),
            };
        }
        builder = line.timestamp(point.time).close_line();
    }
    builder.build()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

#[allow(clippy::print_stdout, reason = "a bench prints what it measured")]
fn main() {
    let snapshot = sample::large(250);
    let mut producer = Producer::new(sample::options("n1"));
    let batches = producer.encode_snapshot(&snapshot, &mut []);
    let text: String =
        batches.iter().map(|batch| String::from_utf8_lossy(&batch.body).into_owned()).collect();
    let points = points(&text);
    let built = build(&points, Vec::new());
    assert_eq!(memchr::memchr_iter(b'\n', &built).count(), points.len());
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    let mut buffer = Vec::with_capacity(built.len());
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        black_box(producer.encode_snapshot(black_box(&snapshot), &mut []));
        ours.push(begun.elapsed());
        buffer.clear();
        let begun = Instant::now();
        buffer = build(black_box(&points), buffer);
        theirs.push(begun.elapsed());
        black_box(&buffer);
    }
    let (ours, theirs) = (median(ours), median(theirs));
    let rate = |time: Duration| points.len() as f64 / time.as_secs_f64();
    println!("{} points, {} bytes each", points.len(), text.len() / points.len());
    println!("podometer              {:>10.0} points/s  {:>7.0} ns/point", rate(ours), 1e9 / rate(ours));
    println!("influxdb-line-protocol {:>10.0} points/s  {:>7.0} ns/point", rate(theirs), 1e9 / rate(theirs));
    println!("ratio                  {:>10.1}", theirs.as_secs_f64() / ours.as_secs_f64());
}
