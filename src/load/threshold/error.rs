//! What can be wrong with a threshold. Each message names the metric or expression and what is allowed.

use crate::load::span;

/// Why a threshold cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ThresholdError {
    #[error("threshold on \"{selector}\": {reason}; allowed: a metric, or metric{{tag:value,tag2:value2}}")]
    Selector { selector: String, reason: &'static str },
    #[error("threshold on \"{metric}\": no such metric{}", meant(nearest.as_ref()))]
    UnknownMetric { metric: String, nearest: Option<String> },
    #[error(
        "threshold \"{expression}\": no operator; allowed: method operator number such as p(95)<500, with >, >=, <, <=, ==, === or !="
    )]
    NoOperator { expression: String },
    #[error("threshold \"{expression}\": unknown method \"{method}\"{}; allowed: count, rate, value, avg, min, max, med, p(0) to p(100)", meant(nearest.as_ref()))]
    UnknownMethod { expression: String, method: String, nearest: Option<String> },
    #[error(
        "threshold \"{expression}\": percentile \"{percentile}\" is no number from 0 to 100; allowed: p(0) to p(100)"
    )]
    Percentile { expression: String, percentile: String },
    #[error("threshold \"{expression}\": \"{value}\" is no number; allowed: a number such as 0.5 or 500")]
    Value { expression: String, value: String },
    #[error("threshold \"{expression}\" on \"{metric}\": a {kind} has no {method}; allowed: {allowed}")]
    WrongMethod {
        expression: String,
        metric: String,
        kind: &'static str,
        method: String,
        allowed: &'static str,
    },
    #[error(
        "threshold \"{expression}\": over: \"0s\" is no window; allowed: longer than 0s, {}",
        span::ALLOWED
    )]
    EmptyWindow { expression: String },
}

fn meant(nearest: Option<&String>) -> String {
    nearest.map(|nearest| format!("; did you mean {nearest}?")).unwrap_or_default()
}
