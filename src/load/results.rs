//! What a run came to: the one model that the engine fills and every output reads.

use super::exit::Exit;
use super::histogram::Histogram;
use super::metric::MetricType;
use super::span::Span;
use super::threshold::{Outcome, Selector, Threshold};

/// A run so far, or as a whole.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Results {
    /// Names the run in every output.
    pub run_id: Box<str>,
    /// Of the wall clock, milliseconds since the epoch.
    pub started_ms: i64,
    pub elapsed: Span,
    /// Sorted by name, submetrics behind their metric; those without a sample are left out.
    pub metrics: Vec<Metric>,
    /// Checks and groups; its name is empty.
    pub root: Group,
    /// Of each scenario, in the order of their names.
    pub schedules: Vec<Schedule>,
    pub thresholds: Vec<(Threshold, Outcome)>,
    /// Iterations that began and were cut off, or could not go on: no metric counts them.
    pub interrupted: u64,
    /// Why the numbers do not speak of the target; empty for a run that can be believed.
    pub invalid: Vec<String>,
    /// `None` while it goes on.
    pub exit: Option<Exit>,
}

/// A metric, or the part of one whose samples carry given tags.
#[derive(Clone, Debug, PartialEq)]
pub struct Metric {
    pub selector: Selector,
    pub contains: Contains,
    pub values: Values,
}

/// What the numbers of a metric are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Contains {
    #[default]
    Default,
    /// Milliseconds.
    Time,
    /// Bytes.
    Data,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// The sum.
    Counter(f64),
    Gauge {
        value: f64,
        min: f64,
        max: f64,
    },
    /// Samples that were not zero, and that were. (Of `http_req_failed` the failed requests are `nonzero`.)
    Rate {
        nonzero: u64,
        zero: u64,
    },
    /// A million for each unit of a sample: nanoseconds for one of milliseconds.
    Trend(Histogram),
}

/// A group with its checks, in the order in which they were first met.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    pub name: Box<str>,
    /// `::outer::inner`, empty for the root.
    pub path: Box<str>,
    pub groups: Vec<Group>,
    pub checks: Vec<Check>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Check {
    pub name: Box<str>,
    /// `::group::name`.
    pub path: Box<str>,
    pub passes: u64,
    pub fails: u64,
}

/// The starts of a scenario. Those that were due and their fates are counted apart; once the run is over
/// `scheduled = on_time + late + unsent`, exactly.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schedule {
    pub scenario: Box<str>,
    /// Starts that were due.
    pub scheduled: u64,
    /// Of these, started within a millisecond.
    pub on_time: u64,
    /// Started later: no user was free, or the generator was not.
    pub late: u64,
    /// Never started: dropped, or due when the run ended.
    pub unsent: u64,
    /// How much later than intended, all starts.
    pub lateness: Histogram,
}

impl Values {
    pub fn kind(&self) -> MetricType {
        match self {
            Values::Counter(_) => MetricType::Counter,
            Values::Gauge { .. } => MetricType::Gauge,
            Values::Rate { .. } => MetricType::Rate,
            Values::Trend(_) => MetricType::Trend,
        }
    }
}

impl Results {
    /// A metric, or a submetric, by how it is written: `http_req_duration{expected_response:true}`.
    pub fn metric(&self, name: &str) -> Option<&Metric> {
        self.metrics.iter().find(|metric| metric.selector.to_string() == name)
    }

    /// Every threshold held so far.
    pub fn holds(&self) -> bool {
        self.thresholds.iter().all(|(_, outcome)| outcome.passed)
    }
}

impl Schedule {
    pub fn balances(&self) -> bool {
        self.scheduled == self.on_time + self.late + self.unsent
    }
}
