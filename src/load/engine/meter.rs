//! What a thread has seen: counts and histograms, taken away once a second and begun anew. The same adds up all
//! threads and seconds.

use super::failure::Shortage;
use super::outcome::{Met, Outcome, Timing};
use super::plan::Plan;
use super::recorded::Recorded;
use super::script::{Prepared, Recording, Script};
use crate::load::histogram::Histogram;

/// A start that is made no later than this is on time.
const ON_TIME_NS: u64 = 1_000_000;

/// By the places of scenarios, requests, groups and records in the plan, so that nothing is looked up.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Meter {
    /// In the order of [`Plan::scripts`]: behind the scenarios stand setup and teardown.
    pub scenarios: Vec<ScenarioMeter>,
    /// Connections that could not be opened for lack of file descriptors, or of ports.
    pub out_of_files: u64,
    pub out_of_ports: u64,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct ScenarioMeter {
    /// Requests, by their places in the script.
    pub steps: Vec<StepMeter>,
    /// How long each group took.
    pub groups: Vec<Histogram>,
    /// Samples of the run's own metrics, by the places of their steps.
    pub records: Vec<Recorded>,
    /// Of iterations that were whole.
    pub iteration_duration: Histogram,
    pub starts: Starts,
    /// Iterations of users that had a number of them and no time left.
    pub undone: u64,
    /// Iterations that began and were cut off, or could not go on.
    pub interrupted: u64,
    /// Pauses of users, and how much longer than planned they were in all.
    pub pauses: u64,
    pub pause_lag_ns: u64,
}

/// Starts of a schedule. They are counted when they are due and again, apart from that, when their fate is known: once
/// the run is over `scheduled = on_time + late + unsent`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Starts {
    pub scheduled: u64,
    pub on_time: u64,
    pub late: u64,
    pub unsent: u64,
    /// Of these, those for which there was no user at the time, by the rule of `late: drop`.
    pub dropped: u64,
    pub lateness: Histogram,
    /// How late the generator itself was: to the start where a user was free, else until it saw that none was.
    pub own_lateness: Histogram,
}

/// Of one request of a flow.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StepMeter {
    /// Few: one for each status, error and protocol that was met.
    pub outcomes: Vec<Outcome>,
    /// The one that was met last is most likely met next.
    last: usize,
    pub checks: Vec<Tally>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub passes: u64,
    pub fails: u64,
}

impl Meter {
    pub fn new(plan: &Plan) -> Meter {
        let step = |request: &Prepared| StepMeter {
            checks: vec![Tally::default(); request.request.checks.len()],
            ..StepMeter::default()
        };
        let record = |recording: &Recording| Recorded::new(plan.metrics[recording.record.metric].kind);
        let scenario = |script: &Script| ScenarioMeter {
            steps: script.requests.iter().map(step).collect(),
            groups: vec![Histogram::new(); script.groups.len()],
            records: script.records.iter().map(record).collect(),
            ..ScenarioMeter::default()
        };
        let scenarios = plan.scripts().map(|(_, script)| scenario(script)).collect();
        Meter { scenarios, ..Meter::default() }
    }

    /// Adds what another one of the same plan has seen.
    pub fn merge(&mut self, other: &Meter) {
        for (own, other) in self.scenarios.iter_mut().zip(&other.scenarios) {
            own.merge(other);
        }
        self.out_of_files += other.out_of_files;
        self.out_of_ports += other.out_of_ports;
    }

    /// Forgets everything and keeps the memory.
    pub fn clear(&mut self) {
        for scenario in &mut self.scenarios {
            scenario.clear();
        }
        (self.out_of_files, self.out_of_ports) = (0, 0);
    }

    pub fn outcomes(&self) -> impl Iterator<Item = &Outcome> {
        self.scenarios.iter().flat_map(|scenario| &scenario.steps).flat_map(|step| &step.outcomes)
    }

    pub(super) fn lacked(&mut self, shortage: Shortage) {
        match shortage {
            Shortage::Files => self.out_of_files += 1,
            Shortage::Ports => self.out_of_ports += 1,
        }
    }
}

impl ScenarioMeter {
    /// A pause of a user, as it was planned and as it was.
    pub(super) fn paused(&mut self, planned_ns: u64, took_ns: u64) {
        self.pauses += 1;
        self.pause_lag_ns += took_ns.saturating_sub(planned_ns);
    }

    fn merge(&mut self, other: &ScenarioMeter) {
        for (own, other) in self.steps.iter_mut().zip(&other.steps) {
            own.merge(other);
        }
        for (own, other) in self.groups.iter_mut().zip(&other.groups) {
            own.merge(other);
        }
        for (own, other) in self.records.iter_mut().zip(&other.records) {
            own.merge(other);
        }
        self.iteration_duration.merge(&other.iteration_duration);
        self.starts.merge(&other.starts);
        self.undone += other.undone;
        self.interrupted += other.interrupted;
        self.pauses += other.pauses;
        self.pause_lag_ns += other.pause_lag_ns;
    }

    fn clear(&mut self) {
        for step in &mut self.steps {
            step.outcomes.iter_mut().for_each(Outcome::clear);
            step.checks.fill(Tally::default());
        }
        self.groups.iter_mut().for_each(Histogram::clear);
        self.records.iter_mut().for_each(Recorded::clear);
        self.iteration_duration.clear();
        self.starts.clear();
        (self.undone, self.interrupted) = (0, 0);
        (self.pauses, self.pause_lag_ns) = (0, 0);
    }
}

impl Starts {
    /// One was made so long after its time; `is_own` where nothing but the generator held it up.
    pub(super) fn made(&mut self, lateness_ns: u64, is_own: bool) {
        if lateness_ns <= ON_TIME_NS {
            self.on_time += 1;
        } else {
            self.late += 1;
        }
        self.lateness.record(lateness_ns);
        if is_own {
            self.own_lateness.record(lateness_ns);
        }
    }

    pub(super) fn not_made(&mut self, count: u64) {
        self.unsent += count;
    }

    fn merge(&mut self, other: &Starts) {
        self.scheduled += other.scheduled;
        self.on_time += other.on_time;
        self.late += other.late;
        self.unsent += other.unsent;
        self.dropped += other.dropped;
        self.lateness.merge(&other.lateness);
        self.own_lateness.merge(&other.own_lateness);
    }

    fn clear(&mut self) {
        (self.scheduled, self.on_time, self.late) = (0, 0, 0);
        (self.unsent, self.dropped) = (0, 0);
        self.lateness.clear();
        self.own_lateness.clear();
    }
}

impl StepMeter {
    /// A request has ended: with a response, or with status 0 and an error.
    pub(super) fn ended(&mut self, request: &Prepared, met: Met, timing: &Timing) -> &mut Outcome {
        let outcome = self.outcome(met, || request.expects(met.status));
        outcome.record(timing);
        outcome
    }

    pub(super) fn checked(&mut self, check: usize, holds: bool) {
        if let Some(tally) = self.checks.get_mut(check) {
            tally.passes += u64::from(holds);
            tally.fails += u64::from(!holds);
        }
    }

    fn outcome(&mut self, met: Met, is_expected: impl FnOnce() -> bool) -> &mut Outcome {
        let is_wanted = |outcome: &Outcome| outcome.met == met;
        if !self.outcomes.get(self.last).is_some_and(is_wanted) {
            let found = self.outcomes.iter().position(is_wanted);
            self.last = found.unwrap_or(self.outcomes.len());
            if found.is_none() {
                self.outcomes.push(Outcome::new(met, is_expected()));
            }
        }
        &mut self.outcomes[self.last]
    }

    fn merge(&mut self, other: &StepMeter) {
        for theirs in other.outcomes.iter().filter(|outcome| outcome.requests() > 0) {
            self.outcome(theirs.met, || theirs.is_expected).merge(theirs);
        }
        for (own, other) in self.checks.iter_mut().zip(&other.checks) {
            own.passes += other.passes;
            own.fails += other.fails;
        }
    }
}
