//! Delimited `io.prometheus.client.MetricFamily` messages, written as wire format by hand.
//!
//! A family is one message with its length before it, so it is collected whole before it is handed out.
//! Source of field numbers: prometheus/client_model `metrics.proto`.

use crate::encode::schema::Kind;
use crate::encode::schema::family::{Number, metadata_unit};
use crate::model::histogram::{BUCKETS, FIRST_INDEX, NativeHistogram, SCHEMA, ZERO_THRESHOLD};
use crate::model::stamp::Stamp;

use super::encoder::{Dialect, Row};
use super::labels::Syntax;
use super::text::{CLASSIC_BOUNDS, classic_counts};

/// Writes messages.
#[derive(Debug, Default)]
pub(super) struct Protobuf {
    family: Vec<u8>,
    scratch: Vec<u8>,
    extra: Vec<u8>,
}

impl Protobuf {
    /// Appends `metric { labels, value, timestamp }` from the value's field, already encoded in scratch.
    fn metric(&mut self, row: &Row<'_>, value_field: u32) {
        self.extra.clear();
        for (name, value) in row.extra {
            push_label(&mut self.extra, name, value);
        }
        let stamp_ms = row.stamp.map(Stamp::wall_ms).and_then(|ms| u64::try_from(ms).ok());
        let value_len = 1 + varint_len(self.scratch.len() as u64) + self.scratch.len();
        let stamp_len = stamp_ms.map_or(0, |ms| 1 + varint_len(ms));
        let len = row.labels.len() + self.extra.len() + value_len + stamp_len;
        let out = &mut self.family;
        out.reserve(len + 8);
        push_key(out, 4, BYTES);
        push_varint(out, len as u64);
        out.extend_from_slice(row.labels);
        out.extend_from_slice(&self.extra);
        push_key(out, value_field, BYTES);
        push_varint(out, self.scratch.len() as u64);
        out.extend_from_slice(&self.scratch);
        if let Some(ms) = stamp_ms {
            push_key(out, 6, VARINT);
            push_varint(out, ms);
        }
    }
}

impl Dialect for Protobuf {
    const SYNTAX: Syntax = Syntax::Protobuf;

    fn begin(&mut self, _: &mut Vec<u8>, name: &str, help: &str, kind: Kind) {
        self.family.clear();
        push_string(&mut self.family, 1, name);
        push_string(&mut self.family, 2, help);
        push_key(&mut self.family, 3, VARINT);
        push_varint(
            &mut self.family,
            match kind {
                Kind::Counter => 0,
                Kind::Gauge => 1,
                Kind::Histogram => 4,
            },
        );
        if let Some(unit) = metadata_unit(name) {
            push_string(&mut self.family, 5, unit);
        }
    }

    fn row(&mut self, _: &mut Vec<u8>, kind: Kind, row: &Row<'_>, number: Number) {
        self.scratch.clear();
        push_double(&mut self.scratch, 1, number.as_f64());
        if kind == Kind::Counter {
            if let Some(created) = row.created {
                push_time(&mut self.scratch, 3, created);
            }
            self.metric(row, 3);
        } else {
            self.metric(row, 2);
        }
    }

    fn histogram(&mut self, _: &mut Vec<u8>, row: &Row<'_>, histogram: &NativeHistogram) {
        self.scratch.clear();
        let out = &mut self.scratch;
        push_key(out, 1, VARINT);
        push_varint(out, histogram.count);
        push_double(out, 2, histogram.sum);
        if row.classic {
            for (count, (power, _)) in classic_counts(histogram).into_iter().zip(CLASSIC_BOUNDS) {
                push_key(out, 3, BYTES);
                push_varint(out, (1 + varint_len(count) + 9) as u64);
                push_key(out, 1, VARINT);
                push_varint(out, count);
                push_double(out, 2, f64::powi(2.0, power));
            }
        }
        push_key(out, 5, VARINT);
        push_varint(out, zigzag(i64::from(SCHEMA)));
        push_double(out, 6, ZERO_THRESHOLD);
        push_key(out, 7, VARINT);
        push_varint(out, histogram.zero_count);
        push_spans(out, &histogram.counts);
        push_deltas(out, &histogram.counts);
        if let Some(created) = row.created {
            push_time(out, 15, created);
        }
        self.metric(row, 7);
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        out.reserve(self.family.len() + 10);
        push_varint(out, self.family.len() as u64);
        out.extend_from_slice(&self.family);
        self.family.clear();
    }

    fn finish(&mut self, _: &mut Vec<u8>) {}
}

/// `positive_span`: runs of buckets that hold something. The first offset is the index of the first bucket,
/// each later one the number of empty buckets since the run before.
fn push_spans(out: &mut Vec<u8>, counts: &[u32; BUCKETS]) {
    let (mut place, mut end_of_last) = (0, None);
    while place < BUCKETS {
        if counts[place] == 0 {
            place += 1;
            continue;
        }
        let start = place;
        while place < BUCKETS && counts[place] != 0 {
            place += 1;
        }
        let offset = end_of_last.map_or(FIRST_INDEX + start as i32, |end: usize| (start - end) as i32);
        end_of_last = Some(place);
        let (offset, length) = (zigzag(i64::from(offset)), (place - start) as u64);
        push_key(out, 12, BYTES);
        push_varint(out, (2 + varint_len(offset) + varint_len(length)) as u64);
        push_key(out, 1, VARINT);
        push_varint(out, offset);
        push_key(out, 2, VARINT);
        push_varint(out, length);
    }
}

/// `positive_delta`: each bucket of the spans against the one before, the first against zero; packed.
fn push_deltas(out: &mut Vec<u8>, counts: &[u32; BUCKETS]) {
    let deltas = || {
        let mut last = 0;
        counts.iter().filter(|&&count| count != 0).map(move |&count| {
            let delta = i64::from(count) - last;
            last = i64::from(count);
            zigzag(delta)
        })
    };
    let len: usize = deltas().map(varint_len).sum();
    if len > 0 {
        push_key(out, 13, BYTES);
        push_varint(out, len as u64);
        for delta in deltas() {
            push_varint(out, delta);
        }
    }
}

const VARINT: u32 = 0;
const DOUBLE: u32 = 1;
const BYTES: u32 = 2;

/// Appends a `label` field of a metric.
pub(super) fn push_label(out: &mut Vec<u8>, name: &str, value: &str) {
    let len = string_len(name) + string_len(value);
    push_key(out, 1, BYTES);
    push_varint(out, len as u64);
    push_string(out, 1, name);
    push_string(out, 2, value);
}

fn push_key(out: &mut Vec<u8>, field: u32, wire: u32) {
    // All field numbers here are below 16: one byte.
    out.push((field << 3 | wire) as u8);
}

fn push_varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn varint_len(number: u64) -> usize {
    (64 - (number | 1).leading_zeros() as usize).div_ceil(7)
}

fn zigzag(number: i64) -> u64 {
    (number << 1 ^ number >> 63) as u64
}

fn push_double(out: &mut Vec<u8>, field: u32, number: f64) {
    push_key(out, field, DOUBLE);
    out.extend_from_slice(&number.to_le_bytes());
}

fn push_string(out: &mut Vec<u8>, field: u32, text: &str) {
    push_key(out, field, BYTES);
    push_varint(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

fn string_len(text: &str) -> usize {
    1 + varint_len(text.len() as u64) + text.len()
}

/// A `google.protobuf.Timestamp`.
fn push_time(out: &mut Vec<u8>, field: u32, seconds: f64) {
    let (whole, nanos) = (seconds.floor() as u64, (seconds.fract() * 1e9) as u64);
    push_key(out, field, BYTES);
    push_varint(out, (2 + varint_len(whole) + varint_len(nanos)) as u64);
    push_key(out, 1, VARINT);
    push_varint(out, whole);
    push_key(out, 2, VARINT);
    push_varint(out, nanos);
}
