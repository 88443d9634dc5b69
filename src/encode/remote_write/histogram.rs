//! `prometheus.Histogram` and `io.prometheus.write.v2.Histogram`, which number their fields alike.
//!
//! Source of field numbers: prometheus/prometheus `prompb/types.proto` and `prompb/io/prometheus/write/v2/types.proto`.

use super::series::STALE;
use crate::encode::wire::{VARINT, push_deltas, push_double, push_key, push_spans, push_varint, zigzag};
use crate::model::histogram::{NativeHistogram, SCHEMA, ZERO_THRESHOLD};

/// Appends the fields of one histogram.
pub(super) fn push_histogram(out: &mut Vec<u8>, histogram: &NativeHistogram, at_ms: i64) {
    push_number(out, 1, histogram.count);
    push_double(out, 3, histogram.sum);
    push_number(out, 4, zigzag(i64::from(SCHEMA)));
    push_double(out, 5, ZERO_THRESHOLD);
    push_number(out, 6, histogram.zero_count);
    push_spans(out, 11, &histogram.counts);
    push_deltas(out, 12, &histogram.counts);
    push_number(out, 15, at_ms as u64);
}

/// The end of a series of histograms: one without observations whose sum is the stale marker.
pub(super) fn push_no_histogram(out: &mut Vec<u8>, at_ms: i64) {
    push_number(out, 1, 0);
    push_double(out, 3, STALE);
    push_number(out, 6, 0);
    push_number(out, 15, at_ms as u64);
}

pub(super) fn push_number(out: &mut Vec<u8>, field: u32, number: u64) {
    push_key(out, field, VARINT);
    push_varint(out, number);
}
