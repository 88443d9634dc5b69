//! Faults that are set for all requests, and the stall that holds up all of them.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::faults::Faults;

/// Read by every request, changed seldom.
#[derive(Debug)]
pub(super) struct Switch {
    faults: Mutex<Faults>,
    /// Whether any fault is set, so that a request without one takes no lock.
    is_set: AtomicBool,
    begun: Instant,
    /// The end of the stall in nanoseconds since `begun`; 0 while there is none.
    stalled_until: AtomicU64,
}

impl Switch {
    pub(super) fn new(faults: Faults, begun: Instant) -> Switch {
        let is_set = AtomicBool::new(!faults.is_none());
        Switch { faults: Mutex::new(faults), is_set, begun, stalled_until: AtomicU64::new(0) }
    }

    /// Whether a request has nothing to suffer that it does not ask for.
    pub(super) fn is_quiet(&self) -> bool {
        !self.is_set.load(Ordering::Relaxed) && self.stalled_until.load(Ordering::Relaxed) == 0
    }

    pub(super) fn faults(&self) -> Faults {
        *self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Replaces all of them.
    pub(super) fn set(&self, new: Faults) {
        let mut faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        *faults = new;
        self.is_set.store(!new.is_none(), Ordering::Relaxed);
    }

    /// No fault is set and no stall goes on. Who waits for the end of one goes on waiting.
    pub(super) fn clear(&self) {
        self.set(Faults::default());
        self.stalled_until.store(0, Ordering::Relaxed);
    }

    /// What is set, for one request. A stall is a single event: the first request takes it.
    pub(super) fn take(&self) -> Faults {
        if !self.is_set.load(Ordering::Relaxed) {
            return Faults::default();
        }
        let mut faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = *faults;
        faults.stall = None;
        self.is_set.store(!faults.is_none(), Ordering::Relaxed);
        taken
    }

    /// From now on nothing is answered for so long.
    pub(super) fn stall(&self, now: Instant, span: Duration) {
        let until = now.saturating_duration_since(self.begun) + span;
        self.stalled_until.fetch_max(until.as_nanos() as u64, Ordering::Relaxed);
    }

    /// How long the stall still takes.
    pub(super) fn stalled_for(&self, now: Instant) -> Option<Duration> {
        let until = self.stalled_until.load(Ordering::Relaxed);
        if until == 0 {
            return None;
        }
        let left = Duration::from_nanos(until).checked_sub(now.saturating_duration_since(self.begun));
        if left.is_none_or(|left| left.is_zero()) {
            // Where another stall began meanwhile, that one stays.
            let _other = self.stalled_until.compare_exchange(until, 0, Ordering::Relaxed, Ordering::Relaxed);
            return None;
        }
        left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stall_is_taken_once_and_other_faults_stay() {
        let second = Duration::from_secs(1);
        let begun = Instant::now();
        let set = Faults { stall: Some(second), delay: Some(second), ..Faults::default() };
        let switch = Switch::new(set, begun);
        assert!(!switch.is_quiet());
        assert_eq!(switch.take(), set);
        assert_eq!(switch.take(), Faults { stall: None, ..set });
        switch.clear();
        assert!(switch.is_quiet() && switch.take().is_none());
    }

    #[test]
    fn a_stall_ends_at_its_time_and_the_longest_counts() {
        let second = Duration::from_secs(1);
        let begun = Instant::now();
        let switch = Switch::new(Faults::default(), begun);
        switch.stall(begun, 3 * second);
        switch.stall(begun, second);
        assert!(!switch.is_quiet());
        assert_eq!(switch.stalled_for(begun + second), Some(2 * second));
        assert_eq!(switch.stalled_for(begun + 3 * second), None);
        assert!(switch.is_quiet());
    }
}
