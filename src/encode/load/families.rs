//! Families of a page while it is put together: rows come in by request and go out by name.

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
struct Family {
    kind: Kind,
    help: String,
    rows: Vec<u8>,
}

/// By name.
#[derive(Debug, Default)]
pub(super) struct Families {
    all: BTreeMap<String, Family>,
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
        // `le` belongs to the buckets; the others are those that statsd_exporter is told to leave out.
        let is_reserved =
            matches!(name.as_str(), "" | "le" | "vu" | "iter" | "url") || name.starts_with("__");
        if value.is_empty() || is_reserved || self.names.contains(&name) {
            return;
        }
        // A digit may not come first.
        let name = if name.starts_with(|c: char| c.is_ascii_digit()) { format!("_{name}") } else { name };
        Syntax::Text.push(&mut self.bytes, &name, value);
        self.names.push(name);
    }
}

impl Families {
    /// A row of a counter or a gauge.
    pub(super) fn number(&mut self, name: &str, kind: Kind, help: &str, labels: &Labels, value: f64) {
        if let Some(rows) = self.rows(name, kind, help) {
            push_row(rows, name, "", labels, None, &value.to_string());
        }
    }

    /// The rows of a histogram of nanoseconds, in seconds. A value counts towards a bucket where all values that share
    /// its place in our histogram do, so that a bucket is at most 0.1 % too strict.
    pub(super) fn histogram(&mut self, name: &str, help: &str, labels: &Labels, histogram: &Histogram) {
        let Some(rows) = self.rows(name, Kind::Histogram, help) else { return };
        for (bound, nanos) in BUCKETS {
            let count = histogram.at_most(nanos).to_string();
            push_row(rows, name, "_bucket", labels, Some(bound), &count);
        }
        let count = histogram.count().to_string();
        push_row(rows, name, "_bucket", labels, Some("+Inf"), &count);
        let sum = histogram.sum_nanos() as f64 / NANOS_PER_SECOND;
        push_row(rows, name, "_sum", labels, None, &sum.to_string());
        push_row(rows, name, "_count", labels, None, &count);
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
            out.extend_from_slice(&family.rows);
        }
        out
    }

    /// Two metrics may become one name; a family has one kind, and the first decides.
    fn rows(&mut self, name: &str, kind: Kind, help: &str) -> Option<&mut Vec<u8>> {
        let new = || Family { kind, help: help.to_owned(), rows: Vec::new() };
        let family = self.all.entry(name.to_owned()).or_insert_with(new);
        (family.kind == kind).then_some(&mut family.rows)
    }
}

/// A name of letters, digits and underscores, as statsd_exporter makes it.
pub(super) fn plain(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
}

fn push_row(out: &mut Vec<u8>, name: &str, suffix: &str, labels: &Labels, bound: Option<&str>, value: &str) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(suffix.as_bytes());
    if !labels.bytes.is_empty() || bound.is_some() {
        out.push(b'{');
        out.extend_from_slice(&labels.bytes);
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
