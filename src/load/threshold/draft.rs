//! A threshold as it is written: an expression, or one with what becomes of a failure.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};

use crate::load::span::Span;

/// `"p(95)<500"`, or `{threshold: "p(95)<500", abortOnFail: true, delayAbortEval: 10s, over: 1m}`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ThresholdDraft {
    pub threshold: String,
    pub abort_on_fail: bool,
    pub delay_abort_eval: Option<Span>,
    pub over: Option<Span>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Full {
    threshold: String,
    #[serde(default)]
    abort_on_fail: bool,
    delay_abort_eval: Option<Span>,
    over: Option<Span>,
}

impl<'de> Deserialize<'de> for ThresholdDraft {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<ThresholdDraft, D::Error> {
        deserializer.deserialize_any(ThresholdVisitor)
    }
}

struct ThresholdVisitor;

impl<'de> Visitor<'de> for ThresholdVisitor {
    type Value = ThresholdDraft;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "an expression such as p(95)<500, or a map with threshold, abortOnFail, delayAbortEval and over",
        )
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<ThresholdDraft, E> {
        Ok(ThresholdDraft { threshold: text.to_owned(), ..ThresholdDraft::default() })
    }

    fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<ThresholdDraft, M::Error> {
        let full = Full::deserialize(MapAccessDeserializer::new(map))?;
        Ok(ThresholdDraft {
            threshold: full.threshold,
            abort_on_fail: full.abort_on_fail,
            delay_abort_eval: full.delay_abort_eval,
            over: full.over,
        })
    }
}
