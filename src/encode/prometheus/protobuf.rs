//! Delimited `io.prometheus.client.MetricFamily` messages, written as wire format by hand.
//!
//! A family is one message with its length before it, so it is collected whole before it is handed out.
//! Source of field numbers: prometheus/client_model `metrics.proto`.

use crate::encode::schema::Kind;
use crate::encode::schema::family::{Number, metadata_unit};
use crate::encode::wire::{
    BYTES, VARINT, push_deltas, push_double, push_key, push_spans, push_string, push_varint, string_len,
    varint_len, zigzag,
};
use crate::model::histogram::{NativeHistogram, SCHEMA, ZERO_THRESHOLD};
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

    fn begin(&mut self, _: &mut Vec<u8>, name: &'static str, help: &'static str, kind: Kind) {
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
        push_spans(out, 12, &histogram.counts);
        push_deltas(out, 13, &histogram.counts);
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

/// Appends a `label` field of a metric.
pub(super) fn push_label(out: &mut Vec<u8>, name: &str, value: &str) {
    let len = string_len(name) + string_len(value);
    push_key(out, 1, BYTES);
    push_varint(out, len as u64);
    push_string(out, 1, name);
    push_string(out, 2, value);
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
