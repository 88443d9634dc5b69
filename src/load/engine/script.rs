//! A flow as it is run: one act after the other, with jumps, so that nothing is called while it goes. Every request,
//! group and record has a place, which is fixed before the run.

use std::ops::Range;

use super::wire::Wire;
use crate::load::flow::{self, Request, Template};
use crate::load::protocol::http1::Keep;

/// A flow, and what is known of it before the run.
#[derive(Debug, Default)]
pub struct Script {
    /// The name of the flow.
    pub flow: Box<str>,
    pub(super) acts: Box<[Act]>,
    pub requests: Box<[Prepared]>,
    /// The tag `group` of each: `::outer::inner`. The first is the one around all others, empty or `::setup`.
    pub groups: Box<[Box<str>]>,
    pub records: Box<[Recording]>,
    /// The datasets of which each iteration takes a row.
    pub(super) data: Box<[usize]>,
}

/// One thing that an iteration does. Numbers are places.
#[derive(Debug)]
pub(super) enum Act {
    Request(usize),
    Batch(Range<usize>),
    Enter(usize),
    Leave,
    Sleep(flow::Range),
    Pacing(flow::Range),
    /// Goes on at one of these acts, each with the sum of the weights up to it.
    Mix(Box<[(u64, usize)]>),
    Jump(usize),
    /// The acts behind it are done so often; [`Act::Again`] ends them.
    Repeat(u32),
    Again(usize),
    /// Variables by their index.
    Set(Box<[(usize, Template)]>),
    Record(Range<usize>),
    Fail(Template),
    Abort(Template),
}

/// A request, and what is known of it before the run.
#[derive(Debug)]
pub struct Prepared {
    pub request: Request,
    pub group: usize,
    /// Place in [`Plan::hosts`](super::Plan); `None` where the URL is known only when it is rendered.
    pub host: Option<usize>,
    pub(super) wire: Wire,
    pub(super) keep: Keep,
    pub(super) timeout_ns: u64,
    /// The most redirects that are followed.
    pub(super) redirects: u32,
    /// A second time is the same as once, so that a connection that ended under it can be replaced.
    pub(super) may_repeat: bool,
    /// Places of what is recorded of each answer.
    pub(super) records: Range<usize>,
}

/// Samples of a metric of the run's own, from one step.
#[derive(Debug)]
pub struct Recording {
    pub record: flow::Record,
    pub group: usize,
    /// The request whose answers they are of.
    pub request: Option<usize>,
}

impl Prepared {
    pub(super) fn expects(&self, status: u16) -> bool {
        self.request.is_expected(status)
    }
}
