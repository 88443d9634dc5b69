//! Metrics out of a meter: which samples carry the wanted tags, and what they add up to.

use super::meter::{Meter, ScenarioMeter};
use super::outcome::Outcome;
use super::plan::Plan;
use super::recorded::Recorded;
use super::script::Script;
use super::tags::Tags;
use crate::load::histogram::Histogram;
use crate::load::results::Values;
use crate::load::scenario::Scenario;
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
            "http_req_tls_handshaking" => {
                let mut all = Histogram::new();
                self.each(selector, |outcome| outcome.add_handshakes(&mut all));
                Values::Trend(all)
            }
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
            "group_duration" => self.groups(selector),
            "iteration_duration" => {
                let mut all = Histogram::new();
                self.each_scenario(selector, |scenario| all.merge(&scenario.iteration_duration));
                Values::Trend(all)
            }
            "iterations" => self.sum(selector, |scenario| scenario.iteration_duration.count()),
            "dropped_iterations" => self.sum(selector, |scenario| scenario.starts.unsent + scenario.undone),
            "data_sent" => self.bytes(selector, |outcome| outcome.sent_bytes),
            "data_received" => self.bytes(selector, |outcome| outcome.received_bytes),
            "vus" => return self.vus.values().filter(|_| selector.tags.is_empty()),
            "vus_max" => return self.vus_max.values().filter(|_| selector.tags.is_empty()),
            own => return self.recorded(own, selector),
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

    /// k6 counts bytes by scenario and group alone.
    fn bytes(&self, selector: &Selector, of: impl Fn(&Outcome) -> u64) -> Values {
        let mut sum = 0;
        for (scenario, script, meter) in self.parts() {
            for (request, step) in script.requests.iter().zip(&meter.steps) {
                let tags = Tags::of_group(self.plan, scenario, script, request.group);
                if selector.matches(|tag| tags.get(tag)) {
                    sum += step.outcomes.iter().map(&of).sum::<u64>();
                }
            }
        }
        Values::Counter(sum as f64)
    }

    fn checks(&self, selector: &Selector) -> Values {
        let (mut nonzero, mut zero) = (0, 0);
        for (scenario, script, meter) in self.parts() {
            for (request, step) in script.requests.iter().zip(&meter.steps) {
                let tags = Tags::of_group(self.plan, scenario, script, request.group);
                for (check, tally) in request.request.checks.iter().zip(&step.checks) {
                    if selector.matches(|tag| if tag == "check" { Some(&check.name) } else { tags.get(tag) })
                    {
                        nonzero += tally.passes;
                        zero += tally.fails;
                    }
                }
            }
        }
        Values::Rate { nonzero, zero }
    }

    fn groups(&self, selector: &Selector) -> Values {
        let mut all = Histogram::new();
        for (scenario, script, meter) in self.parts() {
            for (group, duration) in meter.groups.iter().enumerate() {
                let tags = Tags::of_group(self.plan, scenario, script, group);
                if selector.matches(|tag| tags.get(tag)) {
                    all.merge(duration);
                }
            }
        }
        Values::Trend(all)
    }

    /// Of a metric of the run's own.
    fn recorded(&self, name: &str, selector: &Selector) -> Option<Values> {
        let metric = self.plan.metrics.iter().position(|metric| *metric.name == *name)?;
        let mut sum = Recorded::new(self.plan.metrics[metric].kind);
        for (scenario, script, meter) in self.parts() {
            for (place, recorded) in meter.records.iter().enumerate() {
                let is_wanted = script.records.get(place).is_some_and(|own| own.record.metric == metric);
                if is_wanted && Self::is_of(selector, Tags::of_record(self.plan, scenario, script, place)) {
                    sum.merge(recorded);
                }
            }
        }
        sum.values()
    }

    /// As k6 has it, what a script adds has no tags of a request; but it has those that the request is given.
    fn is_of(selector: &Selector, tags: Tags<'_>) -> bool {
        selector.matches(|tag| match tag {
            "method" | "name" | "url" => tags.own(tag),
            tag => tags.get(tag),
        })
    }

    /// Each outcome whose samples carry the tags.
    fn each(&self, selector: &Selector, mut use_it: impl FnMut(&Outcome)) {
        for (scenario, script, meter) in self.parts() {
            for (request, step) in script.requests.iter().zip(&meter.steps) {
                let tags = Tags::of_request(self.plan, scenario, script, request);
                for outcome in &step.outcomes {
                    let status = outcome.met.status.to_string();
                    let code = outcome.met.error.map(|code| code.0.to_string());
                    let tag = |tag: &str| match tag {
                        "error" => outcome.met.error.and_then(super::ErrorCode::meaning),
                        "error_code" => code.as_deref(),
                        "expected_response" => Some(if outcome.is_expected { "true" } else { "false" }),
                        "proto" => outcome.met.over.map(|over| over.protocol.name()),
                        "status" => Some(status.as_str()),
                        "tls_version" => outcome.met.over.and_then(super::Over::tls_version),
                        tag => tags.get(tag),
                    };
                    if selector.matches(tag) {
                        use_it(outcome);
                    }
                }
            }
        }
    }

    fn each_scenario(&self, selector: &Selector, mut use_it: impl FnMut(&ScenarioMeter)) {
        for (scenario, script, meter) in self.parts() {
            let tags = Tags::of_scenario(self.plan, scenario, script);
            if selector.matches(|tag| tags.get(tag)) {
                use_it(meter);
            }
        }
    }

    fn parts(&self) -> impl Iterator<Item = (Option<&Scenario>, &Script, &ScenarioMeter)> {
        let parts = self.plan.scripts().zip(&self.meter.scenarios);
        parts.map(|((scenario, script), meter)| (scenario, script, meter))
    }
}
