//! What is counted, for the page of metrics.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use crate::encode::injector::Report;
use crate::inject::Outcome;
use crate::server;

/// Shared by those who answer and those who look after the certificate.
#[derive(Debug, Default)]
pub(super) struct Counters {
    reviews: [AtomicU64; Outcome::ALL.len()],
    /// In seconds since 1970; 0 before there is one.
    pub(super) expiry: AtomicU64,
    pub(super) renewals: AtomicU64,
    pub(super) is_trusted: AtomicBool,
    pub(super) classes: AtomicU64,
    errors: Mutex<BTreeMap<&'static str, u64>>,
    /// Of the listener for the API server.
    pub(super) server: Arc<server::Counters>,
}

impl Counters {
    pub(super) fn reviewed(&self, outcome: Outcome) {
        if let Some(place) = Outcome::ALL.iter().position(|(known, _)| *known == outcome) {
            self.reviews[place].fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn failed(&self, reason: &'static str) {
        *self.errors.lock().unwrap_or_else(PoisonError::into_inner).entry(reason).or_default() += 1;
    }

    /// With a certificate that is trusted and has not ended.
    pub(super) fn is_ready(&self, now: SystemTime) -> bool {
        let now = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        self.is_trusted.load(Ordering::Relaxed) && self.expiry.load(Ordering::Relaxed) > now.as_secs()
    }

    pub(super) fn report(&self) -> Report {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let server = self.server.stats();
        let errors = self.errors.lock().unwrap_or_else(PoisonError::into_inner);
        Report {
            reviews: Outcome::ALL.iter().map(|(_, name)| *name).zip(self.reviews.iter().map(load)).collect(),
            certificate_expiry_seconds: Some(load(&self.expiry)).filter(|expiry| *expiry > 0),
            renewals: load(&self.renewals),
            is_trusted: self.is_trusted.load(Ordering::Relaxed),
            errors: errors.iter().map(|(reason, count)| (*reason, *count)).collect(),
            classes: load(&self.classes) as usize,
            connections: server.connections,
            cut_off: server.cut_off,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_certificate_that_has_ended_is_none() {
        let counters = Counters::default();
        counters.is_trusted.store(true, Ordering::Relaxed);
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        assert!(!counters.is_ready(at(1)), "there is none");
        counters.expiry.store(1_000, Ordering::Relaxed);
        assert!(counters.is_ready(at(999)) && !counters.is_ready(at(1_000)));
        counters.is_trusted.store(false, Ordering::Relaxed);
        assert!(!counters.is_ready(at(999)));
    }
}
