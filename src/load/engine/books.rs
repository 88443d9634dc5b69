//! All that the threads told, added up, and what becomes of it: numbers for thresholds, and the results.

use std::sync::Arc;

use super::meter::Meter;
use super::plan::Plan;
use super::view::{Gauge, View};
use super::window::Window;
use crate::load::metric::{BUILT_IN, MetricType};
use crate::load::results::{Check, Contains, Group, Metric, Results, Schedule, Values};
use crate::load::span::Span;
use crate::load::threshold::{Aggregates, Method, Outcome, Selector, Threshold, millis_of};

/// k6 shows it unasked.
const EXPECTED: &str = "http_req_duration{expected_response:true}";

/// The books of a run.
#[derive(Debug)]
pub(super) struct Books {
    pub(super) plan: Arc<Plan>,
    pub(super) total: Meter,
    pub(super) windows: Vec<Window>,
    pub(super) elapsed: Span,
    pub(super) vus: Gauge,
    pub(super) vus_max: Gauge,
}

impl Books {
    pub(super) fn new(plan: Arc<Plan>) -> Books {
        Books {
            total: Meter::new(&plan),
            windows: Window::of(&plan.thresholds),
            elapsed: Span::default(),
            vus: Gauge::default(),
            vus_max: Gauge::default(),
            plan,
        }
    }

    pub(super) fn evaluate(&self) -> Vec<(Threshold, Outcome)> {
        let evaluate = |threshold: &Threshold| (threshold.clone(), threshold.evaluate(self, self.elapsed));
        self.plan.thresholds.iter().map(evaluate).collect()
    }

    /// All but how it ended.
    pub(super) fn results(&self, started_ms: i64) -> Results {
        Results {
            run_id: self.plan.run_id.clone(),
            started_ms,
            elapsed: self.elapsed,
            metrics: self.metrics(),
            root: self.root(),
            schedules: self.schedules(),
            thresholds: self.evaluate(),
            interrupted: self.total.scenarios.iter().map(|scenario| scenario.interrupted).sum(),
            invalid: Vec::new(),
            exit: None,
        }
    }

    fn view<'a>(&'a self, meter: &'a Meter) -> View<'a> {
        View { plan: &self.plan, meter, vus: self.vus, vus_max: self.vus_max }
    }

    fn metrics(&self) -> Vec<Metric> {
        let mut parts: Vec<Selector> = Selector::parse(EXPECTED).into_iter().collect();
        parts.extend(self.plan.thresholds.iter().map(|threshold| threshold.selector.clone()));
        parts.retain(|selector| !selector.tags.is_empty());
        parts.sort();
        parts.dedup();
        let mut metrics = Vec::new();
        let own = self.plan.metrics.iter().map(|metric| &*metric.name);
        let mut names: Vec<&str> = BUILT_IN.iter().map(|(name, _)| *name).chain(own).collect();
        names.sort_unstable();
        for name in names {
            let whole = Selector { metric: name.to_owned(), tags: Vec::new() };
            let parts = parts.iter().filter(|selector| selector.metric == name).cloned();
            for selector in std::iter::once(whole).chain(parts) {
                if let Some(values) = self.view(&self.total).values(&selector) {
                    metrics.push(Metric { selector, contains: self.contains(name, values.kind()), values });
                }
            }
        }
        metrics
    }

    fn contains(&self, name: &str, kind: MetricType) -> Contains {
        let own = self.plan.metrics.iter().find(|metric| *metric.name == *name);
        match (own, kind) {
            (Some(metric), _) => metric.contains,
            (None, MetricType::Trend) => Contains::Time,
            (None, MetricType::Counter) if name.starts_with("data_") => Contains::Data,
            (None, _) => Contains::Default,
        }
    }

    /// As k6 has it, what was never met is not there.
    fn root(&self) -> Group {
        let mut root = Group::default();
        for ((_, script), meter) in self.plan.scripts().zip(&self.total.scenarios) {
            for (group, duration) in script.groups.iter().zip(&meter.groups) {
                if duration.count() > 0 {
                    group_in(&mut root, group);
                }
            }
            for (request, met) in script.requests.iter().zip(&meter.steps) {
                for (check, tally) in request.request.checks.iter().zip(&met.checks) {
                    if tally.passes + tally.fails > 0 {
                        let check = check_in(&mut root, &script.groups[request.group], &check.name);
                        check.passes += tally.passes;
                        check.fails += tally.fails;
                    }
                }
            }
        }
        root
    }

    fn schedules(&self) -> Vec<Schedule> {
        let schedule = |(work, meter): (&super::Work, &super::ScenarioMeter)| {
            let starts = &meter.starts;
            Schedule {
                scenario: work.scenario.name.as_str().into(),
                scheduled: starts.scheduled,
                on_time: starts.on_time,
                late: starts.late,
                unsent: starts.unsent,
                lateness: starts.lateness.clone(),
            }
        };
        self.plan.scenarios.iter().zip(&self.total.scenarios).map(schedule).collect()
    }
}

impl Aggregates for Books {
    fn value(&self, selector: &Selector, method: Method, over: Option<Span>) -> Option<f64> {
        let (values, span) = match over {
            None => (self.view(&self.total).values(selector)?, self.elapsed),
            Some(over) => {
                let window = self.windows.iter().find(|window| window.over() == over)?;
                let (meter, span) = window.sum()?;
                (self.view(&meter).values(selector)?, span)
            }
        };
        match (values, method) {
            (Values::Counter(count), Method::Count) => Some(count),
            (Values::Counter(count), Method::Rate) => {
                (span > Span::default()).then(|| count / span.seconds())
            }
            (Values::Gauge { value, .. }, Method::Value) => Some(value),
            (Values::Rate { nonzero, zero }, Method::Rate) => Some(nonzero as f64 / (nonzero + zero) as f64),
            (Values::Trend(histogram), method) => millis_of(&histogram, method),
            _ => None,
        }
    }
}

/// The group at a path; it and those around it come into being where they are new.
fn group_in<'a>(root: &'a mut Group, path: &str) -> &'a mut Group {
    let mut group = root;
    for part in path.split("::").filter(|part| !part.is_empty()) {
        let at = group.groups.iter().position(|inner| &*inner.name == part).unwrap_or_else(|| {
            let path = format!("{}::{part}", group.path).into();
            group.groups.push(Group { name: part.into(), path, ..Group::default() });
            group.groups.len() - 1
        });
        group = &mut group.groups[at];
    }
    group
}

fn check_in<'a>(root: &'a mut Group, path: &str, name: &str) -> &'a mut Check {
    let group = group_in(root, path);
    let at = group.checks.iter().position(|check| &*check.name == name).unwrap_or_else(|| {
        let path = format!("{}::{name}", group.path).into();
        group.checks.push(Check { name: name.into(), path, ..Check::default() });
        group.checks.len() - 1
    });
    &mut group.checks[at]
}
