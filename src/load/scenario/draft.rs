//! A scenario as it is written: every key of every executor, each of them possibly absent.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer};

use super::executor::{Arrival, Kind, Late};
use crate::load::span::{self, Span};

/// What a file says of one scenario. [`Draft::build`] makes one of it. Numbers may be negative here, so that the
/// complaint names the scenario and what is allowed.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Draft {
    pub executor: Option<Kind>,
    pub start_time: Option<Span>,
    pub graceful_stop: Option<Span>,
    pub env: BTreeMap<String, String>,
    pub exec: Option<String>,
    pub tags: BTreeMap<String, String>,
    pub vus: Option<i64>,
    pub iterations: Option<i64>,
    pub max_duration: Option<Span>,
    pub duration: Option<Lasting>,
    #[serde(rename = "startVUs")]
    pub start_vus: Option<i64>,
    pub stages: Option<Vec<StageDraft>>,
    pub graceful_ramp_down: Option<Span>,
    pub rate: Option<i64>,
    pub start_rate: Option<i64>,
    pub time_unit: Option<Span>,
    #[serde(rename = "preAllocatedVUs")]
    pub pre_allocated_vus: Option<i64>,
    #[serde(rename = "maxVUs")]
    pub max_vus: Option<i64>,
    pub arrival: Option<Arrival>,
    pub late: Option<Late>,
}

/// A duration, or `forever`, which is ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lasting {
    For(Span),
    Forever,
}

impl Lasting {
    /// `None` for ever.
    pub fn span(self) -> Option<Span> {
        match self {
            Lasting::For(span) => Some(span),
            Lasting::Forever => None,
        }
    }
}

impl<'de> Deserialize<'de> for Lasting {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Lasting, D::Error> {
        deserializer.deserialize_any(LastingVisitor)
    }
}

struct LastingVisitor;

impl Visitor<'_> for LastingVisitor {
    type Value = Lasting;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, or forever", span::ALLOWED)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Lasting, E> {
        if text == "forever" {
            return Ok(Lasting::Forever);
        }
        Span::parse(text).map(Lasting::For).map_err(E::custom)
    }

    fn visit_u64<E: de::Error>(self, millis: u64) -> Result<Lasting, E> {
        self.visit_str(&millis.to_string())
    }

    fn visit_i64<E: de::Error>(self, millis: i64) -> Result<Lasting, E> {
        self.visit_str(&millis.to_string())
    }

    fn visit_f64<E: de::Error>(self, millis: f64) -> Result<Lasting, E> {
        // A float is written without an exponent here.
        self.visit_str(&millis.to_string())
    }
}

/// A stage as it is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StageDraft {
    pub duration: Option<Span>,
    pub target: Option<i64>,
}

/// A text that is no stage.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "stage \"{value}\" {reason}; allowed: duration:target such as 1m30s:50, where the duration is {}",
    span::ALLOWED
)]
pub struct StageError {
    pub value: String,
    pub reason: &'static str,
}

impl StageDraft {
    /// One of a flag: `1m30s:50`.
    pub fn parse(text: &str) -> Result<StageDraft, StageError> {
        let failed = |reason| StageError { value: text.to_owned(), reason };
        let (duration, target) = text.split_once(':').ok_or_else(|| failed("has no \":\""))?;
        let duration = Span::parse(duration.trim()).map_err(|error| failed(error.reason))?;
        let target = target.trim().parse().map_err(|_| failed("has no whole number as target"))?;
        Ok(StageDraft { duration: Some(duration), target: Some(target) })
    }

    /// Several of an environment variable: `5s:10,1m:20`.
    pub fn parse_list(text: &str) -> Result<Vec<StageDraft>, StageError> {
        text.split(',').map(|stage| StageDraft::parse(stage.trim())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_of_a_flag() {
        let stage =
            |seconds, target| StageDraft { duration: Some(Span::from_secs(seconds)), target: Some(target) };
        assert_eq!(StageDraft::parse_list("5s:10, 1m:20"), Ok(vec![stage(5, 10), stage(60, 20)]));
        assert_eq!(StageDraft::parse("0:5"), Ok(stage(0, 5)));
        for text in ["", "5s", "5s:", ":5", "5s:1.5", "5x:1"] {
            assert_eq!(StageDraft::parse(text).unwrap_err().value, text);
        }
    }

    #[test]
    fn durations_may_be_for_ever() {
        for (json, expected) in [
            ("\"forever\"", Lasting::Forever),
            ("\"1m\"", Lasting::For(Span::from_secs(60))),
            ("1500", Lasting::For(Span::from_millis(1500))),
        ] {
            assert_eq!(serde_json::from_str::<Lasting>(json).unwrap(), expected);
        }
        assert!(serde_json::from_str::<Lasting>("\"for ever\"").is_err());
    }
}
