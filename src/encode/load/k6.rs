//! An interval in k6's InfluxDB schema: a measurement for each metric, the sample in the field `value`, the URL a text
//! field beside it.
//!
//! k6 writes a point for each sample; here a point stands for all samples of an interval and a series. What that
//! changes for a reader:
//!
//! | kind | `value` | right | not right |
//! |---|---|---|---|
//! | counter | the sum | `sum`, rates | `count` |
//! | gauge | the last | everything but `count` | |
//! | rate | how many samples were not zero | `sum`: passed checks, failed requests | `mean`; the field `share` has it |
//! | trend | the mean, or quantiles: [`Options::trend_points`] | `mean` of one series, `min`, `max` with many points | `count`; the field `count` of the first point has it |
//!
//! Sources: k6 `internal/output/influxdb`, and what a real run wrote.

use super::schema::{FAILED, RECEIVED, REQUESTS, SENT, TRENDS, VUS, VUS_MAX};
use super::tags::each_tag;
use crate::encode::Batch;
use crate::encode::influx::{Limits, LineWriter, Precision, append_tag, split};
use crate::load::histogram::Histogram;
use crate::load::interval::Interval;
use crate::load::results::Values;

/// A million of the histogram's units are one of the sample's.
const UNIT: f64 = 1e6;

/// What is the same in all points, and how much is said of a trend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// On every point, such as `run_id`; they hide tags of requests with the same name.
    pub tags: Vec<(String, String)>,
    /// With 1 a trend is its mean. With more it is that many of its quantiles, evenly spaced, and each single sample
    /// where there are no more: then `percentile("value", 95)` over points says what k6's raw samples would.
    pub trend_points: u32,
}

impl Default for Options {
    fn default() -> Options {
        Options { tags: Vec::new(), trend_points: 1 }
    }
}

impl Options {
    /// A tag that is twice on a line would be refused.
    fn tag(&self, writer: &mut LineWriter<'_>, name: &str, value: &str) {
        if !self.tags.iter().any(|(common, _)| common == name) {
            writer.tag(name, value);
        }
    }
}

/// The points of an interval, stamped with its end, cut into batches.
pub fn batches(interval: &Interval, options: &Options, limits: Limits) -> Vec<Batch> {
    let mut common = Vec::new();
    for (name, value) in &options.tags {
        append_tag(&mut common, name, value);
    }
    let mut out = Vec::new();
    let mut writer = LineWriter::with(&mut out, &common, Precision::Ns);
    requests(&mut writer, interval, options);
    data(&mut writer, interval, options);
    samples(&mut writer, interval, options);
    for (name, count) in [(VUS, interval.users.active), (VUS_MAX, interval.users.initialised)] {
        writer.measurement(name);
        writer.float("value", count as f64);
        writer.end(interval.end_ns);
    }
    writer.finish();
    split(out, limits)
}

fn requests(writer: &mut LineWriter<'_>, interval: &Interval, options: &Options) {
    let asked = interval.requests.iter().filter(|(_, requests)| requests.count > 0);
    for (place, (tags, requests)) in asked.enumerate() {
        // A URL is no tag: requests that differ in it alone would overwrite each other at one moment.
        let end_ns = interval.end_ns - place as i64 * i64::from(options.trend_points.max(1));
        let mut point = |name: &str, at: i64, fields: &mut dyn FnMut(&mut LineWriter<'_>)| {
            writer.measurement(name);
            each_tag(tags, &mut |name, value| options.tag(writer, name, value));
            if !tags.url.is_empty() {
                writer.text("url", &tags.url);
            }
            fields(writer);
            writer.end(end_ns - at);
        };
        let count = requests.count as f64;
        let failed = if tags.expected_response { 0.0 } else { count };
        point(REQUESTS, 0, &mut |writer| writer.float("value", count));
        point(FAILED, 0, &mut |writer| {
            writer.float("value", failed);
            writer.float("count", count);
            writer.float("share", failed / count);
        });
        for (name, histogram) in TRENDS {
            let histogram = histogram(requests);
            for (at, value) in values_of(histogram, options.trend_points).into_iter().enumerate() {
                point(name, at as i64, &mut |writer| trend_fields(writer, value, at, histogram));
            }
        }
    }
}

fn data(writer: &mut LineWriter<'_>, interval: &Interval, options: &Options) {
    for ((group, scenario), (sent, received)) in interval.bytes() {
        for (name, bytes) in [(SENT, sent), (RECEIVED, received)] {
            writer.measurement(name);
            options.tag(writer, "group", group);
            options.tag(writer, "scenario", scenario);
            writer.float("value", bytes as f64);
            writer.end(interval.end_ns);
        }
    }
}

fn samples(writer: &mut LineWriter<'_>, interval: &Interval, options: &Options) {
    for (series, sample) in &interval.samples {
        let mut point = |at: i64, fields: &mut dyn FnMut(&mut LineWriter<'_>)| {
            writer.measurement(&series.metric);
            for (name, value) in series.tags.iter() {
                options.tag(writer, name, value);
            }
            fields(writer);
            writer.end(interval.end_ns - at);
        };
        match &sample.values {
            Values::Counter(value) | Values::Gauge { value, .. } => {
                point(0, &mut |writer| writer.float("value", *value));
            }
            Values::Rate { nonzero, zero } => point(0, &mut |writer| {
                let count = (nonzero + zero) as f64;
                writer.float("value", *nonzero as f64);
                writer.float("count", count);
                // Not a number without a sample, and then left out.
                writer.float("share", *nonzero as f64 / count);
            }),
            Values::Trend(histogram) => {
                for (at, value) in values_of(histogram, options.trend_points).into_iter().enumerate() {
                    point(at as i64, &mut |writer| trend_fields(writer, value, at, histogram));
                }
            }
        }
    }
}

fn trend_fields(writer: &mut LineWriter<'_>, value: f64, at: usize, histogram: &Histogram) {
    writer.float("value", value);
    if at > 0 {
        return;
    }
    writer.float("count", histogram.count() as f64);
    for (name, quantile) in [("min", 0.0), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99), ("max", 1.0)] {
        if let Some(nanos) = histogram.quantile(quantile) {
            writer.float(name, nanos / UNIT);
        }
    }
}

/// The mean, or so many quantiles.
fn values_of(histogram: &Histogram, points: u32) -> Vec<f64> {
    let points = u64::from(points).min(histogram.count());
    let single = points == histogram.count();
    let quantile = |place: u64| {
        // Single samples lie at the ends of the range and evenly in it, quantiles in the middle of their share.
        let rank = if single {
            place as f64 / (points - 1).max(1) as f64
        } else {
            (place as f64 + 0.5) / points as f64
        };
        histogram.quantile(rank)
    };
    let values: Vec<f64> = match points {
        0 => Vec::new(),
        1 => histogram.mean().into_iter().collect(),
        _ => (0..points).filter_map(quantile).collect(),
    };
    values.into_iter().map(|nanos| nanos / UNIT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trend_is_its_mean_its_quantiles_or_its_samples() {
        let mut histogram = Histogram::new();
        assert_eq!(values_of(&histogram, 4), Vec::<f64>::new());
        for nanos in [100, 200, 300, 1_000] {
            histogram.record(nanos);
        }
        for (points, expected) in [
            (1, vec![400.0]),
            (2, vec![175.0, 475.0]),
            (4, vec![100.0, 200.0, 300.0, 1_000.0]),
            (9, vec![100.0, 200.0, 300.0, 1_000.0]),
        ] {
            let found: Vec<f64> = values_of(&histogram, points).iter().map(|value| value * UNIT).collect();
            assert_eq!(found.len(), expected.len());
            for (found, expected) in found.iter().zip(&expected) {
                assert!((found - expected).abs() < 1e-6, "{points}: {found}, not {expected}");
            }
        }
    }
}
