//! `prometheus.WriteRequest`: every series with its labels as text, metadata by the family now and then.
//!
//! Source of field numbers: prometheus/prometheus `prompb/remote.proto` and `prompb/types.proto`.

use super::histogram::{push_histogram, push_no_histogram, push_number};
use super::labels::Run;
use super::series::{Family, Series, Value};
use crate::encode::schema::family::metadata_unit;
use crate::encode::wire::{BYTES, push_double, push_key, push_string, push_varint, varint_len};

/// WriteRequest.timeseries.
pub(super) const SERIES: u32 = 1;
/// TimeSeries.samples.
pub(super) const SAMPLES: u32 = 2;
/// TimeSeries.histograms.
pub(super) const HISTOGRAMS: u32 = 4;

/// One request, being written.
#[derive(Debug, Default)]
pub(super) struct V1 {
    series: Vec<u8>,
    metadata: Vec<u8>,
    scratch: Vec<u8>,
}

impl V1 {
    pub(super) fn push(&mut self, series: &Series<'_>) {
        let scratch = &mut self.scratch;
        scratch.clear();
        let field = match series.value {
            Value::Number(number) => {
                push_double(scratch, 1, number);
                push_number(scratch, 2, series.at_ms as u64);
                SAMPLES
            }
            Value::Histogram(histogram) => {
                push_histogram(scratch, histogram, series.at_ms);
                HISTOGRAMS
            }
            Value::NoHistogram => {
                push_no_histogram(scratch, series.at_ms);
                HISTOGRAMS
            }
        };
        let labels = series.labels.len();
        let value = 1 + varint_len(scratch.len() as u64) + scratch.len();
        let out = &mut self.series;
        out.reserve(labels + value + 8);
        push_key(out, SERIES, BYTES);
        push_varint(out, (labels + value) as u64);
        series.labels.each_run(|run| {
            out.extend_from_slice(match run {
                Run::Shared(places) => series.labels.set.fields(places),
                Run::Added(label) => label.field,
            });
        });
        push_key(out, field, BYTES);
        push_varint(out, scratch.len() as u64);
        out.extend_from_slice(scratch);
    }

    /// Adds the metadata of a family.
    pub(super) fn describe(&mut self, family: &Family) {
        let scratch = &mut self.scratch;
        scratch.clear();
        push_number(scratch, 1, family.type_number());
        push_string(scratch, 2, family.name);
        push_string(scratch, 4, family.help);
        if let Some(unit) = metadata_unit(family.name) {
            push_string(scratch, 5, unit);
        }
        push_key(&mut self.metadata, 3, BYTES);
        push_varint(&mut self.metadata, scratch.len() as u64);
        self.metadata.extend_from_slice(scratch);
    }

    /// The parts of the request in their order.
    pub(super) fn parts(&self) -> [&[u8]; 2] {
        [&self.series, &self.metadata]
    }

    pub(super) fn clear(&mut self) {
        self.series.clear();
        self.metadata.clear();
    }
}
