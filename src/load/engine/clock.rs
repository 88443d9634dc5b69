//! Time of a run: nanoseconds since its beginning, the same for all threads.

use std::time::{Duration, Instant};

/// Read on the hot path, so it is `std`'s: no test holds its time in its hands.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    begun: Instant,
}

impl Clock {
    /// Begins now.
    pub fn start() -> Clock {
        Clock { begun: Instant::now() }
    }

    pub fn now_ns(self) -> u64 {
        self.begun.elapsed().as_nanos() as u64
    }

    /// How long it is from now until so much of the run is over.
    pub(super) fn until(self, ns: u64) -> Duration {
        Duration::from_nanos(ns.saturating_sub(self.now_ns()))
    }
}
