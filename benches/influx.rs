//! Line protocol of a million points, ours against the builder of the influxdb-line-protocol crate, which is handed
//! the same points ready-made, and against copying the same bytes. Interleaved rounds; medians and their ratios, of
//! the thread's CPU time: what else runs on the machine would interrupt long rounds more often than short ones.
//!
//! - Whole rows: a node of 250 pods with three containers each. Our time holds everything between a snapshot and
//!   its batches: finding what belongs to a pod, sums, limits and utilization, the cached prefixes, a fresh buffer
//!   per snapshot. The builder's holds none of that, and its buffer is kept.
//! - One-field lines: the line writer alone, into a kept buffer, as the builder. Our measurement and tags stand
//!   ready as the producer's cache holds them; the builder has them as strings, its only form.

#![allow(clippy::expect_used, reason = "a bench may panic")]

#[path = "../tests/influxdb/sample.rs"]
mod sample;

use std::hint::black_box;
use std::time::Duration;

use influxdb_line_protocol::builder::BeforeMeasurement;
use influxdb_line_protocol::{FieldValue, LineProtocolBuilder, parse_lines};
use podometer::encode::influx::{Key, LineWriter, Producer, append_tag};
use rustix::time::{ClockId, clock_gettime};

/// Of each kind.
const POINTS: usize = 1_000_000;
/// One-field lines of a round: a batch.
const LINES: usize = 5000;
const FIELD: &str = "cpu_usage_nanocores";
const KEY: Key = Key::new(",cpu_usage_nanocores=");

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

/// How long one round took: ours, the builder's and a copy of the same bytes.
#[derive(Default)]
struct Race {
    ours: Vec<Duration>,
    theirs: Vec<Duration>,
    copies: Vec<Duration>,
}

impl Race {
    /// A round of each, one after the other; `ours` keeps what it wrote until its time is taken.
    fn round<T>(&mut self, ours: impl FnOnce() -> T, points: &[Point], text: &[u8], buffer: &mut Vec<u8>) {
        let (written, time) = timed(ours);
        drop(written);
        self.ours.push(time);
        buffer.clear();
        let kept = std::mem::take(buffer);
        let (built, time) = timed(|| build(black_box(points), kept));
        *buffer = built;
        self.theirs.push(time);
        buffer.clear();
        let ((), time) = timed(|| buffer.extend_from_slice(black_box(text)));
        self.copies.push(time);
        black_box(&*buffer);
    }

    #[allow(clippy::print_stdout, reason = "a bench prints what it measured")]
    fn print(self, what: &str, points: usize, bytes: usize) {
        let rounds = self.ours.len();
        println!("{what}: {} points in {rounds} rounds, {} bytes each", rounds * points, bytes / points);
        let [ours, theirs, copies] = [self.ours, self.theirs, self.copies].map(median);
        for (name, time) in [("podometer", ours), ("influxdb-line-protocol", theirs), ("memcpy", copies)] {
            println!(
                "  {name:<22} {:>12.0} points/s {:>8.1} ns/point {:>8.0} MB/s",
                points as f64 / time,
                time * 1e9 / points as f64,
                bytes as f64 / time / 1e6,
            );
        }
        println!("  {:<22} {:>12.1}", "ratio to the builder", theirs / ours);
        println!("  {:<22} {:>12.1}", "ratio to memcpy", ours / copies);
    }
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let begun = cpu_time();
    let made = black_box(work());
    (made, cpu_time().saturating_sub(begun))
}

fn cpu_time() -> Duration {
    let used = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(used.tv_sec as u64, used.tv_nsec as u32)
}

/// In seconds.
fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64()
}

fn whole_rows() {
    let snapshot = sample::large(250);
    let mut producer = Producer::new(sample::options("n1"));
    let batches = producer.encode_snapshot(&snapshot, &mut []);
    let text: Vec<u8> = batches.iter().flat_map(|batch| batch.body.to_vec()).collect();
    let points = points(&String::from_utf8_lossy(&text));
    let mut buffer = build(&points, Vec::new());
    assert_eq!(memchr::memchr_iter(b'\n', &buffer).count(), points.len());
    let mut race = Race::default();
    for _ in 0..POINTS.div_ceil(points.len()) {
        let ours = || producer.encode_snapshot(black_box(&snapshot), &mut []);
        race.round(ours, &points, &text, &mut buffer);
    }
    race.print("whole rows", points.len(), text.len());
}

fn one_field_lines() {
    let points: Vec<Point> = (0..LINES).map(one_field_point).collect();
    let prefixes: Vec<Vec<u8>> = points.iter().map(prefix).collect();
    let values: Vec<u64> = (0..LINES).map(one_field_value).collect();
    let text = build(&points, Vec::new());
    let (mut ours, mut buffer) = (Vec::new(), text.clone());
    let mut race = Race::default();
    for _ in 0..POINTS / LINES {
        let write = || {
            ours.clear();
            let mut writer = LineWriter::new(&mut ours);
            for (prefix, value) in prefixes.iter().zip(black_box(&values)) {
                writer.prefix(prefix);
                writer.plain_integer(&KEY, *value);
                writer.end(sample::TAKEN_NS);
            }
            writer.finish();
        };
        race.round(write, &points, &text, &mut buffer);
    }
    assert!(ours == text, "both write the same bytes");
    race.print("one-field lines", LINES, text.len());
}

fn one_field_point(at: usize) -> Point {
    let tags = [
        ("host", "n1".to_owned()),
        ("namespace", "shop".to_owned()),
        ("pod_name", format!("deployment-7d9c5b6f8-{:05}", at / 3)),
        ("container_name", format!("container-{}", at % 3)),
    ];
    Point {
        measurement: "kubernetes_pod_container".to_owned(),
        tags: tags.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
        fields: vec![(FIELD.to_owned(), Value::Integer(one_field_value(at) as i64))],
        time: sample::TAKEN_NS,
    }
}

/// Of four to eleven digits, in no order.
fn one_field_value(at: usize) -> u64 {
    let spread = (at as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 28;
    spread >> (at % 24)
}

fn prefix(point: &Point) -> Vec<u8> {
    let mut prefix = point.measurement.clone().into_bytes();
    for (key, value) in &point.tags {
        append_tag(&mut prefix, key, value);
    }
    prefix
}

fn main() {
    whole_rows();
    one_field_lines();
}
