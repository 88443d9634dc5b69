//! What a run does, complete and compiled: nothing is parsed, formatted or looked up by name while it goes.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::names::Names;
use super::script::Script;
use super::tls::LateTls;
use crate::load::file::{Metric, Options};
use crate::load::flow::Vocabulary;
use crate::load::protocol::Origin;
use crate::load::scenario::Scenario;
use crate::load::span::Span;
use crate::load::threshold::Threshold;

/// A run before it begins. [`Plan::of`] makes one of a file.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Names the run in every output.
    pub run_id: Box<str>,
    /// Sorted by name.
    pub scenarios: Vec<Work>,
    /// Runs once before all users; they start from what it sets.
    pub setup: Option<Arc<Script>>,
    pub teardown: Option<Arc<Script>>,
    /// The servers that are known before the run; requests name them by their place here.
    pub hosts: Vec<Host>,
    /// The run's own metrics; records name them by their place here.
    pub metrics: Vec<Metric>,
    pub thresholds: Vec<Threshold>,
    /// Of every sample.
    pub tags: BTreeMap<String, String>,
    pub options: Options,
    pub(super) names: Names,
    pub(super) vocabulary: Arc<Vocabulary>,
    /// `None` leaves it to the engine.
    pub threads: Option<usize>,
    /// Where chance begins: the same number, the same arrivals.
    pub seed: u64,
    /// For hosts that want TLS.
    pub tls: LateTls,
    /// Hosts without TLS are spoken to in HTTP/2 at once.
    pub has_prior_knowledge: bool,
}

/// A scenario and what each of its iterations does.
#[derive(Clone, Debug)]
pub struct Work {
    pub scenario: Scenario,
    pub script: Arc<Script>,
}

/// A server by name or address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    pub name: Box<str>,
    pub port: u16,
    pub is_tls: bool,
}

impl Plan {
    /// The most users that the run ever has, all scenarios together.
    pub fn max_vus(&self) -> u64 {
        self.scenarios.iter().fold(0, |sum, work| sum.saturating_add(work.scenario.executor.max_vus()))
    }

    /// How long it goes on at most, without graceful ends; `None` until it is stopped.
    pub fn duration(&self) -> Option<Span> {
        let ends = self.scenarios.iter().map(|work| {
            let duration = work.scenario.executor.duration()?;
            Some(work.scenario.start_time.nanos().saturating_add(duration.nanos()))
        });
        ends.collect::<Option<Vec<u64>>>().map(|ends| Span::from_nanos(ends.into_iter().max().unwrap_or(0)))
    }

    /// Everything that runs, in the order of [`Meter::scenarios`](super::Meter): the scenarios, and behind them setup
    /// and teardown, which belong to none.
    pub fn scripts(&self) -> impl Iterator<Item = (Option<&Scenario>, &Script)> {
        let own = self.scenarios.iter().map(|work| (Some(&work.scenario), &*work.script));
        own.chain([&self.setup, &self.teardown].into_iter().flatten().map(|script| (None, &**script)))
    }

    /// What runs at this place.
    pub(super) fn script(&self, place: usize) -> Option<&Arc<Script>> {
        match self.scenarios.get(place) {
            Some(work) => Some(&work.script),
            None => [&self.setup, &self.teardown].into_iter().flatten().nth(place - self.scenarios.len()),
        }
    }

    pub(super) fn place_of_setup(&self) -> usize {
        self.scenarios.len()
    }

    pub(super) fn place_of_teardown(&self) -> usize {
        self.scenarios.len() + usize::from(self.setup.is_some())
    }
}

impl Host {
    pub(super) fn of(origin: &Origin) -> Host {
        Host { name: origin.host.clone(), port: origin.port, is_tls: origin.is_tls }
    }

    pub fn origin(&self) -> Origin {
        Origin { is_tls: self.is_tls, host: self.name.clone(), port: self.port }
    }
}
