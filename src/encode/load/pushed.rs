//! What a run leaves at a Pushgateway when it has ended, under the names that the social network's script took out of
//! k6's log: its dashboards have them.
//!
//! Source: contracts of the stacks, `push-k6-metrics.sh`. Latency there is k6's `http_req_duration`.

use super::families::{Families, Kind, Labels};
use super::schema::{
    FAILED, INVALID, LATENCIES, PUSHED_ERRORS, PUSHED_RATE, PUSHED_REQUESTS, REQUESTS, VERDICT,
};
use crate::load::exit::Exit;
use crate::load::results::{Results, Values};
use crate::load::threshold::{Selector, millis_of};

/// The whole page. What the run has no sample of is left out.
pub fn pushed(results: &Results, labels: &[(String, String)]) -> Vec<u8> {
    let mut common = Labels::default();
    for (name, value) in labels {
        common.push(name, value);
    }
    let mut families = Families::default();
    let mut gauge = |(name, help): (&str, &str), value: f64| {
        families.number(name, Kind::Gauge, help, &common, value);
    };
    if let Some(Values::Trend(histogram)) = values(results, "http_req_duration") {
        for (name, method) in LATENCIES {
            if let Some(millis) = millis_of(histogram, method) {
                gauge((name, "Duration of requests in milliseconds."), millis);
            }
        }
    }
    if let Some(Values::Counter(count)) = values(results, REQUESTS) {
        let seconds = results.elapsed.seconds();
        if seconds > 0.0 {
            gauge(PUSHED_RATE, count / seconds);
        }
    }
    if let Some(&Values::Rate { nonzero, zero }) = values(results, FAILED)
        && nonzero + zero > 0
    {
        gauge(PUSHED_ERRORS, nonzero as f64 * 100.0 / (nonzero + zero) as f64);
    }
    gauge(INVALID, f64::from(u8::from(!results.invalid.is_empty())));
    if let Some(&Values::Counter(count)) = values(results, REQUESTS) {
        families.number(PUSHED_REQUESTS.0, Kind::Counter, PUSHED_REQUESTS.1, &common, count);
    }
    families.write()
}

/// k8sfv's row of a test case: 1 where the run passed. What has no value is no label.
pub fn verdict(results: &Results, test_name: &str, code_level: &str) -> Vec<u8> {
    let mut labels = Labels::default();
    labels.push("test_name", test_name);
    labels.push("code_level", code_level);
    let mut families = Families::default();
    let passed = matches!(results.exit, None | Some(Exit::Passed));
    families.number(VERDICT.0, Kind::Gauge, VERDICT.1, &labels, f64::from(u8::from(passed)));
    families.write()
}

fn values<'a>(results: &'a Results, name: &str) -> Option<&'a Values> {
    let is_it = |selector: &Selector| selector.metric == name && selector.tags.is_empty();
    results.metrics.iter().find(|metric| is_it(&metric.selector)).map(|metric| &metric.values)
}
