//! What a disk does not do at present, and when it is asked again.

use std::time::{Duration, Instant};

/// The first pause after a failure of the disk, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));

/// What can fail, each by itself: that a disk can be read does not say that it can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Work {
    Open,
    Write,
    Read,
    Force,
}

impl Work {
    pub(super) fn failure(self) -> &'static str {
        match self {
            Work::Open => "cannot be used",
            Work::Write => "cannot be written; what waits stays in memory",
            Work::Read => "cannot be read",
            Work::Force => "cannot be forced to the medium",
        }
    }
}

/// The last failure that was not made up for.
#[derive(Debug, Default)]
pub(super) struct Failing {
    work: Option<Work>,
    /// Of failures in a row.
    pauses: u32,
    retry_at: Option<Instant>,
}

impl Failing {
    pub(super) fn begin(&mut self, work: Work) {
        self.work = Some(work);
        let pause = PAUSES.0.saturating_mul(1 << self.pauses.min(16)).min(PAUSES.1);
        self.pauses += 1;
        self.retry_at = Some(Instant::now() + pause);
    }

    /// It works; true where that is what had failed.
    pub(super) fn end(&mut self, work: Work) -> bool {
        let is_it = self.work == Some(work);
        if is_it {
            *self = Failing::default();
        }
        is_it
    }

    pub(super) fn is_pausing(&self) -> bool {
        self.retry_at.is_some()
    }

    /// `None` where nothing is waited for.
    pub(super) fn pause_left(&self, now: Instant) -> Option<Duration> {
        self.retry_at.map(|at| at.saturating_duration_since(now))
    }

    pub(super) fn end_pause(&mut self) {
        self.retry_at = None;
    }
}
