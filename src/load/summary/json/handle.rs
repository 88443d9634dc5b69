//! What k6 hands to `handleSummary(data)`, and what is ours below a key of its own, `podometer`, which k6 never has.
//!
//! Source: k6 `internal/js/summary.go` (`summarizeMetricsToObject`, `exportGroup`).

use serde_json::{Map, Value, json};

use super::values::values_of;
use crate::load::metric::MetricType;
use crate::load::results::{Check, Contains, Group, Metric, Results, Schedule};
use crate::load::summary::Options;
use crate::load::summary::id::id_of;
use crate::load::summary::known::{contains_name, contains_of, kind_of};
use crate::load::threshold::{Method, Threshold, millis_of};

/// Where the run was shown, and what its setup returned.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    pub is_stdout_tty: bool,
    pub is_stderr_tty: bool,
    /// Left out where there was no setup, or it returned nothing.
    pub setup_data: Option<Value>,
}

/// The whole object.
pub fn handle_summary(results: &Results, options: &Options, state: &State) -> Value {
    let mut data = json!({
        "options": {
            "summaryTrendStats": options.trend_stats,
            "summaryTimeUnit": options.time_unit.map_or("", |unit| unit.name()),
            "noColor": !options.color,
        },
        "state": {
            "isStdOutTTY": state.is_stdout_tty,
            "isStdErrTTY": state.is_stderr_tty,
            "testRunDurationMs": super::write::number(results.elapsed.nanos() as f64 / 1e6),
        },
        "metrics": metrics(results, options),
        "root_group": group(&results.root),
        "podometer": own(results),
    });
    if let Some(setup) = &state.setup_data {
        data["setup_data"] = setup.clone();
    }
    data
}

/// Metrics by name. One that has a threshold and no sample is there with its threshold and without numbers.
fn metrics(results: &Results, options: &Options) -> Map<String, Value> {
    let entry = |kind: MetricType, contains: Contains, values: Map<String, Value>| json!({"type": kind.name(), "contains": contains_name(contains), "values": values});
    let of_metric = |metric: &Metric| {
        let values = values_of(&metric.values, results.elapsed, &options.trend_stats);
        (metric.selector.to_string(), entry(metric.values.kind(), metric.contains, values))
    };
    let mut all: Map<String, Value> = results.metrics.iter().map(of_metric).collect();
    for (threshold, outcome) in &results.thresholds {
        let name = threshold.selector.to_string();
        let metric =
            all.entry(name).or_insert_with(|| entry(kind_of(threshold), contains_of(threshold), Map::new()));
        metric["thresholds"][written(threshold)] = json!({"ok": outcome.passed});
    }
    all
}

/// A window is not part of k6's grammar, and the same expression may stand there with and without one.
fn written(threshold: &Threshold) -> String {
    let source = &threshold.expression.source;
    threshold.over.map_or_else(|| source.clone(), |over| format!("{source} over {over}"))
}

fn group(group: &Group) -> Value {
    let check = |check: &Check| {
        json!({
            "name": check.name,
            "path": check.path,
            "id": id_of(&check.path),
            "passes": check.passes,
            "fails": check.fails,
        })
    };
    json!({
        "name": group.name,
        "path": group.path,
        "id": id_of(&group.path),
        "groups": group.groups.iter().map(self::group).collect::<Vec<Value>>(),
        "checks": group.checks.iter().map(check).collect::<Vec<Value>>(),
    })
}

fn own(results: &Results) -> Value {
    json!({
        "run_id": results.run_id,
        "exit": results.exit.map(|exit| json!({"code": exit.code(), "name": exit.name()})),
        "interrupted_iterations": results.interrupted,
        "invalid": results.invalid,
        "schedules": results.schedules.iter().map(schedule).collect::<Vec<Value>>(),
    })
}

fn schedule(schedule: &Schedule) -> Value {
    let lateness = |method| millis_of(&schedule.lateness, method).map(super::write::number);
    json!({
        "scenario": schedule.scenario,
        "scheduled": schedule.scheduled,
        "on_time": schedule.on_time,
        "late": schedule.late,
        "unsent": schedule.unsent,
        "lateness_max_ms": lateness(Method::Max),
        "lateness_p99_ms": lateness(Method::Percentile(99.0)),
    })
}
