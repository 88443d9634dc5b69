//! Which stage of its ramp each scenario is in, and when each begins.

use std::fmt::Write;

use crate::load::engine::Plan;
use crate::load::scenario::{Executor, Stage};
use crate::load::span::Span;

/// The stages of a plan.
#[derive(Clone, Debug, Default)]
pub(super) struct Stages {
    scenarios: Vec<Ramp>,
    /// With several scenarios each is named.
    are_named: bool,
}

#[derive(Clone, Debug)]
struct Ramp {
    scenario: String,
    unit: &'static str,
    /// When each begins, in the time of the run.
    stages: Vec<(Span, Stage)>,
    end: Span,
    /// How many were told to have begun.
    told: usize,
}

impl Stages {
    pub(super) fn of(plan: &Plan) -> Stages {
        let ramp = |work: &crate::load::engine::Work| {
            let scenario = &work.scenario;
            let (stages, unit) = match &scenario.executor {
                Executor::RampingVus { stages, .. } => (stages, "VUs"),
                Executor::RampingArrivalRate { stages, .. } => (stages, "starts"),
                _ => return None,
            };
            let mut at = scenario.start_time;
            let mut all = Vec::new();
            for stage in stages {
                all.push((at, *stage));
                at = Span::from_nanos(at.nanos().saturating_add(stage.duration.nanos()));
            }
            Some(Ramp { scenario: scenario.name.clone(), unit, stages: all, end: at, told: 0 })
        };
        Stages {
            scenarios: plan.scenarios.iter().filter_map(ramp).collect(),
            are_named: plan.scenarios.len() > 1,
        }
    }

    /// Those that began since this was asked last, each with its moment.
    pub(super) fn begun(&mut self, elapsed: Span) -> Vec<(Span, String)> {
        let mut found = Vec::new();
        for ramp in &mut self.scenarios {
            let name = if self.are_named { format!("{}: ", ramp.scenario) } else { String::new() };
            while let Some((at, stage)) = ramp.stages.get(ramp.told).filter(|(at, _)| *at <= elapsed) {
                ramp.told += 1;
                let (number, count) = (ramp.told, ramp.stages.len());
                let Stage { duration, target } = stage;
                let text =
                    format!("{name}stage {number} of {count}: to {target} {} in {duration}", ramp.unit);
                found.push((*at, text));
            }
        }
        found.sort();
        found
    }

    /// The number of the stage, where there is one ramp alone: with several there is none for all of the run.
    pub(super) fn number(&self, elapsed: Span) -> Option<usize> {
        match &self.scenarios[..] {
            [ramp] => ramp.number(elapsed),
            _ => None,
        }
    }

    /// For the line of the progress.
    pub(super) fn shown(&self, elapsed: Span) -> String {
        let mut text = String::new();
        for ramp in &self.scenarios {
            let Some(number) = ramp.number(elapsed) else { continue };
            let name = if self.are_named { format!(" {}", ramp.scenario) } else { String::new() };
            // Writing to a String never fails.
            let _ = write!(text, "  stage{name} {number}/{}", ramp.stages.len());
        }
        text
    }
}

impl Ramp {
    /// `None` before the first one; the last stays once it is over.
    fn number(&self, elapsed: Span) -> Option<usize> {
        let begun = self.stages.partition_point(|(at, _)| *at <= elapsed.min(self.end));
        (begun > 0).then_some(begun)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::engine::Work;
    use crate::load::scenario::Scenario;
    use std::collections::BTreeMap;

    fn plan(names: &[&str]) -> Plan {
        let stage = |seconds, target| Stage { duration: Span::from_secs(seconds), target };
        let work = |name: &&str| Work {
            scenario: Scenario {
                name: (*name).to_owned(),
                executor: Executor::RampingVus {
                    start_vus: 1,
                    stages: vec![stage(10, 50), stage(0, 80), stage(5, 0)],
                    graceful_ramp_down: Span::default(),
                },
                start_time: Span::from_secs(2),
                graceful_stop: Span::default(),
                exec: String::new(),
                env: BTreeMap::new(),
                tags: BTreeMap::new(),
            },
            script: std::sync::Arc::default(),
        };
        let mut plan = Plan::default();
        plan.scenarios = names.iter().map(work).collect();
        plan
    }

    #[test]
    fn each_stage_is_told_once_at_its_own_moment() {
        let mut stages = Stages::of(&plan(&["a"]));
        assert_eq!(stages.begun(Span::SECOND), []);
        let told = |at, text: &str| (Span::from_secs(at), text.to_owned());
        assert_eq!(stages.begun(Span::from_secs(3)), [told(2, "stage 1 of 3: to 50 VUs in 10s")]);
        assert_eq!(
            stages.begun(Span::from_secs(30)),
            [told(12, "stage 2 of 3: to 80 VUs in 0s"), told(12, "stage 3 of 3: to 0 VUs in 5s")]
        );
        assert_eq!(stages.begun(Span::from_secs(40)), []);
    }

    #[test]
    fn a_number_is_that_of_the_only_ramp() {
        let one = Stages::of(&plan(&["a"]));
        let numbers = [1, 2, 11, 12, 99].map(|second| one.number(Span::from_secs(second)));
        assert_eq!(numbers, [None, Some(1), Some(1), Some(3), Some(3)]);
        let two = Stages::of(&plan(&["a", "b"]));
        assert_eq!(two.number(Span::from_secs(5)), None);
        assert_eq!(two.shown(Span::from_secs(5)), "  stage a 1/3  stage b 1/3");
    }
}
