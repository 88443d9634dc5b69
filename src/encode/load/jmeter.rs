//! An interval as JMeter's InfluxdbBackendListenerClient writes it, every field of it, for the dashboards 5496 and its
//! like.
//!
//! A transaction is a request's name. Bytes and hits are the transaction's in each of its lines, whatever their
//! `statut` (JMeter's word); `avg`, `min` and `max` of the sum over all transactions are of good requests alone. The
//! percentiles are those of the interval; JMeter's are of its last hundred samples. Times are those of
//! `http_req_duration`.
//!
//! Source: JMeter `InfluxdbBackendListenerClient`, `SamplerMetric`, `ErrorMetric`.

use std::collections::BTreeMap;

use hyper::StatusCode;

use super::schema::EVENTS;
use crate::encode::Batch;
use crate::encode::influx::{Limits, LineWriter, split};
use crate::load::histogram::Histogram;
use crate::load::interval::{Interval, RequestTags, Requests};

const NANOS_PER_MILLI: i64 = 1_000_000;

/// JMeter's arguments of the listener.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    pub measurement: String,
    pub application: String,
    /// JMeter's default is 99, 95 and 90; its dashboard asks for 50 as well, and finds it here.
    pub percentiles: Vec<f64>,
    /// Only the sum over all transactions.
    pub summary_only: bool,
    /// What annotations begin with.
    pub test_title: String,
    /// The tag `title` of annotations: who wrote them.
    pub title: String,
    /// On annotations, with commas between them.
    pub event_tags: String,
    /// On every line, such as `run_id`.
    pub tags: Vec<(String, String)>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            measurement: "jmeter".to_owned(),
            application: "podometer".to_owned(),
            percentiles: vec![99.0, 95.0, 90.0, 50.0],
            summary_only: false,
            test_title: "Test".to_owned(),
            title: "ApacheJMeter".to_owned(),
            event_tags: String::new(),
            tags: Vec::new(),
        }
    }
}

/// The requests of one name, or all.
#[derive(Default)]
struct Transaction<'a> {
    /// Times of those for which there was a connection; the others are in the counts alone.
    ok: Histogram,
    ko: Histogram,
    ok_count: u64,
    ko_count: u64,
    sent_bytes: u64,
    received_bytes: u64,
    /// By code and message.
    errors: BTreeMap<(String, &'a str), u64>,
}

/// The lines of an interval, stamped with its end in whole milliseconds, cut into batches.
pub fn batches(interval: &Interval, options: &Options, limits: Limits) -> Vec<Batch> {
    let mut all = Transaction::default();
    let mut each: BTreeMap<&str, Transaction<'_>> = BTreeMap::new();
    for (tags, requests) in interval.requests.iter().filter(|(_, requests)| requests.count > 0) {
        all.add(tags, requests);
        if !options.summary_only {
            each.entry(transaction_of(tags)).or_default().add(tags, requests);
        }
    }
    let mut out = Vec::new();
    let mut lines =
        Lines { writer: LineWriter::new(&mut out), options, end_ns: whole_millis(interval.end_ns) };
    for (name, transaction) in &each {
        lines.transaction(name, transaction);
    }
    lines.sum(&all);
    lines.users(interval);
    lines.writer.finish();
    split(out, limits)
}

/// The annotation of a run's start or end.
pub fn event(is_start: bool, wall_ns: i64, options: &Options) -> Batch {
    let what = if is_start { "started" } else { "ended" };
    annotation(&format!("{} {what}", options.test_title), wall_ns, options)
}

/// Any other annotation, such as that of a stage.
pub fn annotation(text: &str, wall_ns: i64, options: &Options) -> Batch {
    let mut out = Vec::new();
    let mut writer = LineWriter::new(&mut out);
    writer.measurement(EVENTS);
    writer.tag("application", &options.application);
    writer.tag("title", &options.title);
    for (name, value) in &options.tags {
        writer.tag(name, value);
    }
    writer.tag("tags", &options.event_tags);
    writer.text("text", text);
    writer.end(whole_millis(wall_ns));
    writer.finish();
    Batch::from_lines(out.into())
}

impl<'a> Transaction<'a> {
    fn add(&mut self, tags: &'a RequestTags, requests: &Requests) {
        let (times, count) = if tags.expected_response {
            (&mut self.ok, &mut self.ok_count)
        } else {
            (&mut self.ko, &mut self.ko_count)
        };
        times.merge(&requests.duration);
        *count += requests.count;
        self.sent_bytes += requests.sent_bytes;
        self.received_bytes += requests.received_bytes;
        if !tags.expected_response {
            *self.errors.entry(error_of(tags)).or_default() += requests.count;
        }
    }

    fn count(&self) -> u64 {
        self.ok_count + self.ko_count
    }
}

struct Lines<'a, 'b> {
    writer: LineWriter<'b>,
    options: &'a Options,
    end_ns: i64,
}

impl Lines<'_, '_> {
    fn transaction(&mut self, name: &str, transaction: &Transaction<'_>) {
        let mut all = transaction.ok.clone();
        all.merge(&transaction.ko);
        for (status, times, count) in [
            ("all", &all, transaction.count()),
            ("ok", &transaction.ok, transaction.ok_count),
            ("ko", &transaction.ko, transaction.ko_count),
        ] {
            if count > 0 {
                self.begin(name, &[("statut", status)]);
                self.writer.float("count", count as f64);
                self.numbers(times, times, transaction);
            }
        }
        for ((code, message), count) in &transaction.errors {
            self.begin(name, &[("responseCode", code), ("responseMessage", message)]);
            self.writer.float("count", *count as f64);
            self.writer.end(self.end_ns);
        }
    }

    fn sum(&mut self, transaction: &Transaction<'_>) {
        if transaction.count() == 0 {
            return;
        }
        let mut all = transaction.ok.clone();
        all.merge(&transaction.ko);
        self.begin("all", &[("statut", "all")]);
        self.writer.float("count", transaction.count() as f64);
        self.writer.float("countError", transaction.ko_count as f64);
        self.numbers(&transaction.ok, &all, transaction);
    }

    fn users(&mut self, interval: &Interval) {
        let users = &interval.users;
        self.begin("internal", &[]);
        for (name, value) in [
            ("minAT", users.min as f64),
            ("maxAT", users.max as f64),
            ("meanAT", users.mean),
            ("startedT", users.started as f64),
            ("endedT", users.ended as f64),
        ] {
            self.writer.float(name, value);
        }
        self.writer.end(self.end_ns);
    }

    fn begin(&mut self, transaction: &str, tags: &[(&str, &str)]) {
        self.writer.measurement(&self.options.measurement);
        self.writer.tag("application", &self.options.application);
        self.writer.tag("transaction", transaction);
        for (name, value) in tags {
            self.writer.tag(name, value);
        }
        for (name, value) in &self.options.tags {
            self.writer.tag(name, value);
        }
    }

    fn numbers(&mut self, times: &Histogram, spread: &Histogram, transaction: &Transaction<'_>) {
        let writer = &mut self.writer;
        let millis = |nanos: f64| nanos / NANOS_PER_MILLI as f64;
        for (name, nanos) in [
            ("avg", times.mean()),
            ("min", times.min().map(|nanos| nanos as f64)),
            ("max", times.max().map(|nanos| nanos as f64)),
        ] {
            if let Some(nanos) = nanos {
                writer.float(name, millis(nanos));
            }
        }
        writer.float("hit", transaction.count() as f64);
        writer.float("sb", transaction.sent_bytes as f64);
        writer.float("rb", transaction.received_bytes as f64);
        for percentile in &self.options.percentiles {
            if let Some(nanos) = spread.quantile(percentile / 100.0) {
                // As Java writes a float: `pct95.0`.
                writer.float(&format!("pct{percentile:?}"), millis(nanos));
            }
        }
        writer.end(self.end_ns);
    }
}

/// The sum's name is the sum's alone, which a request of that name would overwrite.
fn transaction_of(tags: &RequestTags) -> &str {
    if &*tags.name == "all" { "all (request)" } else { &tags.name }
}

/// JMeter has milliseconds and adds zeros.
fn whole_millis(wall_ns: i64) -> i64 {
    wall_ns.div_euclid(NANOS_PER_MILLI) * NANOS_PER_MILLI
}

/// The answer's status and its phrase; where none came, k6's code and words.
fn error_of(tags: &RequestTags) -> (String, &str) {
    let phrase = StatusCode::from_u16(tags.status).ok().and_then(|status| status.canonical_reason());
    let code = if tags.status == 0 { tags.error_code } else { tags.status };
    let message = if tags.error.is_empty() { phrase.unwrap_or("None") } else { &tags.error };
    (code.to_string(), message)
}
