//! Thresholds, by the metric that they look at, each with the number that it was held against.

use super::human;
use super::known::contains_of;
use super::options::Options;
use super::paint::{Paint, Style};
use crate::load::metric::MetricType;
use crate::load::results::Results;
use crate::load::threshold::{Method, Outcome, Selector, Threshold};

const INDENT: usize = 4;

/// One block for each metric, sorted; a submetric stands below its metric where both have thresholds.
pub(super) fn blocks(results: &Results, options: &Options) -> Vec<Vec<String>> {
    let mut selectors: Vec<&Selector> =
        results.thresholds.iter().map(|(threshold, _)| &threshold.selector).collect();
    selectors.sort_by_cached_key(|selector| super::section::order(selector));
    selectors.dedup();
    let block = |selector: &&Selector| {
        let is_plain = |other: &&Selector| other.metric == selector.metric && other.tags.is_empty();
        let below = !selector.tags.is_empty() && selectors.iter().any(is_plain);
        let indent = INDENT + if below { 2 } else { 0 };
        let name = selector.to_string();
        let shown = if below { &name[selector.metric.len()..] } else { &name };
        let mut lines = vec![format!("{}{shown}", " ".repeat(indent))];
        let own = results.thresholds.iter().filter(|(threshold, _)| threshold.selector == **selector);
        lines.extend(own.map(|(threshold, outcome)| row(threshold, outcome, results, indent, options)));
        lines
    };
    selectors.iter().map(block).collect()
}

fn row(
    threshold: &Threshold,
    outcome: &Outcome,
    results: &Results,
    indent: usize,
    options: &Options,
) -> String {
    let paint = Paint(options.color);
    let method = threshold.expression.method;
    let value = outcome.value.map(|value| shown(value, threshold, results, options));
    let value = match value {
        Some(value) => format!("{method}={}", paint.text(Style::Number, &value)),
        // Which passes, as in k6; but it says nothing.
        None => "no sample".to_owned(),
    };
    let window = threshold.over.map(|over| format!(" over {over}")).unwrap_or_default();
    let (space, mark) = (" ".repeat(indent), paint.mark(outcome.passed));
    format!("{space}{mark} '{}'{window} {value}", threshold.expression.source)
}

/// The number in the unit of its metric.
pub(in crate::load) fn shown(
    value: f64,
    threshold: &Threshold,
    results: &Results,
    options: &Options,
) -> String {
    let metric = results.metrics.iter().find(|metric| metric.selector == threshold.selector);
    let contains = metric.map_or_else(|| contains_of(threshold), |metric| metric.contains);
    let kind = metric.map_or_else(|| super::known::kind_of(threshold), |metric| metric.values.kind());
    let text = || human::value(value, contains, options.time_unit);
    match (kind, threshold.expression.method) {
        (MetricType::Rate, _) => human::percent(value),
        (MetricType::Counter, Method::Rate) => format!("{}/s", text()),
        _ => text(),
    }
}
