//! What threads share: so little that no request waits for another thread.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::plan::Plan;
use crate::load::scenario::Executor;

/// How soon a run ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stop {
    #[default]
    No,
    /// No further iteration begins; those under way have their scenario's `gracefulStop`.
    Graceful,
    /// Iterations under way are cut off.
    Now,
}

/// Of all threads.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) threads: usize,
    /// Iterations that are left, by scenario, where users share them and the scenario has begun.
    stores: Vec<Store>,
}

#[derive(Debug, Default)]
struct Store {
    left: AtomicU64,
    has_begun: AtomicBool,
}

impl Shared {
    pub(super) fn new(plan: &Plan, threads: usize) -> Shared {
        let store = |executor: &Executor| match executor {
            Executor::SharedIterations { iterations, .. } => {
                Store { left: AtomicU64::new(*iterations), ..Store::default() }
            }
            _ => Store::default(),
        };
        Shared { threads, stores: plan.scenarios.iter().map(|work| store(&work.scenario.executor)).collect() }
    }

    /// Takes an iteration out of the store of a scenario; false when it is empty.
    pub(super) fn take(&self, scenario: usize) -> bool {
        let take = |left: u64| left.checked_sub(1);
        self.stores[scenario].left.try_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok()
    }

    /// The scenario's time has come.
    pub(super) fn begin(&self, scenario: usize) {
        self.stores[scenario].has_begun.store(true, Ordering::Relaxed);
    }

    /// Iterations that were to be done and that nobody took: of a scenario that never began, none.
    pub(super) fn left(&self, scenario: usize) -> u64 {
        let store = &self.stores[scenario];
        if store.has_begun.load(Ordering::Relaxed) { store.left.load(Ordering::Relaxed) } else { 0 }
    }

    /// A thread's part of so many users, and of how many threads it is one there; `None` where there are fewer users
    /// than threads and it has none.
    pub(super) fn share(&self, place: usize, users: u64) -> u64 {
        let (threads, place) = (self.threads as u64, place as u64);
        users / threads + u64::from(place < users % threads)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up() {
        for threads in 1..5 {
            let shared = Shared::new(&Plan::default(), threads);
            for users in 0..12 {
                let sum: u64 = (0..threads).map(|place| shared.share(place, users)).sum();
                assert_eq!(sum, users);
            }
        }
    }
}
