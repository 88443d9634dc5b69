//! Fast passes that rings and histograms have not yet taken in.

use crate::model::field::{CpuTimes, Values};
use crate::model::stamp::Bracket;

/// What one pass found for one cgroup.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) bracket: Bracket,
    /// Absent when the file could not be read.
    pub(super) cpu: Option<CpuTimes>,
}

/// Passes not yet taken in: whole passes over the same units in the same order.
#[derive(Debug, Default)]
pub(super) struct Pending {
    pub(super) rows: Vec<Row>,
    pub(super) scratch: Values,
}
