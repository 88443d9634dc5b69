//! What threads tell the coordinator, once a second and at their end.

use super::meter::Meter;

/// Anything that a thread tells.
#[derive(Debug)]
pub(super) enum Told {
    Second(Report),
    /// For people, once for each cause.
    Note(String),
    /// A step ends the run, for this reason.
    Abort(String),
}

/// One second of one thread.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) thread: usize,
    /// How many seconds are over with it.
    pub(super) second: u64,
    /// Since the one before. It goes back to the thread, cleared, once it was added up.
    pub(super) meter: Box<Meter>,
    pub(super) vus: u64,
    pub(super) vus_max: u64,
    /// How long the thread was at work or waited for a processor since the report before, and how long ago that was.
    pub(super) busy_ns: u64,
    pub(super) span_ns: u64,
    /// Nothing more comes of this thread.
    pub(super) is_last: bool,
}
