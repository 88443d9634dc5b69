//! `method operator number`, such as `p(99.9) < 1500`.
//!
//! Source: k6 `metrics/thresholds_parser.go`.

use std::fmt;

use super::error::ThresholdError;
use crate::load::metric::MetricType;
use crate::model::nearest::nearest;

/// How the samples of a metric become one number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Method {
    Count,
    /// Of a counter the count in a second, of a rate its share.
    Rate,
    Value,
    Avg,
    Min,
    Max,
    Med,
    /// From 0 to 100.
    Percentile(f64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    Greater,
    GreaterEqual,
    Less,
    LessEqual,
    Equal,
    NotEqual,
}

/// A condition on one number.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    /// As it was written: outputs show it so.
    pub source: String,
    pub method: Method,
    pub operator: Operator,
    pub bound: f64,
}

const METHODS: [(&str, Method); 7] = [
    ("avg", Method::Avg),
    ("count", Method::Count),
    ("max", Method::Max),
    ("med", Method::Med),
    ("min", Method::Min),
    ("rate", Method::Rate),
    ("value", Method::Value),
];

/// Longer ones before those that they begin with.
const OPERATORS: [(&str, Operator); 7] = [
    ("===", Operator::Equal),
    ("==", Operator::Equal),
    ("!=", Operator::NotEqual),
    (">=", Operator::GreaterEqual),
    ("<=", Operator::LessEqual),
    (">", Operator::Greater),
    ("<", Operator::Less),
];

impl Expression {
    pub fn parse(source: &str) -> Result<Expression, ThresholdError> {
        let expression = || source.to_owned();
        let start = source.find(['<', '>', '=', '!']).unwrap_or(source.len());
        let (method, rest) = source.split_at(start);
        let Some((operator, value)) = Operator::in_front_of(rest) else {
            return Err(ThresholdError::NoOperator { expression: expression() });
        };
        let method = Method::parse(method.trim(), source)?;
        let value = value.trim();
        let bound = value.parse().ok().filter(|bound: &f64| bound.is_finite());
        match bound {
            Some(bound) => Ok(Expression { source: expression(), method, operator, bound }),
            None => Err(ThresholdError::Value { expression: expression(), value: value.to_owned() }),
        }
    }

    pub fn holds(&self, value: f64) -> bool {
        self.operator.holds(value, self.bound)
    }
}

impl Operator {
    /// The one that a text begins with, and what follows it.
    pub fn in_front_of(text: &str) -> Option<(Operator, &str)> {
        OPERATORS.iter().find_map(|(sign, operator)| Some((*operator, text.strip_prefix(sign)?)))
    }

    pub fn holds(self, value: f64, bound: f64) -> bool {
        match self {
            Operator::Greater => value > bound,
            Operator::GreaterEqual => value >= bound,
            Operator::Less => value < bound,
            Operator::LessEqual => value <= bound,
            // k6 compares floats exactly, too.
            #[expect(clippy::float_cmp, reason = "the rule of k6")]
            Operator::Equal => value == bound,
            #[expect(clippy::float_cmp, reason = "the rule of k6")]
            Operator::NotEqual => value != bound,
        }
    }

    /// As it is written.
    pub fn text(self) -> &'static str {
        // `===` stands before `==` and means the same.
        OPERATORS.iter().rev().find(|(_, operator)| *operator == self).map_or("", |(text, _)| text)
    }
}

impl Method {
    fn parse(text: &str, source: &str) -> Result<Method, ThresholdError> {
        if let Some((_, method)) = METHODS.iter().find(|(name, _)| *name == text) {
            return Ok(*method);
        }
        if let Some(percentile) = text.strip_prefix("p(").and_then(|rest| rest.strip_suffix(')')) {
            let number = percentile.parse().ok().filter(|number| (0.0..=100.0).contains(number));
            return number.map(Method::Percentile).ok_or_else(|| ThresholdError::Percentile {
                expression: source.to_owned(),
                percentile: percentile.to_owned(),
            });
        }
        let names = METHODS.iter().map(|(name, _)| *name);
        // `p95` is what people write who mean `p(95)`.
        let percentile = text.strip_prefix('p').filter(|rest| rest.parse::<f64>().is_ok());
        let nearest = percentile.map(|number| format!("p({number})"));
        Err(ThresholdError::UnknownMethod {
            expression: source.to_owned(),
            method: text.to_owned(),
            nearest: nearest.or_else(|| nearest_name(text, names)),
        })
    }

    /// True where metrics of this type have the number.
    pub fn fits(self, kind: MetricType) -> bool {
        match kind {
            MetricType::Counter => matches!(self, Method::Count | Method::Rate),
            MetricType::Gauge => self == Method::Value,
            MetricType::Rate => self == Method::Rate,
            MetricType::Trend => !matches!(self, Method::Count | Method::Rate | Method::Value),
        }
    }

    /// What a type has, for messages.
    pub(super) fn all_of(kind: MetricType) -> &'static str {
        match kind {
            MetricType::Counter => "count, rate",
            MetricType::Gauge => "value",
            MetricType::Rate => "rate",
            MetricType::Trend => "avg, min, max, med, p(0) to p(100)",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Method::Percentile(number) => write!(f, "p({number})"),
            other => {
                let name = METHODS.iter().find(|(_, method)| method == other);
                f.write_str(name.map_or("", |(name, _)| name))
            }
        }
    }
}

fn nearest_name<'a>(text: &str, names: impl Iterator<Item = &'a str>) -> Option<String> {
    nearest(text, names).map(str::to_owned)
}
