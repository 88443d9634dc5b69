//! How a source outside of the kernel is doing: written by its task, read by every scrape.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;

use crate::model::report::{SourceReport, SourceState};
use crate::sampler::clock::{Clock, KernelClock};

/// The shared state of one source. Clones show the same source.
#[derive(Clone, Debug)]
pub(super) struct Health {
    name: &'static str,
    inner: Arc<ArcSwap<Inner>>,
}

#[derive(Clone, Debug, Default)]
struct Inner {
    state: SourceState,
    reason: &'static str,
    good_boot_ns: Option<u64>,
    duration: Option<Duration>,
    faults: u64,
}

impl Health {
    pub(super) fn new(name: &'static str) -> Health {
        let inner = Inner { state: SourceState::Down, reason: "no_reading_yet", ..Inner::default() };
        Health { name, inner: Arc::new(ArcSwap::from_pointee(inner)) }
    }

    /// A good reading came in. True when the source was not well before.
    pub(super) fn good(&self, duration: Duration) -> bool {
        let before = self.inner.load();
        let faults = before.faults;
        let good_boot_ns = Some(KernelClock.boot_ns());
        let was_bad = before.state != SourceState::Ok;
        self.inner.store(Arc::new(Inner {
            state: SourceState::Ok,
            reason: "",
            good_boot_ns,
            duration: Some(duration),
            faults,
        }));
        was_bad
    }

    /// A reading failed; `reason` is one of the source's closed list of words. True when that is news.
    pub(super) fn bad(&self, reason: &'static str) -> bool {
        let before = self.inner.load();
        let is_news = (before.state, before.reason) != (SourceState::Down, reason);
        let faults = before.faults + 1;
        self.inner.store(Arc::new(Inner { state: SourceState::Down, reason, faults, ..(**before).clone() }));
        is_news
    }

    /// A good reading came in while another of the same source fails, or one that the source itself complains of.
    pub(super) fn degraded(&self, duration: Option<Duration>, reason: &'static str) {
        let before = self.inner.load();
        let (good_boot_ns, duration) = match duration {
            Some(duration) => (Some(KernelClock.boot_ns()), Some(duration)),
            None => (before.good_boot_ns, before.duration),
        };
        let faults = before.faults;
        let state = SourceState::Degraded;
        self.inner.store(Arc::new(Inner { state, reason, good_boot_ns, duration, faults }));
    }

    /// Values that could not be read, or a reading that failed without taking the source down.
    pub(super) fn add_faults(&self, count: u64) {
        self.inner.rcu(|before| Inner { faults: before.faults + count, ..(**before).clone() });
    }

    /// Nothing is asked, or nothing is there to be asked, and that is no fault. True when that is news.
    pub(super) fn rests(&self, reason: &'static str) -> bool {
        let before = self.inner.load();
        let is_news = (before.state, before.reason) != (SourceState::Down, reason);
        self.inner.store(Arc::new(Inner { state: SourceState::Down, reason, ..(**before).clone() }));
        is_news
    }

    pub(super) fn report(&self) -> SourceReport {
        let inner = self.inner.load();
        let age = inner.good_boot_ns.map(|good| KernelClock.boot_ns().saturating_sub(good) as f64 / 1e9);
        SourceReport {
            name: self.name,
            state: inner.state,
            reason: inner.reason,
            age_seconds: age,
            duration_seconds: inner.duration.map(|duration| duration.as_secs_f64()),
            faults: inner.faults,
            ..SourceReport::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_change_is_news_and_the_last_good_reading_keeps_its_age() {
        let health = Health::new("kubelet");
        assert_eq!(health.report().reason, "no_reading_yet");
        assert!(health.good(Duration::from_millis(5)));
        assert!(!health.good(Duration::from_millis(5)));
        assert!(health.bad("timeout"));
        assert!(!health.bad("timeout"));
        assert!(health.bad("forbidden"));
        assert!(health.rests("absent") && !health.rests("absent") && health.bad("forbidden"));
        let report = health.report();
        assert_eq!((report.state, report.reason, report.faults), (SourceState::Down, "forbidden", 4));
        assert!(report.age_seconds.is_some());
    }
}
