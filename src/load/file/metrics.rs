//! Metrics of the file's own, and thresholds on all metrics.

use super::fields::Field;
use super::node::{Place, Value};
use super::values::Reader;
use super::whole::{Metric, Plan};
use crate::load::metric::{BUILT_IN, MetricType};
use crate::load::results::Contains;
use crate::load::threshold::{Threshold, ThresholdDraft};
use crate::model::nearest::nearest;

const TYPES: [(&str, MetricType); 4] = [
    ("counter", MetricType::Counter),
    ("gauge", MetricType::Gauge),
    ("rate", MetricType::Rate),
    ("trend", MetricType::Trend),
];

const CONTAINS: [(&str, Contains); 3] =
    [("data", Contains::Data), ("default", Contains::Default), ("time", Contains::Time)];

/// k6's bound of a name.
const LONGEST_NAME: usize = 128;

impl Reader<'_> {
    /// `errors: rate`, or `waits: {type: trend, contains: time}`.
    pub(super) fn metrics(&mut self, field: &Field<'_>) -> Vec<Metric> {
        let mut metrics = Vec::new();
        for (entry, field) in self.named(field) {
            let name = entry.key.as_str();
            let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let starts = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
            if !starts || !name.chars().all(is_word) || name.len() > LONGEST_NAME {
                self.refuse_with(
                    &field,
                    "is no name of a metric; allowed: letters, digits and _, no digit first",
                );
            } else if BUILT_IN.iter().any(|(known, _)| *known == name) {
                self.refuse_with(&field, "is a metric of every run; choose another name");
            }
            metrics.extend(self.metric(name, &field));
        }
        metrics
    }

    fn metric(&mut self, name: &str, field: &Field<'_>) -> Option<Metric> {
        let metric = |kind, contains| Metric { name: name.into(), kind, contains };
        if matches!(field.node.value, Value::Scalar { .. }) {
            return self.choice(field, &TYPES).map(|kind| metric(kind, Contains::Default));
        }
        let mut fields = self.fields(field)?;
        let kind = fields.take("type");
        let contains = fields.take("contains").and_then(|field| self.choice(&field, &CONTAINS));
        let is_known = fields.finish(self);
        let Some(kind) = kind else {
            if is_known {
                self.refuse_with(field, "lacks type; allowed: counter, gauge, rate, trend");
            }
            return None;
        };
        self.choice(&kind, &TYPES).map(|kind| metric(kind, contains.unwrap_or_default()))
    }

    /// Of each metric a list of expressions and maps, or one of them alone.
    pub(super) fn thresholds(
        &mut self,
        field: &Field<'_>,
        known: &[(&str, MetricType)],
    ) -> Vec<(Place, Threshold)> {
        let mut thresholds = Vec::new();
        for (entry, field) in self.named(field) {
            let is_list = matches!(field.node.value, Value::List(_));
            let items = if is_list { self.items(&field) } else { vec![field] };
            for item in items {
                let Some(draft) = self.threshold(&item) else { continue };
                match Threshold::parse(&entry.key, &draft, known.iter().copied()) {
                    Ok(threshold) => thresholds.push((entry.place, threshold)),
                    Err(error) => self.refuse_with(&item, error),
                }
            }
        }
        thresholds
    }

    /// A threshold whose samples never come always passes, which nobody means. What runs is known only when flags and
    /// environment have had their say, so it is no mistake of the file.
    pub(super) fn check_selectors(&mut self, thresholds: &[(Place, Threshold)], plans: &[Plan]) {
        let scenarios: Vec<&str> = plans.iter().map(|plan| plan.scenario.name.as_str()).collect();
        for (place, threshold) in thresholds {
            for (tag, value) in &threshold.selector.tags {
                if tag != "scenario" || scenarios.contains(&value.as_str()) {
                    continue;
                }
                let meant = nearest(value, scenarios.iter().copied());
                let meant = meant.map(|meant| format!("; did you mean {meant}?")).unwrap_or_default();
                let selector = &threshold.selector;
                self.remark(*place, format!("thresholds.{selector}: no scenario is called {value}{meant}"));
            }
        }
    }

    fn threshold(&mut self, field: &Field<'_>) -> Option<ThresholdDraft> {
        if matches!(field.node.value, Value::Scalar { .. }) {
            return self
                .text(field)
                .map(|threshold| ThresholdDraft { threshold, ..ThresholdDraft::default() });
        }
        let mut fields = self.fields(field)?;
        let threshold = fields.take("threshold");
        let draft = ThresholdDraft {
            threshold: String::new(),
            abort_on_fail: fields.take("abortOnFail").and_then(|field| self.flag(&field)).unwrap_or_default(),
            delay_abort_eval: fields.take("delayAbortEval").and_then(|field| self.span(&field)),
            over: fields.take("over").and_then(|field| self.span(&field)),
        };
        let is_known = fields.finish(self);
        let Some(threshold) = threshold else {
            if is_known {
                self.refuse_with(field, "lacks threshold; allowed: an expression such as p(95)<500");
            }
            return None;
        };
        Some(ThresholdDraft { threshold: self.text(&threshold)?, ..draft })
    }
}
