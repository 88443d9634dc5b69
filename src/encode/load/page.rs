//! The page that Prometheus reads while a load test goes on, with the names that continuous-load has through
//! statsd_exporter: counters without `_total`, histograms in seconds.
//!
//! Every trend is a histogram of thousandths of its unit, as the exporter has it, which takes each for milliseconds.
//! Source: the chart continuous-load, k6 `output/statsd`.

use super::families::{Families, Kind, Labels, plain};
use super::schema::{
    CHECKS, FAILED, INVALID, PREFIX, RECEIVED, REQUESTS, SENT, STARTS, TRENDS, VUS, VUS_MAX,
};
use super::tags::each_tag;
use crate::load::interval::{Interval, Series};
use crate::load::results::{Schedule, Values};

pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The whole page. `whole` is the run since its start; `labels` stand on every row, such as `run_id`.
pub fn page(
    whole: &Interval,
    schedules: &[Schedule],
    is_invalid: bool,
    labels: &[(String, String)],
) -> Vec<u8> {
    let mut common = Labels::default();
    for (name, value) in labels {
        common.push(name, value);
    }
    let mut families = Families::default();
    requests(&mut families, whole, &common);
    for (series, sample) in &whole.samples {
        one(&mut families, series, &sample.values, &common);
    }
    for (name, count) in [(VUS, whole.users.active), (VUS_MAX, whole.users.initialised)] {
        families.number(&exported(name), Kind::Gauge, &help(name), &common, count as f64);
    }
    for schedule in schedules {
        starts(&mut families, schedule, &common);
    }
    let invalid = f64::from(u8::from(is_invalid));
    families.number(INVALID.0, Kind::Gauge, INVALID.1, &common, invalid);
    families.write()
}

fn requests<'a>(families: &mut Families<'a>, whole: &'a Interval, common: &Labels) {
    for (tags, requests) in &whole.requests {
        let mut labels = common.clone();
        each_tag(tags, &mut |name, value| labels.push(name, value));
        let failed = if tags.expected_response { 0 } else { requests.count };
        for (name, count) in [(REQUESTS, requests.count), (FAILED, failed)] {
            families.number(&exported(name), Kind::Counter, &help(name), &labels, count as f64);
        }
        for (name, histogram) in TRENDS {
            let histogram = histogram(requests);
            if histogram.count() > 0 {
                families.histogram(&exported(name), &help(name), &labels, histogram);
            }
        }
    }
    for ((group, scenario), (sent, received)) in whole.bytes() {
        let mut labels = common.clone();
        labels.push("group", group);
        labels.push("scenario", scenario);
        for (name, bytes) in [(SENT, sent), (RECEIVED, received)] {
            families.number(&exported(name), Kind::Counter, &help(name), &labels, bytes as f64);
        }
    }
}

fn one<'a>(families: &mut Families<'a>, series: &Series, values: &'a Values, common: &Labels) {
    let mut labels = common.clone();
    for (name, value) in series.tags.iter() {
        labels.push(name, value);
    }
    let (name, help) = (exported(&series.metric), help(&series.metric));
    match values {
        Values::Counter(sum) => families.number(&name, Kind::Counter, &help, &labels, *sum),
        Values::Gauge { value, .. } => families.number(&name, Kind::Gauge, &help, &labels, *value),
        Values::Rate { nonzero, zero } => {
            families.number(&name, Kind::Counter, &help, &labels, *nonzero as f64);
            if &*series.metric == CHECKS {
                check(families, series, [("pass", *nonzero), ("fail", *zero)], common);
            }
        }
        Values::Trend(histogram) => families.histogram(&name, &help, &labels, histogram),
    }
}

/// A check has names of its own as well, in which statsd has neither group nor scenario as a label of its meaning.
fn check(families: &mut Families<'_>, series: &Series, outcomes: [(&str, u64); 2], common: &Labels) {
    let Some((_, check)) = series.tags.iter().find(|(tag, _)| &**tag == "check") else { return };
    let mut labels = common.clone();
    for (name, value) in series.tags.iter().filter(|(tag, _)| &**tag != "check") {
        labels.push(name, value);
    }
    for (outcome, count) in outcomes {
        let name = exported(&format!("check_{check}_{outcome}"));
        families.number(&name, Kind::Counter, "Outcomes of one check.", &labels, count as f64);
    }
}

fn starts(families: &mut Families<'_>, schedule: &Schedule, common: &Labels) {
    for (outcome, count) in
        [("on_time", schedule.on_time), ("late", schedule.late), ("unsent", schedule.unsent)]
    {
        let mut labels = common.clone();
        labels.push("scenario", &schedule.scenario);
        labels.push("outcome", outcome);
        families.number(STARTS.0, Kind::Counter, STARTS.1, &labels, count as f64);
    }
}

fn exported(metric: &str) -> String {
    plain(&format!("{PREFIX}{metric}"))
}

fn help(metric: &str) -> String {
    format!("k6's metric {metric}.")
}
