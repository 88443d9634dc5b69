//! A run as k6's output for Prometheus' remote write has it: sums since the start, each written when it changed.
//!
//! A counter is `k6_<name>_total`, a gauge `k6_<name>`, a rate `k6_<name>_rate` (its share so far), and of a trend there
//! is a gauge for each wanted number of it, `k6_<name>_p99`, in seconds where it is a time. All tags are labels, `url`
//! among them. A series that stands still is written again once a minute, so that Prometheus does not take it for gone.
//!
//! Source: k6 `internal/output/prometheusrw`.

use std::collections::HashSet;

use super::families::plain;
use super::schema::{FAILED, PREFIX, RECEIVED, REQUESTS, SENT, TRENDS, VUS, VUS_MAX};
use super::tags::each_tag;
use crate::encode::Batch;
use crate::encode::remote_write::{Limits, Rows};
use crate::load::histogram::Histogram;
use crate::load::interval::{Interval, RequestTags, Requests, Series};
use crate::load::results::{Contains, Values};
use crate::load::threshold::{Method, millis_of};
use crate::model::nearest::nearest;

const REPEATED_AFTER_NS: i64 = 60_000_000_000;
const NANOS_PER_MILLI: i64 = 1_000_000;
const NANOS_PER_SECOND: f64 = 1e9;

/// A number of a trend, under k6's name.
#[derive(Clone, Debug, PartialEq)]
pub struct Stat {
    /// Behind the name of the metric.
    suffix: String,
    number: Number,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Number {
    Count,
    Sum,
    Of(Method),
}

/// A name that is none of them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{name}\" is no number of a trend{}; allowed: avg, count, max, med, min, sum, p(0) to p(100)", .meant.map(|meant| format!("; did you mean {meant}?")).unwrap_or_default())]
pub struct StatError {
    name: String,
    meant: Option<&'static str>,
}

const NAMES: [(&str, Number); 6] = [
    ("avg", Number::Of(Method::Avg)),
    ("count", Number::Count),
    ("max", Number::Of(Method::Max)),
    ("med", Number::Of(Method::Med)),
    ("min", Number::Of(Method::Min)),
    ("sum", Number::Sum),
];

/// What is the same in all series, and how much is said of a trend.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// On every series, such as `run_id`; they hide tags with the same name.
    pub labels: Vec<(String, String)>,
    pub stats: Vec<Stat>,
    pub limits: Limits,
}

/// The run so far.
#[derive(Debug)]
pub struct Encoder {
    options: Options,
    whole: Interval,
    rows: Rows,
    /// When all of it was written last.
    repeated_ns: Option<i64>,
}

impl Stat {
    pub fn parse(text: &str) -> Result<Stat, StatError> {
        let name = text.trim();
        let plain = NAMES.into_iter().find(|(known, _)| *known == name).map(|(_, number)| number);
        let percentile = || {
            let percentile: f64 = name.strip_prefix("p(")?.strip_suffix(')')?.parse().ok()?;
            (0.0..=100.0).contains(&percentile).then_some(Number::Of(Method::Percentile(percentile)))
        };
        let number = plain.or_else(percentile).ok_or_else(|| StatError {
            name: name.to_owned(),
            meant: nearest(name, NAMES.iter().map(|(name, _)| *name)),
        })?;
        // `p(99.9)` is `p999`.
        let suffix = name.chars().filter(char::is_ascii_alphanumeric).collect();
        Ok(Stat { suffix, number })
    }

    /// Names with commas between them, as the variable has them.
    pub fn parse_list(text: &str) -> Result<Vec<Stat>, StatError> {
        text.split(',').map(Stat::parse).collect()
    }

    /// k6's default.
    pub fn defaults() -> Vec<Stat> {
        Stat::parse("p(99)").into_iter().collect()
    }

    fn of(&self, histogram: &Histogram, contains: Contains) -> Option<f64> {
        // Of milliseconds k6 makes seconds, and leaves all else as it is.
        let unit = if contains == Contains::Time { 1e3 } else { 1.0 };
        match self.number {
            Number::Count => Some(histogram.count() as f64),
            Number::Sum => Some(histogram.sum_nanos() as f64 / NANOS_PER_SECOND * 1e3 / unit),
            Number::Of(method) => millis_of(histogram, method).map(|millis| millis / unit),
        }
    }
}

impl Encoder {
    pub fn new(options: Options) -> Encoder {
        let rows = Rows::new(options.limits);
        Encoder { options, whole: Interval::default(), rows, repeated_ns: None }
    }

    /// The requests that say what changed with this interval.
    pub fn encode(&mut self, interval: &Interval) -> Vec<Batch> {
        self.whole.append(interval);
        let now = interval.end_ns;
        let is_all = self.repeated_ns.is_none_or(|last| now - last >= REPEATED_AFTER_NS);
        if is_all {
            self.repeated_ns = Some(now);
        }
        self.walk(now, false, |what| {
            is_all
                || match what {
                    Part::Requests(tags) => interval.requests.contains_key(tags),
                    Part::Sample(series) => interval.samples.contains_key(series),
                    Part::Other => true,
                }
        })
    }

    /// The end of every series, for receivers that would go on showing the last value for minutes.
    pub fn end(&mut self, at_ns: i64) -> Vec<Batch> {
        self.walk(at_ns, true, |_| true)
    }

    fn walk(&mut self, at_ns: i64, is_end: bool, is_wanted: impl Fn(Part<'_>) -> bool) -> Vec<Batch> {
        let Encoder { options, whole, rows, .. } = self;
        let mut out =
            Out { rows, options, at_ms: at_ns.div_euclid(NANOS_PER_MILLI), is_end, seen: HashSet::new() };
        for (tags, requests) in whole.requests.iter().filter(|(tags, _)| is_wanted(Part::Requests(tags))) {
            out.requests(tags, requests);
        }
        for (series, sample) in whole.samples.iter().filter(|(series, _)| is_wanted(Part::Sample(series))) {
            let pairs: Vec<(&str, &str)> =
                series.tags.iter().map(|(name, value)| (&**name, &**value)).collect();
            out.values(&series.metric, &pairs, sample.contains, &sample.values);
        }
        if is_wanted(Part::Other) {
            for ((group, scenario), (sent, received)) in whole.bytes() {
                let pairs = [("group", group), ("scenario", scenario)];
                for (name, bytes) in [(SENT, sent), (RECEIVED, received)] {
                    out.row(name, "_total", &pairs, bytes as f64);
                }
            }
            for (name, count) in [(VUS, whole.users.active), (VUS_MAX, whole.users.initialised)] {
                out.row(name, "", &[], count as f64);
            }
        }
        rows.take()
    }
}

/// What a row is of.
#[derive(Clone, Copy, Debug)]
enum Part<'a> {
    Requests(&'a RequestTags),
    Sample(&'a Series),
    Other,
}

struct Out<'a> {
    rows: &'a mut Rows,
    options: &'a Options,
    at_ms: i64,
    is_end: bool,
    /// Two series of one name and the same labels would have the request refused.
    seen: HashSet<String>,
}

impl Out<'_> {
    fn requests(&mut self, tags: &RequestTags, requests: &Requests) {
        let mut owned: Vec<(String, String)> = Vec::new();
        each_tag(tags, &mut |name, value| owned.push((name.to_owned(), value.to_owned())));
        let mut pairs: Vec<(&str, &str)> =
            owned.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        pairs.push(("url", &tags.url));
        self.row(REQUESTS, "_total", &pairs, requests.count as f64);
        self.row(FAILED, "_rate", &pairs, if tags.expected_response { 0.0 } else { 1.0 });
        for (name, histogram) in TRENDS {
            self.trend(name, &pairs, Contains::Time, histogram(requests));
        }
    }

    fn values(&mut self, metric: &str, pairs: &[(&str, &str)], contains: Contains, values: &Values) {
        match values {
            Values::Counter(sum) => self.row(metric, "_total", pairs, *sum),
            Values::Gauge { value, .. } => self.row(metric, "", pairs, *value),
            Values::Rate { nonzero, zero } if nonzero + zero > 0 => {
                self.row(metric, "_rate", pairs, *nonzero as f64 / (nonzero + zero) as f64);
            }
            Values::Rate { .. } => {}
            Values::Trend(histogram) => self.trend(metric, pairs, contains, histogram),
        }
    }

    fn trend(&mut self, metric: &str, pairs: &[(&str, &str)], contains: Contains, histogram: &Histogram) {
        if histogram.count() == 0 {
            return;
        }
        let options = self.options;
        for stat in &options.stats {
            if let Some(value) = stat.of(histogram, contains) {
                self.row(metric, &format!("_{}", stat.suffix), pairs, value);
            }
        }
    }

    fn row(&mut self, metric: &str, suffix: &str, pairs: &[(&str, &str)], value: f64) {
        let name = format!("{PREFIX}{}{suffix}", plain(metric));
        let options = self.options;
        let common = options.labels.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let pairs = common.chain(pairs.iter().copied()).filter(|(_, value)| !value.is_empty());
        let labels: Vec<(String, &str)> = pairs.map(|(name, value)| (label(name), value)).collect();
        let labels: Vec<(&str, &str)> = labels.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        if self.seen.insert(format!("{name} {labels:?}")) {
            self.rows.push(&name, &labels, (!self.is_end).then_some(value), self.at_ms);
        }
    }
}

/// What a label cannot be named becomes `_`.
fn label(name: &str) -> String {
    let name = plain(name);
    match name.strip_prefix("__") {
        // Two underscores are Prometheus' own.
        Some(rest) => format!("_{}", rest.trim_start_matches('_')),
        None if name.starts_with(|c: char| c.is_ascii_digit()) => format!("_{name}"),
        None => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_a_trend_have_k6s_names_and_seconds() {
        let mut histogram = Histogram::new();
        for millis in [100, 200, 300, 400] {
            histogram.record(millis * 1_000_000);
        }
        for (name, suffix, seconds) in [
            ("avg", "avg", 0.25),
            ("count", "count", 4.0),
            ("max", "max", 0.4),
            ("med", "med", 0.25),
            ("min", "min", 0.1),
            ("sum", "sum", 1.0),
            (" p(100) ", "p100", 0.4),
            ("p(99.9)", "p999", 0.3997),
        ] {
            let stat = Stat::parse(name).unwrap();
            assert_eq!(stat.suffix, suffix);
            let found = stat.of(&histogram, Contains::Time).unwrap();
            assert!((found - seconds).abs() < 1e-3, "{name}: {found}");
        }
        let sum = Stat::parse("sum").unwrap().of(&histogram, Contains::Default).unwrap();
        assert!((sum - 1_000.0).abs() < 1e-9, "what is no time stays as it is: {sum}");
        for (name, part) in [("p(101)", "p(0) to p(100)"), ("avgg", "did you mean avg?"), ("", "allowed")] {
            assert!(Stat::parse(name).unwrap_err().to_string().contains(part));
        }
    }

    #[test]
    fn labels_have_names_that_may_be() {
        for (name, expected) in [("a-b", "a_b"), ("1st", "_1st"), ("__x", "_x"), ("status", "status")] {
            assert_eq!(label(name), expected);
        }
    }
}
