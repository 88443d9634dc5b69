//! Rows of the walk become series: their labels completed, histograms as native ones or as classic buckets.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;

use super::keys::{Hashed, Keys, hash_of, key_of};
use super::labels::{self, Labels, Set};
use super::request::Requests;
use super::series::{Family, STALE, Series, Value};
use crate::encode::prometheus::{CLASSIC_BOUNDS, Dialect, Row, Syntax, classic_counts};
use crate::encode::schema::Kind;
use crate::encode::schema::family::Number;
use crate::model::histogram::NativeHistogram;
use crate::model::stamp::Stamp;

/// Which rows are written, and as what.
#[derive(Debug)]
pub(super) enum Task<'a> {
    /// All, each once; their keys are noted.
    Write { keys: &'a mut Keys, describe: bool },
    /// The end of those of `ended` that are not in `kept`.
    End { ended: &'a mut Keys, kept: &'a Keys },
}

/// The part of the walk that writes.
#[derive(Debug)]
pub(super) struct Writer<'a> {
    pub(super) requests: &'a mut Requests,
    pub(super) task: Task<'a>,
    /// The labels of every series, encoded.
    pub(super) common: &'a [u8],
    pub(super) native: bool,
    /// The time of rows without one of their own.
    pub(super) at_ms: i64,
    pub(super) family: Option<(Family, u64)>,
    /// The family's metadata was added to a request.
    pub(super) described: bool,
    /// Name and further labels of a row, encoded.
    pub(super) scratch: Vec<u8>,
    /// Labels of units with those of all, by the hash of the units' own.
    pub(super) sets: HashMap<u64, Set, BuildHasherDefault<Hashed>>,
}

/// A row that is written.
#[derive(Clone, Copy, Debug)]
struct Wanted<'a> {
    family: Family,
    row: &'a Row<'a>,
    /// The hash of the unit's labels.
    labels: u64,
    is_end: bool,
}

impl Writer<'_> {
    /// The row, where it is written.
    fn wanted<'r>(&mut self, row: &'r Row<'r>) -> Option<Wanted<'r>> {
        let (family, name) = self.family?;
        let labels = hash_of(row.labels);
        let key = key_of(name, labels, row);
        let is_end = match &mut self.task {
            // A second row of the same labels would have the whole request refused.
            Task::Write { keys, .. } => keys.insert(key).then_some(false),
            Task::End { ended, kept } => (!kept.contains(&key) && ended.remove(&key)).then_some(true),
        }?;
        Some(Wanted { family, row, labels, is_end })
    }

    fn series(&mut self, wanted: &Wanted<'_>, suffix: &str, le: Option<&str>, value: Value<'_>) {
        let Wanted { family, row, labels, is_end } = *wanted;
        self.scratch.clear();
        if suffix.is_empty() {
            labels::push(&mut self.scratch, "__name__", family.name);
        } else {
            labels::push(&mut self.scratch, "__name__", &[family.name, suffix].concat());
        }
        for (name, value) in row.extra {
            labels::push(&mut self.scratch, name, value);
        }
        if let Some(le) = le {
            labels::push(&mut self.scratch, "le", le);
        }
        let set = self.sets.entry(labels).or_insert_with(|| Set::of(row.labels, self.common));
        let labels = Labels::new(labels, set, &self.scratch);
        let at_ms = row.stamp.filter(|_| !is_end).map_or(self.at_ms, Stamp::wall_ms);
        let created_ms = row.created.map(|seconds| (seconds * 1000.0) as i64);
        let created_ms = created_ms.filter(|&created| !is_end && 0 < created && created < at_ms);
        self.requests.push(&Series { family, labels: &labels, at_ms, created_ms, value });
        if let (Task::Write { describe: true, .. }, false) = (&self.task, self.described) {
            self.described = true;
            self.requests.describe(&family);
        }
    }
}

impl Dialect for Writer<'_> {
    const SYNTAX: Syntax = Syntax::Protobuf;

    fn begin(&mut self, _: &mut Vec<u8>, name: &'static str, help: &'static str, kind: Kind) {
        self.family = Some((Family { name, help, kind }, hash_of(name.as_bytes())));
        self.described = false;
    }

    fn row(&mut self, _: &mut Vec<u8>, _: Kind, row: &Row<'_>, number: Number) {
        let Some(wanted) = self.wanted(row) else { return };
        let number = if wanted.is_end { STALE } else { number.as_f64() };
        self.series(&wanted, "", None, Value::Number(number));
    }

    fn histogram(&mut self, _: &mut Vec<u8>, row: &Row<'_>, histogram: &NativeHistogram) {
        let Some(wanted) = self.wanted(row) else { return };
        if self.native {
            let value = if wanted.is_end { Value::NoHistogram } else { Value::Histogram(histogram) };
            return self.series(&wanted, "", None, value);
        }
        let number = |number: f64| Value::Number(if wanted.is_end { STALE } else { number });
        for (count, (_, bound)) in classic_counts(histogram).into_iter().zip(CLASSIC_BOUNDS) {
            self.series(&wanted, "_bucket", Some(bound), number(count as f64));
        }
        let count = histogram.count as f64;
        self.series(&wanted, "_bucket", Some("+Inf"), number(count));
        self.series(&wanted, "_count", None, number(count));
        self.series(&wanted, "_sum", None, number(histogram.sum));
    }

    fn end(&mut self, _: &mut Vec<u8>) {}

    fn finish(&mut self, _: &mut Vec<u8>) {}
}
