//! `--new-machine-readable-summary`, schema 1.0.0.
//!
//! Source: k6 `internal/lib/summary/machine_readable.go`; the names of percentiles as k6 2.2 writes them. The schema is
//! closed, so that nothing of ours is in it. Where k6 leaves a percentile null because `summaryTrendStats` lacks it,
//! here it is always given; `script` is a name, and not the whole text.

use std::time::{Duration, UNIX_EPOCH};

use serde_json::{Value, json};

use super::write::number;
use crate::load::histogram::Histogram;
use crate::load::results::{Contains, Metric, Results, Values};
use crate::load::summary::checks::merged;
use crate::load::summary::known::contains_name;
use crate::load::summary::numbers::share;
use crate::load::threshold::{Method, millis_of};

const SCHEMA: &str = "1.0.0";

/// Numbers of a trend and their names here.
const TREND: [(&str, Method); 6] = [
    ("avg", Method::Avg),
    ("max", Method::Max),
    ("med", Method::Med),
    ("min", Method::Min),
    ("p90", Method::Percentile(90.0)),
    ("p95", Method::Percentile(95.0)),
];

/// Who made the run, and of what.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    /// Stands where k6 says its own version.
    pub version: &'a str,
    /// The scenario file, or what else the run came from.
    pub script: &'a str,
}

/// The whole object.
pub fn machine_readable(results: &Results, about: About<'_>) -> Value {
    // Submetrics are no metrics of this schema; checks have a place of their own.
    let is_listed = |metric: &&Metric| {
        metric.selector.tags.is_empty()
            && !matches!(metric.selector.metric.as_str(), "checks" | "group_duration")
    };
    let metrics: Vec<Value> = results.metrics.iter().filter(is_listed).map(metric).collect();
    json!({
        "version": SCHEMA,
        "metadata": {"generated_at": ended(results), "k6_version": about.version},
        "config": {
            "duration": number(results.elapsed.seconds()),
            "execution": "local",
            "script": about.script,
        },
        "results": {"checks": checks(results), "metrics": metrics},
    })
}

/// The end of the run: it is known, and the same each time that the summary is made.
fn ended(results: &Results) -> String {
    let started = Duration::from_millis(u64::try_from(results.started_ms).unwrap_or_default());
    let ended = UNIX_EPOCH + started + Duration::from_nanos(results.elapsed.nanos());
    humantime::format_rfc3339_millis(ended).to_string()
}

fn metric(metric: &Metric) -> Value {
    entry(&metric.selector.metric, metric.values.kind().name(), metric.contains, &values(&metric.values))
}

fn entry(name: &str, kind: &str, contains: Contains, values: &Value) -> Value {
    json!({"name": name, "type": kind, "contains": contains_name(contains), "values": values})
}

fn values(values: &Values) -> Value {
    match values {
        Values::Counter(sum) => json!({"count": number(*sum)}),
        Values::Gauge { value, min, max } => {
            json!({"value": number(*value), "min": number(*min), "max": number(*max)})
        }
        Values::Rate { nonzero, zero } => rate(*nonzero, nonzero + zero),
        Values::Trend(histogram) => trend(histogram),
    }
}

fn rate(matches: u64, total: u64) -> Value {
    json!({"matches": matches, "rate": number(share(matches, total)), "total": total})
}

fn trend(histogram: &Histogram) -> Value {
    let known = |(name, method): (&str, Method)| {
        millis_of(histogram, method).map(|millis| (name.to_owned(), number(millis)))
    };
    Value::Object(TREND.into_iter().filter_map(known).collect())
}

fn checks(results: &Results) -> Value {
    let checks = merged(&results.root);
    let passes: u64 = checks.iter().map(|check| check.passes).sum();
    let fails: u64 = checks.iter().map(|check| check.fails).sum();
    let total = passes + fails;
    let each: Vec<Value> = checks
        .iter()
        .map(|check| json!({"name": check.name, "passes": check.passes, "fails": check.fails}))
        .collect();
    json!({
        "metrics": [
            entry("checks_total", "counter", Contains::Default, &json!({"count": total})),
            entry("checks_failed", "rate", Contains::Default, &rate(fails, total)),
            entry("checks_succeeded", "rate", Contains::Default, &rate(passes, total)),
        ],
        "results": each,
    })
}
