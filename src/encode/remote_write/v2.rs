//! `io.prometheus.write.v2.Request`: strings by number, metadata and start with every series.
//!
//! Source of field numbers: prometheus/prometheus `prompb/io/prometheus/write/v2/types.proto`. The start is written
//! twice: to the sample as of 2.0-rc.4, and to the series as the receivers of Prometheus 3.0 to 3.7 read it.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;

use super::histogram::{push_histogram, push_no_histogram, push_number};
use super::keys::Hashed;
use super::labels::{Labels, Run};
use super::series::{Series, Value};
use super::symbols::Symbols;
use crate::encode::schema::family::metadata_unit;
use crate::encode::wire::{BYTES, push_double, push_key, push_varint, varint_len};

/// Request.symbols.
pub(super) const SYMBOLS: u32 = 4;
/// Request.timeseries.
pub(super) const SERIES: u32 = 5;
/// TimeSeries.samples.
pub(super) const SAMPLES: u32 = 2;
/// TimeSeries.histograms.
pub(super) const HISTOGRAMS: u32 = 3;

/// One request, being written.
#[derive(Debug)]
pub(super) struct V2 {
    symbols: Symbols,
    series: Vec<u8>,
    sets: References,
    references: Vec<u8>,
    scratch: Vec<u8>,
    rest: Vec<u8>,
}

/// The labels of sets that were met, as references to symbols.
#[derive(Debug, Default)]
struct References {
    bytes: Vec<u8>,
    /// Where the references of each label begin in `bytes`, set after set, each with the end of its last label.
    starts: Vec<usize>,
    /// Where a set's places begin in `starts`.
    by_key: HashMap<u64, usize, BuildHasherDefault<Hashed>>,
}

impl References {
    /// Where the places of a set begin.
    fn of(&mut self, labels: &Labels<'_>, symbols: &mut Symbols) -> usize {
        if let Some(&known) = self.by_key.get(&labels.key) {
            return known;
        }
        let first = self.starts.len();
        self.by_key.insert(labels.key, first);
        for label in labels.set.labels() {
            self.starts.push(self.bytes.len());
            push_varint(&mut self.bytes, symbols.number(label.name));
            push_varint(&mut self.bytes, symbols.number(label.value));
        }
        self.starts.push(self.bytes.len());
        first
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.starts.clear();
        self.by_key.clear();
    }
}

impl V2 {
    pub(super) fn new() -> V2 {
        V2 {
            symbols: Symbols::new(SYMBOLS),
            series: Vec::new(),
            sets: References::default(),
            references: Vec::new(),
            scratch: Vec::new(),
            rest: Vec::new(),
        }
    }

    pub(super) fn push(&mut self, series: &Series<'_>) {
        self.refer(series.labels);
        let scratch = &mut self.scratch;
        scratch.clear();
        let (field, start_field) = match series.value {
            Value::Number(number) => {
                push_double(scratch, 1, number);
                push_number(scratch, 2, series.at_ms as u64);
                (SAMPLES, 3)
            }
            Value::Histogram(histogram) => {
                push_histogram(scratch, histogram, series.at_ms);
                (HISTOGRAMS, 17)
            }
            Value::NoHistogram => {
                push_no_histogram(scratch, series.at_ms);
                (HISTOGRAMS, 17)
            }
        };
        if let Some(created) = series.created_ms {
            push_number(scratch, start_field, created as u64);
        }
        self.push_rest(series);
        let fields = [(1, &self.references), (field, &self.scratch)];
        let len = |(_, bytes): &(u32, &Vec<u8>)| 1 + varint_len(bytes.len() as u64) + bytes.len();
        let out = &mut self.series;
        push_key(out, SERIES, BYTES);
        push_varint(out, (fields.iter().map(len).sum::<usize>() + self.rest.len()) as u64);
        for (field, bytes) in fields {
            push_key(out, field, BYTES);
            push_varint(out, bytes.len() as u64);
            out.extend_from_slice(bytes);
        }
        out.extend_from_slice(&self.rest);
    }

    fn refer(&mut self, labels: &Labels<'_>) {
        let V2 { symbols, sets, references, .. } = self;
        let first = sets.of(labels, symbols);
        references.clear();
        labels.each_run(|run| match run {
            Run::Shared(places) => {
                let (from, to) = (sets.starts[first + places.start], sets.starts[first + places.end]);
                references.extend_from_slice(&sets.bytes[from..to]);
            }
            Run::Added(label) => {
                push_varint(references, symbols.number(label.name));
                push_varint(references, symbols.number(label.value));
            }
        });
    }

    /// Metadata and the start of the whole series.
    fn push_rest(&mut self, series: &Series<'_>) {
        let help = self.symbols.number(series.family.help.as_bytes());
        let unit = metadata_unit(series.family.name).map_or(0, |unit| self.symbols.number(unit.as_bytes()));
        let rest = &mut self.rest;
        rest.clear();
        push_key(rest, 5, BYTES);
        let unit_len = if unit == 0 { 0 } else { 1 + varint_len(unit) };
        push_varint(rest, (2 + 1 + varint_len(help) + unit_len) as u64);
        push_number(rest, 1, series.family.type_number());
        push_number(rest, 3, help);
        if unit != 0 {
            push_number(rest, 4, unit);
        }
        if let Some(created) = series.created_ms {
            push_number(rest, 6, created as u64);
        }
    }

    /// The parts of the request in their order.
    pub(super) fn parts(&self) -> [&[u8]; 2] {
        [self.symbols.encoded(), &self.series]
    }

    pub(super) fn clear(&mut self) {
        self.symbols.clear();
        self.sets.clear();
        self.series.clear();
    }
}
