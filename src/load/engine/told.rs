//! Seconds of a run as intervals, for outputs: the places of the plan get their names and tags. This takes place
//! wherever the observer wants it, so that the coordinator only lends what it has.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::meter::{Meter, ScenarioMeter, StepMeter};
use super::observer::Tick;
use super::outcome::{Met, Outcome};
use super::plan::{Plan, Work};
use super::tags::Tags;
use crate::load::histogram::Histogram;
use crate::load::interval::{Interval, RequestTags, Requests, Sample, Series, Users};
use crate::load::results::{Contains, Schedule, Values};
use crate::load::span::Span;

/// A tick that can be kept and taken elsewhere.
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
    /// As far as was known then, the generator itself was what was measured.
    pub is_invalid: bool,
    pub meter: Arc<Meter>,
}

/// Makes intervals of seconds, in their order.
#[derive(Debug)]
pub struct Teller {
    plan: Arc<Plan>,
    /// By scenario, step and how requests ended; what was made once serves again.
    tags: HashMap<(usize, usize, Met), Arc<RequestTags>>,
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
            is_invalid: self.is_invalid(),
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
        self.is_invalid = later.is_invalid;
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
        for (scenario, met) in second.meter.scenarios.iter().enumerate() {
            for (place, step) in met.steps.iter().enumerate() {
                self.requests((scenario, place), step, &mut interval.requests);
                self.checks((scenario, place), step, &mut interval.samples);
            }
            whole(&plan, scenario, met, &mut interval.samples);
            // Setup and teardown have no schedule.
            if let Some(schedule) = self.schedules.get_mut(scenario) {
                let starts = &met.starts;
                schedule.scheduled += starts.scheduled;
                schedule.on_time += starts.on_time;
                schedule.late += starts.late;
                schedule.unsent += starts.unsent;
            }
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

    fn requests(
        &mut self,
        (scenario, place): (usize, usize),
        step: &StepMeter,
        all: &mut BTreeMap<Arc<RequestTags>, Requests>,
    ) {
        for outcome in step.outcomes.iter().filter(|outcome| outcome.requests() > 0) {
            let key = (scenario, place, outcome.met);
            if !self.tags.contains_key(&key) {
                let Some(tags) = tags_of(&self.plan, scenario, place, outcome) else { continue };
                self.tags.insert(key, Arc::new(tags));
            }
            let (tags, requests) = (&self.tags[&key], requests_of(outcome));
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

/// The tags of the requests of a step that ended alike.
fn tags_of(plan: &Plan, scenario: usize, place: usize, outcome: &Outcome) -> Option<RequestTags> {
    let (tags, met) = (plan.tags(scenario, place)?, outcome.met);
    Some(RequestTags {
        name: tags.name().into(),
        method: tags.method().into(),
        url: tags.url().into(),
        status: met.status,
        proto: met.over.map_or("", |over| over.protocol.name()).into(),
        tls_version: met.over.and_then(super::Over::tls_version).unwrap_or_default().into(),
        scenario: tags.scenario().into(),
        group: tags.group.into(),
        expected_response: outcome.is_expected,
        error: met.error.and_then(super::ErrorCode::meaning).unwrap_or_default().into(),
        error_code: met.error.map_or(0, |code| code.0),
        own: tags.all_own().into_iter().map(|(name, value)| (name.into(), value.into())).collect(),
    })
}

fn check_of(plan: &Plan, scenario: usize, place: usize, check: usize) -> Option<Series> {
    let (_, script) = plan.scripts().nth(scenario)?;
    let request = script.requests.get(place)?;
    let name = &request.request.checks.get(check)?.name;
    let tags = plan.tags_of_group(scenario, request.group)?;
    Some(series("checks", &tags, &[("check", name)]))
}

/// A metric with its own tags, those of its scenario and group, and these, which hide own ones of the same name.
fn series(metric: &str, tags: &Tags<'_>, more: &[(&str, &str)]) -> Series {
    let mut all: BTreeMap<&str, &str> = tags.all_own().into_iter().collect();
    all.extend([("scenario", tags.scenario()), ("group", tags.group)]);
    all.extend(more.iter().copied());
    let all = all.into_iter().filter(|(_, value)| !value.is_empty());
    Series { metric: metric.into(), tags: all.map(|(name, value)| (name.into(), value.into())).collect() }
}

/// What is said of iterations, groups and the run's own metrics; of none nothing.
fn whole(plan: &Plan, scenario: usize, met: &ScenarioMeter, samples: &mut BTreeMap<Series, Sample>) {
    let Some((named, script)) = plan.scripts().nth(scenario) else { return };
    let tags = Tags::of_scenario(plan, named, script);
    let durations = &met.iteration_duration;
    if durations.count() > 0 {
        let whole = Values::Counter(durations.count() as f64);
        put(samples, series("iterations", &tags, &[]), Contains::Default, whole);
        let times = Values::Trend(durations.clone());
        put(samples, series("iteration_duration", &tags, &[]), Contains::Time, times);
    }
    let dropped = met.starts.unsent + met.undone;
    if dropped > 0 {
        let dropped = Values::Counter(dropped as f64);
        put(samples, series("dropped_iterations", &tags, &[]), Contains::Default, dropped);
    }
    for (group, durations) in met.groups.iter().enumerate().filter(|(_, durations)| durations.count() > 0) {
        let tags = Tags::of_group(plan, named, script, group);
        let times = Values::Trend(durations.clone());
        put(samples, series("group_duration", &tags, &[]), Contains::Time, times);
    }
    for (place, recorded) in met.records.iter().enumerate() {
        let metric = script.records.get(place).and_then(|own| plan.metrics.get(own.record.metric));
        if let (Some(metric), Some(values)) = (metric, recorded.values()) {
            let tags = Tags::of_record(plan, named, script, place);
            put(samples, series(&metric.name, &tags, &[]), metric.contains, values);
        }
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
    outcome.add_handshakes(&mut tls_handshaking);
    Requests {
        count: outcome.requests(),
        sent_bytes: outcome.sent_bytes,
        received_bytes: outcome.received_bytes,
        duration: outcome.duration.clone(),
        latency: outcome.latency.clone(),
        blocked: opening(&outcome.blocked),
        connecting: opening(&outcome.connecting),
        tls_handshaking,
        sending: outcome.sending.clone(),
        waiting: outcome.waiting.clone(),
        receiving: outcome.receiving.clone(),
    }
}

#[cfg(test)]
#[path = "told_tests.rs"]
mod tests;
