//! What threads share: so little that no request waits for another thread.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::plan::Plan;
use crate::load::flow::Values;
use crate::load::scenario::Executor;

/// A thread for each of so many users, as far as there are cores.
pub(super) const USERS_OF_A_THREAD: u64 = 32;

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
    /// What the setup set, from which all users start.
    pub(super) start: Option<Values>,
    /// The option `rps`: nanoseconds between requests, and when the next one may go.
    gap_ns: Option<u64>,
    next_ns: AtomicU64,
}

#[derive(Debug, Default)]
struct Store {
    left: AtomicU64,
    has_begun: AtomicBool,
}

impl Shared {
    pub(super) fn new(plan: &Plan, threads: usize, start: Option<Values>) -> Shared {
        let store = |executor: &Executor| match executor {
            Executor::SharedIterations { iterations, .. } => {
                Store { left: AtomicU64::new(*iterations), ..Store::default() }
            }
            _ => Store::default(),
        };
        let stores = plan.scenarios.iter().map(|work| store(&work.scenario.executor)).collect();
        let gap_ns = plan.options.rps.map(|rps| 1_000_000_000 / u64::from(rps.max(1)));
        Shared { threads, stores, start, gap_ns, next_ns: AtomicU64::new(0) }
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

    pub(super) fn has_rate(&self) -> bool {
        self.gap_ns.is_some()
    }

    /// When the next request may go, all users of all threads together.
    pub(super) fn turn(&self, now_ns: u64) -> u64 {
        let gap = self.gap_ns.unwrap_or(0);
        let next = |next: u64| Some(next.max(now_ns) + gap);
        let before = self.next_ns.try_update(Ordering::Relaxed, Ordering::Relaxed, next);
        before.unwrap_or(0).max(now_ns)
    }

    /// How many threads a scenario is on, the first ones: at a rate users do not help those of other threads, so that
    /// a few are not scattered.
    pub(super) fn threads_of(&self, executor: &Executor) -> usize {
        match executor {
            Executor::ConstantArrivalRate { pool, .. } | Executor::RampingArrivalRate { pool, .. } => {
                let enough = pool.max_vus.div_ceil(USERS_OF_A_THREAD).max(1);
                self.threads.min(usize::try_from(enough).unwrap_or(usize::MAX))
            }
            _ => self.threads,
        }
    }

    /// A thread's part of so many users, and of how many threads it is one there; `None` where there are fewer users
    /// than threads and it has none.
    pub(super) fn share(&self, place: usize, users: u64) -> u64 {
        share_of(self.threads, place, users)
    }
}

/// The part of so many users that is of one of so many threads.
pub(super) fn share_of(threads: usize, place: usize, users: u64) -> u64 {
    let (threads, place) = (threads as u64, place as u64);
    users / threads + u64::from(place < users % threads)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_gives_each_request_its_turn() {
        let options = crate::load::file::Options { rps: Some(10), ..Default::default() };
        let shared = Shared::new(&Plan { options, ..Plan::default() }, 1, None);
        let turns = [0, 0, 50, 900, 900].map(|ms: u64| shared.turn(ms * 1_000_000) / 1_000_000);
        assert_eq!(turns, [0, 100, 200, 900, 1000]);
    }

    #[test]
    fn shares_add_up() {
        for threads in 1..5 {
            let shared = Shared::new(&Plan::default(), threads, None);
            for users in 0..12 {
                let sum: u64 = (0..threads).map(|place| shared.share(place, users)).sum();
                assert_eq!(sum, users);
            }
        }
    }
}
