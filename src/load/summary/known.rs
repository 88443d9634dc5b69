//! What kind of metric one is that has a threshold and no sample: the summary names it all the same.

use crate::load::metric::{BUILT_IN, MetricType};
use crate::load::results::Contains;
use crate::load::threshold::{Method, Threshold};

/// From the table of metrics, or what the threshold takes it for.
pub(super) fn kind_of(threshold: &Threshold) -> MetricType {
    let known = BUILT_IN.iter().find(|(name, _)| *name == threshold.selector.metric);
    known.map_or_else(|| asked_as(threshold.expression.method), |(_, kind)| *kind)
}

pub(super) fn contains_of(threshold: &Threshold) -> Contains {
    let metric = threshold.selector.metric.as_str();
    match BUILT_IN.iter().find(|(name, _)| *name == metric) {
        Some((_, MetricType::Trend)) => Contains::Time,
        _ if matches!(metric, "data_received" | "data_sent") => Contains::Data,
        _ => Contains::Default,
    }
}

fn asked_as(method: Method) -> MetricType {
    match method {
        Method::Count => MetricType::Counter,
        Method::Value => MetricType::Gauge,
        Method::Rate => MetricType::Rate,
        _ => MetricType::Trend,
    }
}

pub(super) fn contains_name(contains: Contains) -> &'static str {
    match contains {
        Contains::Default => "default",
        Contains::Time => "time",
        Contains::Data => "data",
    }
}
