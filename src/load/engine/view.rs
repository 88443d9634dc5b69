//! Metrics out of a meter: which samples carry the wanted tags, and what they add up to.

use super::meter::{Meter, ScenarioMeter};
use super::outcome::Outcome;
use super::plan::{Plan, Request, Step, Work};
use crate::load::histogram::Histogram;
use crate::load::results::Values;
use crate::load::threshold::Selector;

/// A number of users over the run.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Gauge {
    seen: Option<(u64, u64, u64)>,
}

/// What is to be said of a part of a run, or all of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct View<'a> {
    pub(super) plan: &'a Plan,
    pub(super) meter: &'a Meter,
    pub(super) vus: Gauge,
    pub(super) vus_max: Gauge,
}

impl Gauge {
    pub(super) fn set(&mut self, value: u64) {
        let (_, least, most) = self.seen.unwrap_or((value, value, value));
        self.seen = Some((value, least.min(value), most.max(value)));
    }

    pub(super) fn value(&self) -> Option<u64> {
        self.seen.map(|(value, _, _)| value)
    }

    fn values(&self) -> Option<Values> {
        let (value, min, max) = self.seen?;
        Some(Values::Gauge { value: value as f64, min: min as f64, max: max as f64 })
    }
}

impl View<'_> {
    /// `None` where no sample carries the tags.
    pub(super) fn values(&self, selector: &Selector) -> Option<Values> {
        let values = match selector.metric.as_str() {
            "http_req_blocked" => self.opening(selector, |outcome| &outcome.blocked),
            "http_req_connecting" => self.opening(selector, |outcome| &outcome.connecting),
            "http_req_duration" => self.trend(selector, |outcome| &outcome.duration),
            "http_req_latency" => self.trend(selector, |outcome| &outcome.latency),
            "http_req_receiving" => self.trend(selector, |outcome| &outcome.receiving),
            "http_req_sending" => self.trend(selector, |outcome| &outcome.sending),
            "http_req_waiting" => self.trend(selector, |outcome| &outcome.waiting),
            "http_req_tls_handshaking" => self.opening(selector, |outcome| &outcome.tls_handshaking),
            "http_reqs" => {
                let mut count = 0;
                self.each(selector, |outcome| count += outcome.requests());
                Values::Counter(count as f64)
            }
            "http_req_failed" => {
                let (mut nonzero, mut zero) = (0, 0);
                self.each(selector, |outcome| {
                    *if outcome.is_expected { &mut zero } else { &mut nonzero } += outcome.requests();
                });
                Values::Rate { nonzero, zero }
            }
            "checks" => self.checks(selector),
            "iteration_duration" => {
                let mut all = Histogram::new();
                self.each_scenario(selector, |scenario| all.merge(&scenario.iteration_duration));
                Values::Trend(all)
            }
            "iterations" => self.sum(selector, |scenario| scenario.iteration_duration.count()),
            "dropped_iterations" => self.sum(selector, |scenario| scenario.starts.unsent + scenario.undone),
            "data_sent" => self.sum(selector, |scenario| scenario.sent_bytes),
            "data_received" => self.sum(selector, |scenario| scenario.received_bytes),
            "vus" => return self.vus.values().filter(|_| selector.tags.is_empty()),
            "vus_max" => return self.vus_max.values().filter(|_| selector.tags.is_empty()),
            _ => return None,
        };
        let is_empty = match &values {
            Values::Trend(histogram) => histogram.count() == 0,
            Values::Rate { nonzero, zero } => nonzero + zero == 0,
            Values::Counter(count) => *count == 0.0,
            Values::Gauge { .. } => false,
        };
        (!is_empty).then_some(values)
    }

    fn trend(&self, selector: &Selector, of: impl Fn(&Outcome) -> &Histogram) -> Values {
        let mut all = Histogram::new();
        self.each(selector, |outcome| all.merge(of(outcome)));
        Values::Trend(all)
    }

    /// Requests that opened nothing took no time for it.
    fn opening(&self, selector: &Selector, of: impl Fn(&Outcome) -> &Histogram) -> Values {
        let mut all = Histogram::new();
        self.each(selector, |outcome| {
            let opened = of(outcome);
            all.merge(opened);
            all.record_many(0, outcome.requests() - opened.count());
        });
        Values::Trend(all)
    }

    fn sum(&self, selector: &Selector, of: impl Fn(&ScenarioMeter) -> u64) -> Values {
        let mut sum = 0;
        self.each_scenario(selector, |scenario| sum += of(scenario));
        Values::Counter(sum as f64)
    }

    fn checks(&self, selector: &Selector) -> Values {
        let (mut nonzero, mut zero) = (0, 0);
        self.each_request(|work, scenario, place, request| {
            for (check, tally) in request.checks.iter().zip(&scenario.steps[place].checks) {
                let tag = |tag: &str| match tag {
                    "check" => Some(&*check.name),
                    "group" => Some(&*request.group),
                    tag => tag_of_scenario(work, tag),
                };
                if selector.matches(tag) {
                    nonzero += tally.passes;
                    zero += tally.fails;
                }
            }
        });
        Values::Rate { nonzero, zero }
    }

    /// Each outcome whose samples carry the tags.
    fn each(&self, selector: &Selector, mut use_it: impl FnMut(&Outcome)) {
        self.each_request(|work, scenario, place, request| {
            for outcome in &scenario.steps[place].outcomes {
                let status = outcome.met.status.to_string();
                let code = outcome.met.error.map(|code| code.0.to_string());
                let tag = |tag: &str| match tag {
                    "error" => outcome.met.error.and_then(super::ErrorCode::meaning),
                    "error_code" => code.as_deref(),
                    "expected_response" => Some(if outcome.is_expected { "true" } else { "false" }),
                    "group" => Some(&*request.group),
                    "method" => Some(&*request.method),
                    "name" => Some(&*request.name),
                    "proto" => outcome.met.over.map(|over| over.protocol.name()),
                    "status" => Some(status.as_str()),
                    "tls_version" => outcome.met.over.and_then(super::Over::tls_version),
                    "url" => Some(&*request.url),
                    tag => match request.tags.get(tag) {
                        Some(value) => Some(value.as_str()),
                        None => tag_of_scenario(work, tag),
                    },
                };
                if selector.matches(tag) {
                    use_it(outcome);
                }
            }
        });
    }

    fn each_scenario(&self, selector: &Selector, mut use_it: impl FnMut(&ScenarioMeter)) {
        for (work, scenario) in self.plan.scenarios.iter().zip(&self.meter.scenarios) {
            if selector.matches(|tag| tag_of_scenario(work, tag)) {
                use_it(scenario);
            }
        }
    }

    fn each_request(&self, mut use_it: impl FnMut(&Work, &ScenarioMeter, usize, &Request)) {
        for (work, scenario) in self.plan.scenarios.iter().zip(&self.meter.scenarios) {
            for (place, step) in work.steps.iter().enumerate() {
                if let Step::Request(request) = step {
                    use_it(work, scenario, place, request);
                }
            }
        }
    }
}

fn tag_of_scenario<'a>(work: &'a Work, tag: &str) -> Option<&'a str> {
    match tag {
        "scenario" => Some(&work.scenario.name),
        tag => work.scenario.tags.get(tag).map(String::as_str),
    }
}
