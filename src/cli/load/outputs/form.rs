//! What an output says of a run: of each interval, of what happens in between, and at the end.

use crate::encode::Batch;
use crate::load::interval::Interval;
use crate::load::results::{Results, Schedule};
use crate::load::span::Span;

/// What is known beside an interval.
#[derive(Clone, Copy, Debug)]
pub(super) struct Beside<'a> {
    /// The number of the stage, where the run has one ramp.
    pub(super) stage: Option<usize>,
    /// What became of starts so far.
    pub(super) schedules: &'a [Schedule],
    /// As far as is known, the generator itself is what is measured.
    pub(super) is_invalid: bool,
}

/// The form of an output.
pub(super) trait Form: Send {
    /// How long the intervals are that it is given.
    fn every(&self) -> Span {
        Span::SECOND
    }

    /// By how many nanoseconds the end of an interval must lie behind that of the one before, so that no point of it
    /// overwrites another.
    fn gap_ns(&self, _interval: &Interval) -> i64 {
        1
    }

    fn batches(&mut self, interval: &Interval, beside: Beside<'_>) -> Vec<Batch>;

    /// The run began.
    fn begin(&mut self, _wall_ns: i64) -> Option<Batch> {
        None
    }

    /// Something that happened, such as a stage that began.
    fn event(&mut self, _text: &str, _wall_ns: i64) -> Option<Batch> {
        None
    }

    /// What is said when all is over.
    fn end(&mut self, _results: &Results, _wall_ns: i64) -> Vec<Batch> {
        Vec::new()
    }
}

/// An output: its form and the name of the sink that its batches go to.
pub(super) struct Output {
    pub(super) sink: String,
    pub(super) form: Box<dyn Form>,
}
