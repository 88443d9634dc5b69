//! How many users there are at a time, by the rule of `ramping-vus`: linear within a stage, each user at the latest
//! nanosecond at which the line has reached it.
//!
//! Source: k6 `lib/executor/ramping_vus.go`: the number `v` of a stage is there from `end - floor(d * |v - target| /
//! |target - start|)` on, whether the stage goes up or down.

use crate::load::scenario::{Executor, Stage};

/// The planned number of users over time, in nanoseconds since the start of the executor.
#[derive(Clone, Debug)]
pub struct VuRamp {
    start_vus: u64,
    stages: Vec<Step>,
}

#[derive(Clone, Copy, Debug)]
struct Step {
    from: u64,
    to: u64,
    start: u64,
    length: u64,
}

impl VuRamp {
    /// `None` for every executor but `ramping-vus`.
    pub fn of(executor: &Executor) -> Option<VuRamp> {
        match executor {
            Executor::RampingVus { start_vus, stages, .. } => Some(VuRamp::new(*start_vus, stages)),
            _ => None,
        }
    }

    pub fn new(start_vus: u64, stages: &[Stage]) -> VuRamp {
        let (mut from, mut start) = (start_vus, 0u64);
        let step = |stage: &Stage| {
            let step = Step { from, to: stage.target, start, length: stage.duration.nanos() };
            (from, start) = (step.to, step.end());
            step
        };
        VuRamp { start_vus, stages: stages.iter().map(step).collect() }
    }

    /// When the last stage ends. The engine then lets all users go; [`VuRamp::planned`] keeps the last target.
    pub fn end(&self) -> u64 {
        self.stages.last().map_or(0, Step::end)
    }

    pub fn planned(&self, at: u64) -> u64 {
        // Several stages of no duration at one time: the last one counts.
        let stage = self.stages.iter().rev().find(|step| step.start <= at);
        stage.map_or(self.start_vus, |step| step.planned(at))
    }

    /// The next time after `at` at which the number changes, and the number from then on.
    pub fn next_change(&self, at: u64) -> Option<(u64, u64)> {
        let now = self.planned(at);
        let changes = self.stages.iter().filter(|step| step.end() >= at).filter_map(|step| step.change(at));
        changes.map(|change| (change, self.planned(change))).find(|&(_, vus)| vus != now)
    }
}

impl Step {
    fn end(&self) -> u64 {
        self.start.saturating_add(self.length)
    }

    fn planned(&self, at: u64) -> u64 {
        let missing = self.missing(at);
        if self.to >= self.from { self.to - missing } else { self.to + missing }
    }

    /// How far the number is from the target: the fewest whose time has come.
    fn missing(&self, at: u64) -> u64 {
        let left = self.end().saturating_sub(at);
        if left == 0 || self.length == 0 {
            return 0;
        }
        let missing = (u128::from(left) * self.height()).div_ceil(u128::from(self.length));
        missing.min(self.height()) as u64
    }

    /// The first time after `at` at which this stage changes the number, or at least begins.
    fn change(&self, at: u64) -> Option<u64> {
        if self.start > at && self.length == 0 {
            return Some(self.start);
        }
        let missing = self.missing(at.max(self.start));
        let next = u128::from(missing.checked_sub(1)?);
        let before_end = u128::from(self.length) * next / self.height();
        Some(self.end() - before_end as u64)
    }

    fn height(&self) -> u128 {
        u128::from(self.from.abs_diff(self.to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::span::Span;
    use proptest::prelude::*;

    const SECOND: u64 = 1_000_000_000;

    fn ramp(start: u64, stages: &[(u64, u64)]) -> VuRamp {
        let stage = |&(nanos, target): &(u64, u64)| Stage { duration: Span::from_nanos(nanos), target };
        VuRamp::new(start, &stages.iter().map(stage).collect::<Vec<_>>())
    }

    /// Every change from the start on, in seconds.
    fn changes(ramp: &VuRamp) -> Vec<(f64, u64)> {
        let mut found = vec![(0.0, ramp.planned(0))];
        let mut at = 0;
        while let Some((next, vus)) = ramp.next_change(at) {
            assert!(next > at);
            found.push((next as f64 / 1e9, vus));
            at = next;
        }
        found
    }

    #[test]
    fn each_user_comes_and_goes_at_k6s_time() {
        for (start, stages, expected) in [
            (1, &[(10, 5)][..], &[(0.0, 1), (2.5, 2), (5.0, 3), (7.5, 4), (10.0, 5)][..]),
            (5, &[(10, 1)], &[(0.0, 5), (2.5, 4), (5.0, 3), (7.5, 2), (10.0, 1)]),
            (0, &[(0, 3), (2, 3), (0, 1)], &[(0.0, 3), (2.0, 1)]),
            (2, &[(5, 2), (1, 3)], &[(0.0, 2), (6.0, 3)]),
            (0, &[(2, 2), (2, 0)], &[(0.0, 0), (1.0, 1), (2.0, 2), (3.0, 1), (4.0, 0)]),
            (0, &[(0, 5), (0, 2)], &[(0.0, 2)]),
            (1, &[(0, 5), (1, 5)], &[(0.0, 5)]),
            // A jump there and back at one time is none.
            (1, &[(1, 1), (0, 9), (0, 1), (1, 2)], &[(0.0, 1), (2.0, 2)]),
        ] {
            let stages: Vec<(u64, u64)> = stages.iter().map(|&(s, target)| (s * SECOND, target)).collect();
            assert_eq!(changes(&ramp(start, &stages)), expected, "{start} {stages:?}");
        }
    }

    proptest! {
        #[test]
        fn nothing_changes_between_two_changes(
            start in 0..20u64,
            stages in prop::collection::vec((0..40u64, 0..20u64), 1..6),
        ) {
            let ramp = ramp(start, &stages);
            let mut next = ramp.next_change(0);
            for at in 1..=ramp.end() {
                let change = (at, ramp.planned(at));
                if ramp.planned(at) == ramp.planned(at - 1) {
                    prop_assert_ne!(next.map(|(at, _)| at), Some(at));
                } else {
                    prop_assert_eq!(next, Some(change));
                    next = ramp.next_change(at);
                }
            }
            prop_assert_eq!(next, None);
            prop_assert_eq!(ramp.planned(ramp.end()), stages[stages.len() - 1].1);
        }
    }
}
