//! What the doctor finds, part by part.

use serde::Serialize;

/// How well one thing works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    Ok,
    /// Works in part, or less well.
    Degraded,
    Missing,
}

impl State {
    pub const fn name(self) -> &'static str {
        match self {
            State::Ok => "ok",
            State::Degraded => "degraded",
            State::Missing => "missing",
        }
    }
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub what: String,
    pub state: State,
    pub detail: String,
    /// The exact mount, setting or limit that mends it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

impl Finding {
    pub fn new(what: impl Into<String>, state: State, detail: impl Into<String>) -> Finding {
        Finding { what: what.into(), state, detail: detail.into(), remedy: None }
    }

    #[must_use]
    pub fn remedy(self, remedy: impl Into<String>) -> Finding {
        Finding { remedy: Some(remedy.into()), ..self }
    }
}

/// All findings of one source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Group {
    pub source: &'static str,
    /// True when the agent cannot do its main work with something here missing.
    pub essential: bool,
    pub findings: Vec<Finding>,
}

impl Group {
    /// True when nothing here keeps the agent from its main work.
    pub(super) fn works(&self) -> bool {
        !self.essential || self.findings.iter().all(|finding| finding.state != State::Missing)
    }
}
