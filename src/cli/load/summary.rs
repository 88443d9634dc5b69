//! What is said at the end of a load test: a line for each metric, check, schedule and threshold.

use crate::load::results::{Contains, Group, Metric, Results, Values};

const NANOS_PER_MILLI: f64 = 1e6;

/// The whole text, with its last line end.
pub(super) fn text(results: &Results) -> String {
    let mut lines = Vec::new();
    for (threshold, outcome) in &results.thresholds {
        let value = outcome.value.map_or_else(|| "no sample".to_owned(), |value| format!("{value:.2}"));
        let (selector, source) = (&threshold.selector, &threshold.expression.source);
        lines.push(format!("  {} {selector} {source} ({value})", mark(outcome.passed)));
    }
    checks(&results.root, &mut lines);
    let seconds = results.elapsed.seconds();
    let width = results.metrics.iter().map(|metric| metric.selector.to_string().len()).max().unwrap_or(0);
    for metric in &results.metrics {
        lines.push(format!(
            "  {:.<width$} {}",
            format!("{}", metric.selector),
            values(metric, seconds),
            width = width + 2
        ));
    }
    for schedule in results.schedules.iter().filter(|schedule| schedule.scheduled > 0) {
        let lateness = schedule.lateness.quantile(0.99).map_or(0.0, |nanos| nanos / NANOS_PER_MILLI);
        lines.push(format!(
            "  schedule {}: {} due = {} on time + {} late + {} unsent; p(99) of lateness {lateness:.2}ms",
            schedule.scenario, schedule.scheduled, schedule.on_time, schedule.late, schedule.unsent
        ));
    }
    for reason in &results.invalid {
        lines.push(format!("  INVALID: {reason}"));
    }
    lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect()
}

fn checks(group: &Group, lines: &mut Vec<String>) {
    for check in &group.checks {
        let of = check.passes + check.fails;
        lines.push(format!("  {} {} {} of {of}", mark(check.fails == 0), &check.path[2..], check.passes));
    }
    for inner in &group.groups {
        checks(inner, lines);
    }
}

fn values(metric: &Metric, seconds: f64) -> String {
    match &metric.values {
        Values::Counter(sum) => {
            let unit = if metric.contains == Contains::Data { " B" } else { "" };
            let rate = if seconds > 0.0 { sum / seconds } else { 0.0 };
            format!("{sum:.0}{unit} {rate:.2}{unit}/s")
        }
        Values::Gauge { value, min, max } => format!("{value} min={min} max={max}"),
        Values::Rate { nonzero, zero } => {
            let of = nonzero + zero;
            let share = if of > 0 { *nonzero as f64 / of as f64 * 100.0 } else { 0.0 };
            format!("{share:.2}% {nonzero} of {of}")
        }
        Values::Trend(histogram) => {
            let millis = |nanos: Option<f64>| format!("{:.3}ms", nanos.unwrap_or(0.0) / NANOS_PER_MILLI);
            format!(
                "avg={} min={} med={} max={} p(90)={} p(95)={}",
                millis(histogram.mean()),
                millis(histogram.min().map(|nanos| nanos as f64)),
                millis(histogram.quantile(0.5)),
                millis(histogram.max().map(|nanos| nanos as f64)),
                millis(histogram.quantile(0.9)),
                millis(histogram.quantile(0.95)),
            )
        }
    }
}

fn mark(holds: bool) -> char {
    if holds { '\u{2713}' } else { '\u{2717}' }
}
