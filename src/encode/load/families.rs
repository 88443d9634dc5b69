//! Families of a page while it is put together: rows come in by request and go out by name.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::schema::BUCKETS;
use crate::encode::prometheus::Syntax;
use crate::load::histogram::Histogram;

const NANOS_PER_SECOND: f64 = 1e9;

/// What the rows of a family are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Counter,
    Gauge,
    Histogram,
}

#[derive(Debug)]
struct Family<'a> {
    kind: Kind,
    help: String,
    /// By labels: what differs only in what is no label is one row.
    rows: BTreeMap<Vec<u8>, Row<'a>>,
}

#[derive(Debug)]
enum Row<'a> {
    Number(f64),
    Histogram(Cow<'a, Histogram>),
}

/// By name.
#[derive(Debug, Default)]
pub(super) struct Families<'a> {
    all: BTreeMap<String, Family<'a>>,
}

/// The labels of a row, serialised.
#[derive(Clone, Debug, Default)]
pub(super) struct Labels {
    bytes: Vec<u8>,
    names: Vec<String>,
}

impl Labels {
    /// Adds a label unless its name is taken, reserved or its value is empty. What a name cannot hold becomes `_`.
    pub(super) fn push(&mut self, name: &str, value: &str) {
        let name = plain(name);
        // A digit may not come first.
        let name = if name.starts_with(|c: char| c.is_ascii_digit()) { format!("_{name}") } else { name };
        // `le` belongs to the buckets; the others are those that statsd_exporter is told to leave out.
        let is_reserved =
            matches!(name.as_str(), "" | "le" | "vu" | "iter" | "url") || name.starts_with("__");
        if value.is_empty() || is_reserved || self.names.contains(&name) {
            return;
        }
        Syntax::Text.push(&mut self.bytes, &name, value);
        self.names.push(name);
    }
}

impl<'a> Families<'a> {
    /// A row of a counter or a gauge.
    pub(super) fn number(&mut self, name: &str, kind: Kind, help: &str, labels: &Labels, value: f64) {
        let Some(rows) = self.rows(name, kind, help) else { return };
        match rows.get_mut(&labels.bytes) {
            Some(Row::Number(known)) if kind == Kind::Counter => *known += value,
            Some(Row::Number(known)) => *known = value,
            _ => drop(rows.insert(labels.bytes.clone(), Row::Number(value))),
        }
    }

    /// The rows of a histogram of nanoseconds, in seconds.
    pub(super) fn histogram(&mut self, name: &str, help: &str, labels: &Labels, histogram: &'a Histogram) {
        let Some(rows) = self.rows(name, Kind::Histogram, help) else { return };
        match rows.get_mut(&labels.bytes) {
            Some(Row::Histogram(known)) => known.to_mut().merge(histogram),
            _ => drop(rows.insert(labels.bytes.clone(), Row::Histogram(Cow::Borrowed(histogram)))),
        }
    }

    /// The page.
    pub(super) fn write(self) -> Vec<u8> {
        let mut out = Vec::new();
        for (name, family) in self.all {
            let kind = match family.kind {
                Kind::Counter => "counter",
                Kind::Gauge => "gauge",
                Kind::Histogram => "histogram",
            };
            let help = family.help.replace('\\', "\\\\").replace('\n', "\\n");
            out.extend_from_slice(format!("# HELP {name} {help}\n# TYPE {name} {kind}\n").as_bytes());
            for (labels, row) in &family.rows {
                match row {
                    Row::Number(value) => push_row(&mut out, &name, labels, None, &value.to_string()),
                    Row::Histogram(histogram) => push_histogram(&mut out, &name, labels, histogram),
                }
            }
        }
        out
    }

    /// Two metrics may become one name; a family has one kind, and the first decides.
    fn rows(&mut self, name: &str, kind: Kind, help: &str) -> Option<&mut BTreeMap<Vec<u8>, Row<'a>>> {
        let new = || Family { kind, help: help.to_owned(), rows: BTreeMap::new() };
        let family = self.all.entry(name.to_owned()).or_insert_with(new);
        (family.kind == kind).then_some(&mut family.rows)
    }
}

/// A name of letters, digits and underscores, as statsd_exporter makes it.
pub(super) fn plain(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
}

/// A value counts towards a bucket where all values that share its place in our histogram do, so that a bucket is at
/// most 0.1 % too strict.
fn push_histogram(out: &mut Vec<u8>, name: &str, labels: &[u8], histogram: &Histogram) {
    let buckets = format!("{name}_bucket");
    for (bound, nanos) in BUCKETS {
        push_row(out, &buckets, labels, Some(bound), &histogram.at_most(nanos).to_string());
    }
    let count = histogram.count().to_string();
    push_row(out, &buckets, labels, Some("+Inf"), &count);
    let sum = histogram.sum_nanos() as f64 / NANOS_PER_SECOND;
    push_row(out, &format!("{name}_sum"), labels, None, &sum.to_string());
    push_row(out, &format!("{name}_count"), labels, None, &count);
}

fn push_row(out: &mut Vec<u8>, name: &str, labels: &[u8], bound: Option<&str>, value: &str) {
    out.extend_from_slice(name.as_bytes());
    if !labels.is_empty() || bound.is_some() {
        out.push(b'{');
        out.extend_from_slice(labels);
        if let Some(bound) = bound {
            Syntax::Text.push(out, "le", bound);
        }
        // Every label ends in a comma, so that another can follow.
        out.pop();
        out.push(b'}');
    }
    out.push(b' ');
    out.extend_from_slice(value.as_bytes());
    out.push(b'\n');
}
