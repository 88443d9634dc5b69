//! Scenarios out of shortcuts, by k6's rules: which executor is meant, and what cannot be meant together.
//!
//! Source: k6 `lib/executor/execution_config_shortcuts.go`. `rate` is ours.

use std::collections::BTreeMap;

use super::layers::Shortcuts;
use crate::load::rate::Rate;
use crate::load::scenario::{Draft, Kind, Lasting, Scenario};
use crate::load::span::Span;
use crate::model::bounds::OutOfRange;

/// The name of the scenario that shortcuts make.
pub const DEFAULT_SCENARIO: &str = "default";
/// Users of a rate where nobody says how many: enough for answers of a second, in this bound.
const MOST_DEFAULT_VUS: u64 = 1000;

impl Shortcuts {
    /// What runs, sorted by name. The scenarios' own rules are checked as well, and all problems are told.
    pub fn scenarios(&self) -> Result<Vec<Scenario>, Vec<OutOfRange>> {
        let drafts = self.drafts()?;
        let (mut scenarios, mut problems) = (Vec::new(), Vec::new());
        for (name, draft) in &drafts {
            match draft.build(name) {
                Ok(scenario) => scenarios.push(scenario),
                Err(found) => problems.extend(found),
            }
        }
        if problems.is_empty() { Ok(scenarios) } else { Err(problems) }
    }

    fn drafts(&self) -> Result<BTreeMap<String, Draft>, Vec<OutOfRange>> {
        let conflicts = self.conflicts();
        if !conflicts.is_empty() {
            return Err(conflicts);
        }
        if let Some(scenarios) = self.scenarios.as_ref().filter(|scenarios| !scenarios.is_empty()) {
            return Ok(scenarios.clone());
        }
        let stages = self.stages.clone().filter(|stages| !stages.is_empty());
        let draft = |kind| Draft { executor: Some(kind), ..Draft::default() };
        let draft = if let Some(rate) = self.rate {
            self.at_rate(rate)?
        } else if let Some(iterations) = self.iterations {
            Draft {
                vus: self.vus,
                iterations: Some(iterations),
                max_duration: self.duration,
                ..draft(Kind::SharedIterations)
            }
        } else if let Some(duration) = self.duration {
            if duration == Span::default() {
                return Err(vec![OutOfRange::new("duration", "0s", "is no time", "longer than 0s")]);
            }
            Draft { vus: self.vus, duration: Some(Lasting::For(duration)), ..draft(Kind::ConstantVus) }
        } else if stages.is_some() {
            Draft { start_vus: self.vus, stages, ..draft(Kind::RampingVus) }
        } else if self.vus.is_some() {
            Draft { vus: self.vus, iterations: self.vus, ..draft(Kind::SharedIterations) }
        } else {
            draft(Kind::PerVuIterations)
        };
        Ok(BTreeMap::from([(DEFAULT_SCENARIO.to_owned(), draft)]))
    }

    /// Pairs that nobody can mean together.
    fn conflicts(&self) -> Vec<OutOfRange> {
        let has_stages = self.stages.as_ref().is_some_and(|stages| !stages.is_empty());
        let given = [
            ("duration", self.duration.is_some()),
            ("iterations", self.iterations.is_some()),
            ("rate", self.rate.is_some()),
            ("scenarios", self.scenarios.is_some()),
            ("stages", has_stages),
        ];
        let is_given = |key| given.contains(&(key, true));
        let pairs = [
            ("iterations", "stages"),
            ("iterations", "scenarios"),
            ("duration", "stages"),
            ("duration", "scenarios"),
            ("stages", "scenarios"),
            ("rate", "iterations"),
            ("rate", "scenarios"),
        ];
        let conflict = |(one, other): (&str, &str)| {
            let reason = format!("cannot be used together with {other}");
            OutOfRange::new(one, one, reason, format!("either {one} or {other}"))
        };
        pairs.into_iter().filter(|(one, other)| is_given(*one) && is_given(*other)).map(conflict).collect()
    }

    /// The users come from `vus`, and without it from the highest rate.
    fn at_rate(&self, rate: Rate) -> Result<Draft, Vec<OutOfRange>> {
        let stages = self.stages.clone().filter(|stages| !stages.is_empty());
        let highest = stages.iter().flatten().filter_map(|stage| stage.target);
        let highest = highest.filter_map(|target| u64::try_from(target).ok()).fold(rate.starts, u64::max);
        let enough = Rate { starts: highest, ..rate }.each_second().clamp(1, MOST_DEFAULT_VUS);
        let draft = Draft {
            time_unit: Some(rate.unit),
            pre_allocated_vus: Some(self.vus.unwrap_or(enough as i64)),
            ..Draft::default()
        };
        let starts = Some(i64::try_from(rate.starts).unwrap_or(i64::MAX));
        match (self.duration, stages) {
            (None, None) => {
                let allowed = "rate together with duration or stages";
                Err(vec![OutOfRange::new("rate", rate.to_string(), "does not say for how long", allowed)])
            }
            (_, Some(stages)) => Ok(Draft {
                executor: Some(Kind::RampingArrivalRate),
                start_rate: starts,
                stages: Some(stages),
                ..draft
            }),
            (Some(duration), None) => Ok(Draft {
                executor: Some(Kind::ConstantArrivalRate),
                rate: starts,
                duration: Some(Lasting::For(duration)),
                ..draft
            }),
        }
    }
}
