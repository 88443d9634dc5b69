//! Thresholds of a run, checked before it and asked while it goes.
//!
//! Source: k6 `metrics/thresholds.go`, `internal/metrics/engine/engine.go`.

use super::draft::ThresholdDraft;
use super::error::ThresholdError;
use super::expression::{Expression, Method};
use super::selector::Selector;
use crate::load::metric::MetricType;
use crate::load::span::Span;
use crate::model::nearest::nearest;

/// k6 evaluates all thresholds so often, and once more at the end.
pub const EVALUATED_EVERY: Span = Span::from_secs(2);

/// What the run knows so far. The engine implements it.
pub trait Aggregates {
    /// The number of the selected samples: of the whole run so far, or of the last `over` of it. `None` where there
    /// is no sample. Times are in milliseconds, rates of counters in a second.
    fn value(&self, selector: &Selector, method: Method, over: Option<Span>) -> Option<f64>;
}

/// One condition on one metric.
#[derive(Clone, Debug, PartialEq)]
pub struct Threshold {
    pub selector: Selector,
    pub expression: Expression,
    /// A failure ends the run.
    pub abort_on_fail: bool,
    /// But not before the run has gone on for longer than this.
    pub delay_abort_eval: Option<Span>,
    /// Ours: a sliding window in place of the whole run.
    pub over: Option<Span>,
}

/// What came of one evaluation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outcome {
    /// `None` without a sample, which passes.
    pub value: Option<f64>,
    pub passed: bool,
    /// The run must end now.
    pub abort: bool,
}

impl Threshold {
    /// `known` are the metrics of the run, its own ones included.
    pub fn parse<'a>(
        selector: &str,
        draft: &ThresholdDraft,
        known: impl IntoIterator<Item = (&'a str, MetricType)>,
    ) -> Result<Threshold, ThresholdError> {
        let selector = Selector::parse(selector)?;
        let known: Vec<(&str, MetricType)> = known.into_iter().collect();
        let Some(&(_, kind)) = known.iter().find(|(name, _)| *name == selector.metric) else {
            let nearest = nearest(&selector.metric, known.iter().map(|(name, _)| *name));
            return Err(ThresholdError::UnknownMetric {
                nearest: nearest.map(str::to_owned),
                metric: selector.metric,
            });
        };
        let expression = Expression::parse(&draft.threshold)?;
        if !expression.method.fits(kind) {
            return Err(ThresholdError::WrongMethod {
                method: expression.method.to_string(),
                expression: expression.source,
                metric: selector.metric,
                kind: kind.name(),
                allowed: Method::all_of(kind),
            });
        }
        if draft.over == Some(Span::default()) {
            return Err(ThresholdError::EmptyWindow { expression: expression.source });
        }
        Ok(Threshold {
            selector,
            expression,
            abort_on_fail: draft.abort_on_fail,
            delay_abort_eval: draft.delay_abort_eval,
            over: draft.over,
        })
    }

    /// `elapsed` is how long the run has gone on.
    pub fn evaluate(&self, aggregates: &impl Aggregates, elapsed: Span) -> Outcome {
        let value = aggregates.value(&self.selector, self.expression.method, self.over);
        let passed = value.is_none_or(|value| self.expression.holds(value));
        let is_due = self.delay_abort_eval.is_none_or(|delay| delay < elapsed);
        Outcome { value, passed, abort: !passed && self.abort_on_fail && is_due }
    }
}
