//! What flags, environment, file and defaults say of a run's shape, and who overrides whom.
//!
//! Source: k6 `lib/options.go` (`Apply`): whoever says how long or how a run goes throws away all that lower places
//! said of it, so that `--duration` on the command line replaces the stages of a file instead of colliding with them.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::load::rate::Rate;
use crate::load::scenario::{Draft, StageDraft, StageError};
use crate::load::span::{self, Span};
use crate::model::bounds::OutOfRange;

/// The shape of a run as one place gives it, or several together.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Shortcuts {
    pub vus: Option<i64>,
    pub duration: Option<Span>,
    pub iterations: Option<i64>,
    /// An empty list is as good as none, as in k6.
    pub stages: Option<Vec<StageDraft>>,
    /// Ours: starts at a rate. With `duration` a constant one, with `stages` one that ramps from here.
    pub rate: Option<Rate>,
    pub scenarios: Option<BTreeMap<String, Draft>>,
}

/// The variables of the environment, and the key that each gives. `K6_RATE` is ours.
pub const VARIABLES: [(&str, &str); 5] = [
    ("K6_DURATION", "duration"),
    ("K6_ITERATIONS", "iterations"),
    ("K6_RATE", "rate"),
    ("K6_STAGES", "stages"),
    ("K6_VUS", "vus"),
];

impl Shortcuts {
    /// All layers as one; the first overrides the others: flags, environment, file, defaults.
    pub fn merge(layers: impl IntoIterator<Item = Shortcuts>) -> Shortcuts {
        layers.into_iter().fold(Shortcuts::default(), Shortcuts::over)
    }

    /// What is said here, and what `lower` says beside it.
    #[must_use]
    pub fn over(self, lower: Shortcuts) -> Shortcuts {
        let replaces = self.duration.is_some()
            || self.iterations.is_some()
            || self.stages.is_some()
            || self.scenarios.is_some();
        let mut lower = if replaces {
            Shortcuts { vus: lower.vus, rate: lower.rate, ..Shortcuts::default() }
        } else {
            lower
        };
        // A rate goes with a duration or stages, of whatever place, and with nothing else.
        if self.iterations.is_some() || self.scenarios.is_some() {
            lower.rate = None;
        }
        if self.rate.is_some() {
            (lower.iterations, lower.scenarios) = (None, None);
        }
        Shortcuts {
            vus: self.vus.or(lower.vus),
            duration: self.duration.or(lower.duration),
            iterations: self.iterations.or(lower.iterations),
            stages: self.stages.or(lower.stages),
            rate: self.rate.or(lower.rate),
            scenarios: self.scenarios.or(lower.scenarios),
        }
    }

    /// From the variables of the environment; an empty one is as good as none.
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Shortcuts, Vec<OutOfRange>> {
        let mut shortcuts = Shortcuts::default();
        let mut problems = Vec::new();
        for (name, key) in VARIABLES {
            let Some(text) = variable(name).filter(|text| !text.is_empty()) else { continue };
            if let Err((reason, allowed)) = shortcuts.set(key, &text) {
                problems.push(OutOfRange::new(name, text, reason, allowed));
            }
        }
        if problems.is_empty() { Ok(shortcuts) } else { Err(problems) }
    }

    /// One key from its text; on failure what is wrong and what is allowed.
    fn set(&mut self, key: &str, text: &str) -> Result<(), (String, &'static str)> {
        let whole =
            || text.parse().map_err(|_| ("is no whole number".to_owned(), "a whole number such as 10"));
        match key {
            "vus" => self.vus = Some(whole()?),
            "iterations" => self.iterations = Some(whole()?),
            "duration" => {
                let parsed = Span::parse(text);
                self.duration = Some(parsed.map_err(|error| (error.reason.to_owned(), span::ALLOWED))?);
            }
            "rate" => {
                let failed = |_| ("is no rate".to_owned(), "starts in a second such as 200, or 3/1m");
                self.rate = Some(Rate::parse(text).map_err(failed)?);
            }
            _ => {
                let stages = StageDraft::parse_list(text);
                let refused = |error: StageError| format!("is refused: {error}");
                self.stages = Some(stages.map_err(|error| (refused(error), "stages such as 30s:10,1m:20"))?);
            }
        }
        Ok(())
    }
}
