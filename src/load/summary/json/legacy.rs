//! `--summary-export`: the same data in the shape of k6 before 0.30.
//!
//! Source: k6 `internal/js/summary-wrapper.js` (`oldJSONSummary`).

use serde_json::{Map, Value};

use super::handle::{State, handle_summary};
use crate::load::results::Results;
use crate::load::summary::Options;

/// Numbers stand beside their thresholds, of which **true says that it failed**; a rate's share is `value`; groups and
/// checks are found by name.
pub fn summary_export(results: &Results, options: &Options, state: &State) -> Value {
    let Value::Object(mut data) = handle_summary(results, options, state) else { return Value::Null };
    data.remove("options");
    data.remove("state");
    if let Some(Value::Object(metrics)) = data.get_mut("metrics") {
        for metric in metrics.values_mut() {
            *metric = flat(metric.take());
        }
    }
    if let Some(root) = data.get_mut("root_group") {
        *root = by_name(root.take());
    }
    Value::Object(data)
}

fn flat(mut metric: Value) -> Value {
    let is_rate = metric["type"] == "rate";
    let Value::Object(mut values) = metric["values"].take() else { return Value::Null };
    if let Some(share) = if is_rate { values.remove("rate") } else { None } {
        values.insert("value".to_owned(), share);
    }
    if let Some(Value::Object(thresholds)) = metric.get_mut("thresholds").map(Value::take) {
        let failed =
            thresholds.into_iter().map(|(name, outcome)| (name, Value::from(outcome["ok"] == false)));
        values.insert("thresholds".to_owned(), Value::Object(failed.collect()));
    }
    Value::Object(values)
}

fn by_name(mut group: Value) -> Value {
    for (key, is_group) in [("groups", true), ("checks", false)] {
        let Value::Array(members) = group[key].take() else { continue };
        let named = |member: Value| {
            let name = member["name"].as_str().unwrap_or_default().to_owned();
            (name, if is_group { by_name(member) } else { member })
        };
        group[key] = Value::Object(members.into_iter().map(named).collect::<Map<String, Value>>());
    }
    group
}
