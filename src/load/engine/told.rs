//! Seconds of a run as intervals, for outputs: the places of the plan get their names and tags. This takes place
//! wherever the observer wants it, so that the coordinator only lends what it has.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::meter::{Meter, ScenarioMeter, StepMeter};
use super::observer::Tick;
use super::outcome::Outcome;
use super::plan::{Plan, Request, Step, Work};
use crate::load::histogram::Histogram;
use crate::load::interval::{Interval, RequestTags, Requests, Sample, Series, Users};
use crate::load::results::{Contains, Schedule, Values};
use crate::load::span::Span;

/// What every answer came by.
const PROTOCOL: &str = "HTTP/1.1";

/// A tick that can be kept and taken elsewhere. It costs nothing to make.
#[derive(Clone, Debug)]
pub struct Second {
    /// Since the start of the run.
    pub elapsed: Span,
    /// How long it is.
    pub span: Span,
    /// When it ended: the wall clock's time of the start and what went by since, so that it never goes back.
    pub wall_ns: i64,
    pub vus: u64,
    pub vus_max: u64,
    pub meter: Arc<Meter>,
}

/// Makes intervals of seconds, in their order.
#[derive(Debug)]
pub struct Teller {
    plan: Arc<Plan>,
    /// By scenario, step, status and error; what was made once serves again.
    tags: HashMap<(usize, usize, u16, u16), Arc<RequestTags>>,
    /// By scenario, step and check.
    checks: HashMap<(usize, usize, usize), Series>,
    schedules: Vec<Schedule>,
    vus: u64,
    started: u64,
    ended: u64,
}

impl Tick<'_> {
    pub fn to_second(&self) -> Second {
        Second {
            elapsed: self.elapsed,
            span: self.span,
            wall_ns: self.started_ms.saturating_mul(1_000_000).saturating_add_unsigned(self.elapsed.nanos()),
            vus: self.vus,
            vus_max: self.vus_max,
            meter: Arc::clone(self.last),
        }
    }
}

impl Second {
    /// Adds what came right behind it.
    pub fn append(&mut self, later: &Second) {
        Arc::make_mut(&mut self.meter).merge(&later.meter);
        (self.elapsed, self.wall_ns) = (later.elapsed, later.wall_ns);
        self.span = Span::from_nanos(self.span.nanos().saturating_add(later.span.nanos()));
        (self.vus, self.vus_max) = (later.vus, later.vus_max);
    }
}

impl Teller {
    pub fn new(plan: Arc<Plan>) -> Teller {
        let schedule =
            |work: &Work| Schedule { scenario: work.scenario.name.as_str().into(), ..Schedule::default() };
        Teller {
            tags: HashMap::new(),
            checks: HashMap::new(),
            schedules: plan.scenarios.iter().map(schedule).collect(),
            vus: 0,
            started: 0,
            ended: 0,
            plan,
        }
    }

    /// What became of starts so far.
    pub fn schedules(&self) -> &[Schedule] {
        &self.schedules
    }

    pub fn interval(&mut self, second: &Second) -> Interval {
        let mut interval = Interval {
            end_ns: second.wall_ns,
            length: second.span,
            users: self.users(second),
            ..Interval::default()
        };
        let plan = Arc::clone(&self.plan);
        for (scenario, (work, met)) in plan.scenarios.iter().zip(&second.meter.scenarios).enumerate() {
            for (place, step) in met.steps.iter().enumerate() {
                self.requests((scenario, place), step, &mut interval.requests);
                self.checks((scenario, place), step, &mut interval.samples);
            }
            iterations(work, met, &mut interval.samples);
            let (starts, schedule) = (&met.starts, &mut self.schedules[scenario]);
            schedule.scheduled += starts.scheduled;
            schedule.on_time += starts.on_time;
            schedule.late += starts.late;
            schedule.unsent += starts.unsent;
        }
        interval
    }

    /// As they were seen from one second to the next: who came and went in between is in no count.
    fn users(&mut self, second: &Second) -> Users {
        self.started += second.vus.saturating_sub(self.vus);
        self.ended += self.vus.saturating_sub(second.vus);
        self.vus = second.vus;
        Users {
            active: second.vus,
            initialised: second.vus_max,
            min: second.vus,
            max: second.vus,
            mean: second.vus as f64,
            started: self.started,
            ended: self.ended,
        }
    }

    /// Bytes are counted by step, and no output parts them further. They go to the outcome that was met most.
    fn requests(
        &mut self,
        (scenario, place): (usize, usize),
        step: &StepMeter,
        all: &mut BTreeMap<Arc<RequestTags>, Requests>,
    ) {
        let met = || step.outcomes.iter().filter(|outcome| outcome.requests() > 0);
        let most = met().map(Outcome::requests).max();
        let (mut sent_bytes, mut received_bytes) = (step.sent_bytes, step.received_bytes);
        for outcome in met() {
            let key = (scenario, place, outcome.status, outcome.error.map_or(0, |code| code.0));
            if !self.tags.contains_key(&key) {
                let Some(tags) = tags_of(&self.plan, scenario, place, outcome) else { continue };
                self.tags.insert(key, Arc::new(tags));
            }
            let mut requests = requests_of(outcome);
            if Some(outcome.requests()) == most {
                requests.sent_bytes = std::mem::take(&mut sent_bytes);
                requests.received_bytes = std::mem::take(&mut received_bytes);
            }
            let tags = &self.tags[&key];
            match all.get_mut(tags) {
                // Two steps may say the same of their requests.
                Some(known) => known.add(&requests),
                None => drop(all.insert(Arc::clone(tags), requests)),
            }
        }
    }

    fn checks(
        &mut self,
        (scenario, place): (usize, usize),
        step: &StepMeter,
        samples: &mut BTreeMap<Series, Sample>,
    ) {
        for (check, tally) in
            step.checks.iter().enumerate().filter(|(_, tally)| tally.passes + tally.fails > 0)
        {
            let key = (scenario, place, check);
            if !self.checks.contains_key(&key) {
                let Some(series) = check_of(&self.plan, scenario, place, check) else { continue };
                self.checks.insert(key, series);
            }
            let values = Values::Rate { nonzero: tally.passes, zero: tally.fails };
            put(samples, self.checks[&key].clone(), Contains::Default, values);
        }
    }
}

/// What the steps of a plan are: the one place that asks for it.
fn request_at(plan: &Plan, scenario: usize, place: usize) -> Option<(&Work, &Request)> {
    let work = plan.scenarios.get(scenario)?;
    match work.steps.get(place)? {
        Step::Request(request) => Some((work, request)),
        Step::Sleep { .. } => None,
    }
}

/// The tags of the requests of a step that ended alike.
fn tags_of(plan: &Plan, scenario: usize, place: usize, outcome: &Outcome) -> Option<RequestTags> {
    let (work, request) = request_at(plan, scenario, place)?;
    let mut own = work.scenario.tags.clone();
    own.extend(request.tags.clone());
    Some(RequestTags {
        name: request.name.clone(),
        method: request.method.clone(),
        url: request.url.clone(),
        status: outcome.status,
        proto: if outcome.status > 0 { PROTOCOL.into() } else { "".into() },
        tls_version: "".into(),
        scenario: work.scenario.name.as_str().into(),
        group: request.group.clone(),
        expected_response: outcome.is_expected,
        error: outcome.error.and_then(super::ErrorCode::meaning).unwrap_or_default().into(),
        error_code: outcome.error.map_or(0, |code| code.0),
        own: own.into_iter().map(|(name, value)| (name.into(), value.into())).collect(),
    })
}

fn check_of(plan: &Plan, scenario: usize, place: usize, check: usize) -> Option<Series> {
    let (work, request) = request_at(plan, scenario, place)?;
    let name = &request.checks.get(check)?.name;
    Some(series("checks", work, &[("check", name), ("group", &request.group)]))
}

/// A metric of a scenario: its tags are the scenario's and these, which hide the scenario's of the same name.
fn series(metric: &str, work: &Work, more: &[(&str, &str)]) -> Series {
    let mut tags: BTreeMap<&str, &str> =
        work.scenario.tags.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    tags.insert("scenario", &work.scenario.name);
    tags.extend(more.iter().copied());
    let tags = tags.into_iter().filter(|(_, value)| !value.is_empty());
    Series { metric: metric.into(), tags: tags.map(|(name, value)| (name.into(), value.into())).collect() }
}

/// What is said of whole iterations; of none nothing.
fn iterations(work: &Work, met: &ScenarioMeter, samples: &mut BTreeMap<Series, Sample>) {
    let durations = &met.iteration_duration;
    if durations.count() > 0 {
        let whole = Values::Counter(durations.count() as f64);
        put(samples, series("iterations", work, &[]), Contains::Default, whole);
        let times = Values::Trend(durations.clone());
        put(samples, series("iteration_duration", work, &[]), Contains::Time, times);
    }
    let dropped = met.starts.unsent + met.undone;
    if dropped > 0 {
        let dropped = Values::Counter(dropped as f64);
        put(samples, series("dropped_iterations", work, &[]), Contains::Default, dropped);
    }
}

fn put(samples: &mut BTreeMap<Series, Sample>, series: Series, contains: Contains, values: Values) {
    let sample = Sample { contains, values };
    match samples.get_mut(&series) {
        Some(known) => known.add(&sample),
        None => drop(samples.insert(series, sample)),
    }
}

/// Requests over a connection that was there opened none, in no time.
fn requests_of(outcome: &Outcome) -> Requests {
    let opening = |of: &Histogram| {
        let mut all = of.clone();
        all.record_many(0, outcome.reused());
        all
    };
    let mut tls_handshaking = Histogram::new();
    tls_handshaking.record_many(0, outcome.requests());
    Requests {
        count: outcome.requests(),
        duration: outcome.duration.clone(),
        latency: outcome.latency.clone(),
        blocked: opening(&outcome.blocked),
        connecting: opening(&outcome.connecting),
        tls_handshaking,
        sending: outcome.sending.clone(),
        waiting: outcome.waiting.clone(),
        receiving: outcome.receiving.clone(),
        ..Requests::default()
    }
}

#[cfg(test)]
#[path = "told_tests.rs"]
mod tests;
