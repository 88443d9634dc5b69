//! Whoever watches a run while it goes.

use std::sync::Arc;

use super::books::Books;
use super::health::Health;
use super::meter::Meter;
use super::plan::Plan;
use crate::load::histogram::Histogram;
use crate::load::results::Results;
use crate::load::span::Span;

/// Is told of each second, and of what is left of one at the end. It must not block: the coordinator waits for it.
pub trait Observer {
    fn second(&mut self, tick: &Tick<'_>);

    /// The run is to end, for this reason.
    fn ending(&mut self, reason: &str);

    /// Something of a flow that its author should know; each cause once.
    fn note(&mut self, _text: &str) {}
}

/// A second of a run.
#[derive(Debug)]
pub struct Tick<'a> {
    pub plan: &'a Arc<Plan>,
    pub elapsed: Span,
    /// How long that is since the tick before.
    pub span: Span,
    /// All so far.
    pub total: &'a Meter,
    /// What came since the tick before. Whoever keeps it costs the coordinator nothing but memory.
    pub last: &'a Arc<Meter>,
    pub vus: u64,
    pub vus_max: u64,
    /// The run is over: what came since the last whole second.
    pub is_last: bool,
    pub(super) books: &'a Books,
    pub(super) health: &'a Health,
    pub(super) started_ms: i64,
}

impl Tick<'_> {
    /// As far as is known, the generator itself is what is measured. It reads what the cgroups say of throttling.
    pub(super) fn is_invalid(&self) -> bool {
        !self.health.reasons(self.total, self.elapsed.nanos()).is_empty()
    }

    /// The whole results so far. It takes some milliseconds for plans of many requests.
    pub fn results(&self) -> Results {
        self.books.results(self.started_ms)
    }
}

impl Meter {
    /// Requests that ended, and those of them that failed.
    pub fn requests(&self) -> (u64, u64) {
        self.outcomes().fold((0, 0), |(all, failed), outcome| {
            let requests = outcome.requests();
            (all + requests, failed + if outcome.is_expected { 0 } else { requests })
        })
    }

    /// `http_req_duration` of all requests.
    pub fn duration(&self) -> Histogram {
        let mut all = Histogram::new();
        for outcome in self.outcomes() {
            all.merge(&outcome.duration);
        }
        all
    }
}
