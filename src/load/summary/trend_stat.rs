//! `summaryTrendStats`: which numbers of a trend are shown, in which order.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::load::histogram::Histogram;
use crate::load::threshold::{Method, millis_of};
use crate::model::nearest::nearest;

/// One number of a trend. It keeps how it was written, which is its name in every output.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct TrendStat {
    name: Box<str>,
    number: Number,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Number {
    Count,
    Of(Method),
}

/// A name that is none of them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("summaryTrendStats: \"{name}\" is no number of a trend{}; allowed: avg, min, med, max, count, p(0) to p(100)", meant(nearest.as_ref()))]
pub struct TrendStatError {
    pub name: String,
    pub nearest: Option<String>,
}

const NAMES: [(&str, Number); 5] = [
    ("avg", Number::Of(Method::Avg)),
    ("count", Number::Count),
    ("max", Number::Of(Method::Max)),
    ("med", Number::Of(Method::Med)),
    ("min", Number::Of(Method::Min)),
];

impl TrendStat {
    /// What k6 shows unless it is told otherwise.
    pub fn defaults() -> Vec<TrendStat> {
        ["avg", "min", "med", "max", "p(90)", "p(95)"].into_iter().filter_map(known).collect()
    }

    pub fn parse(text: &str) -> Result<TrendStat, TrendStatError> {
        let name = text.trim();
        known(name).ok_or_else(|| TrendStatError { name: name.to_owned(), nearest: meant_by(name) })
    }

    /// Names with commas between them, as the flag has them.
    pub fn parse_list(text: &str) -> Result<Vec<TrendStat>, TrendStatError> {
        text.split(',').map(TrendStat::parse).collect()
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// True for a number of samples, which has no unit.
    pub(in crate::load) fn is_count(&self) -> bool {
        self.number == Number::Count
    }

    /// In milliseconds, or in the samples' own unit; `None` without a sample.
    pub(in crate::load) fn of(&self, histogram: &Histogram) -> Option<f64> {
        match self.number {
            Number::Count => Some(histogram.count() as f64),
            Number::Of(method) => millis_of(histogram, method),
        }
    }
}

fn known(name: &str) -> Option<TrendStat> {
    let plain = NAMES.into_iter().find(|(known, _)| *known == name).map(|(_, number)| number);
    let number = plain.or_else(|| {
        let percentile = name.strip_prefix("p(")?.strip_suffix(')')?.parse().ok()?;
        (0.0..=100.0).contains(&percentile).then_some(Number::Of(Method::Percentile(percentile)))
    })?;
    Some(TrendStat { name: name.into(), number })
}

/// `p95` is what people write who mean `p(95)`.
fn meant_by(name: &str) -> Option<String> {
    let percentile = name.strip_prefix('p').filter(|rest| rest.parse::<f64>().is_ok());
    percentile
        .map(|number| format!("p({number})"))
        .or_else(|| nearest(name, NAMES.iter().map(|(name, _)| *name)).map(str::to_owned))
}

fn meant(nearest: Option<&String>) -> String {
    nearest.map(|nearest| format!("; did you mean {nearest}?")).unwrap_or_default()
}

impl fmt::Display for TrendStat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl TryFrom<String> for TrendStat {
    type Error = TrendStatError;

    fn try_from(text: String) -> Result<TrendStat, TrendStatError> {
        TrendStat::parse(&text)
    }
}

impl From<TrendStat> for String {
    fn from(stat: TrendStat) -> String {
        stat.name.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_gives_its_number() {
        let mut histogram = Histogram::new();
        for micros in [1, 2, 3, 4] {
            histogram.record(micros * 1_000);
        }
        let stats = TrendStat::parse_list("avg, min,med,max,count,p(50),p(99.9)").unwrap();
        let found: Vec<Option<f64>> = stats.iter().map(|stat| stat.of(&histogram)).collect();
        let expected = [0.0025, 0.001, 0.0025, 0.004, 4.0, 0.0025, 0.003_997];
        for ((stat, found), expected) in stats.iter().zip(found).zip(expected) {
            assert!((found.unwrap() - expected).abs() <= 0.001 * expected, "{stat}: {found:?}");
        }
        assert_eq!(TrendStat::parse("avg").unwrap().of(&Histogram::new()), None);
    }

    #[test]
    fn what_is_unknown_is_refused_with_the_nearest() {
        for (text, nearest) in [
            ("p95", Some("p(95)")),
            ("quantile", None),
            ("medd", Some("med")),
            ("p(101)", None),
            ("p(x)", None),
            ("", None),
        ] {
            let error = TrendStat::parse(text).unwrap_err();
            assert_eq!(error.nearest.as_deref(), nearest, "{text}");
        }
        assert_eq!(
            TrendStat::parse_list("avg,p95").unwrap_err().to_string(),
            "summaryTrendStats: \"p95\" is no number of a trend; did you mean p(95)?; allowed: avg, min, med, max, count, p(0) to p(100)"
        );
        assert!(serde_json::from_str::<Vec<TrendStat>>("[\"avg\",\"p(0)\"]").is_ok());
        assert!(serde_json::from_str::<Vec<TrendStat>>("[\"average\"]").is_err());
    }
}
