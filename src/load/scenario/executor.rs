//! The six executors of k6, complete: every default is filled in and every rule holds.
//!
//! Source: k6 `lib/executor`. `arrival` and `late` are ours.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::load::rate::Rate;
use crate::load::span::Span;

/// Who starts iterations, when and how many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Executor {
    /// All users take iterations from one store.
    SharedIterations { vus: u64, iterations: u64, max_duration: Span },
    /// Each user runs so many.
    PerVuIterations { vus: u64, iterations: u64, max_duration: Span },
    /// Users that go round and round; without a duration until the run is stopped.
    ConstantVus { vus: u64, duration: Option<Span> },
    /// As many users as the stages say.
    RampingVus { start_vus: u64, stages: Vec<Stage>, graceful_ramp_down: Span },
    /// Starts at a rate, whatever the target does; without a duration until the run is stopped.
    ConstantArrivalRate { rate: Rate, duration: Option<Span>, arrival: Arrival, late: Late, pool: Pool },
    /// Starts at a rate that the stages change; their targets are starts in a `start_rate.unit`.
    RampingArrivalRate { start_rate: Rate, stages: Vec<Stage>, arrival: Arrival, late: Late, pool: Pool },
}

/// An executor's name in files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    SharedIterations,
    PerVuIterations,
    ConstantVus,
    RampingVus,
    ConstantArrivalRate,
    RampingArrivalRate,
}

/// A number that is reached linearly from the one before. One of no duration is a jump.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stage {
    pub duration: Span,
    pub target: u64,
}

/// Users of an arrival rate: so many are ready at the start, and more come up one at a time when none is free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pool {
    pub pre_allocated_vus: u64,
    pub max_vus: u64,
}

/// How starts lie within a rate. Ours; k6 knows the first alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Arrival {
    /// Evenly.
    #[default]
    Constant,
    /// By chance, as those of people who know nothing of each other.
    Poisson,
}

/// What becomes of a start when no user is free. Ours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Late {
    /// It waits for a user, and its latency counts from the intended start: nothing is left out of the measurement.
    #[default]
    Start,
    /// It is counted as dropped, as k6 does.
    Drop,
}

/// An executor with what all of them have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scenario {
    pub name: String,
    pub executor: Executor,
    /// After the start of the run.
    pub start_time: Span,
    /// How long iterations may go on when the executor's time is over.
    pub graceful_stop: Span,
    /// The flow that each iteration runs.
    pub exec: String,
    pub env: BTreeMap<String, String>,
    pub tags: BTreeMap<String, String>,
}

impl Kind {
    /// Every kind and its name, sorted.
    pub const ALL: [(Kind, &'static str); 6] = [
        (Kind::ConstantArrivalRate, "constant-arrival-rate"),
        (Kind::ConstantVus, "constant-vus"),
        (Kind::PerVuIterations, "per-vu-iterations"),
        (Kind::RampingArrivalRate, "ramping-arrival-rate"),
        (Kind::RampingVus, "ramping-vus"),
        (Kind::SharedIterations, "shared-iterations"),
    ];

    pub fn name(self) -> &'static str {
        Kind::ALL.iter().find(|(kind, _)| *kind == self).map_or("", |(_, name)| name)
    }
}

impl Executor {
    pub fn kind(&self) -> Kind {
        match self {
            Executor::SharedIterations { .. } => Kind::SharedIterations,
            Executor::PerVuIterations { .. } => Kind::PerVuIterations,
            Executor::ConstantVus { .. } => Kind::ConstantVus,
            Executor::RampingVus { .. } => Kind::RampingVus,
            Executor::ConstantArrivalRate { .. } => Kind::ConstantArrivalRate,
            Executor::RampingArrivalRate { .. } => Kind::RampingArrivalRate,
        }
    }

    /// How long it starts iterations at most; `None` until it is stopped.
    pub fn duration(&self) -> Option<Span> {
        match self {
            Executor::SharedIterations { max_duration, .. }
            | Executor::PerVuIterations { max_duration, .. } => Some(*max_duration),
            Executor::ConstantVus { duration, .. } | Executor::ConstantArrivalRate { duration, .. } => {
                *duration
            }
            Executor::RampingVus { stages, .. } | Executor::RampingArrivalRate { stages, .. } => {
                let nanos = stages.iter().fold(0u64, |sum, stage| sum.saturating_add(stage.duration.nanos()));
                Some(Span::from_nanos(nanos))
            }
        }
    }

    /// The most users that it ever has.
    pub fn max_vus(&self) -> u64 {
        match self {
            Executor::SharedIterations { vus, .. }
            | Executor::PerVuIterations { vus, .. }
            | Executor::ConstantVus { vus, .. } => *vus,
            Executor::RampingVus { start_vus, stages, .. } => {
                stages.iter().fold(*start_vus, |most, stage| most.max(stage.target))
            }
            Executor::ConstantArrivalRate { pool, .. } | Executor::RampingArrivalRate { pool, .. } => {
                pool.max_vus
            }
        }
    }
}

impl Scenario {
    /// Nanoseconds of the run when its iterations are cut off at the latest; `None` until it is stopped.
    pub fn latest_end(&self) -> Option<Span> {
        let duration = self.executor.duration()?.nanos();
        let end = self.start_time.nanos().saturating_add(duration).saturating_add(self.graceful_stop.nanos());
        Some(Span::from_nanos(end))
    }
}
