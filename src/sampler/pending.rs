//! Fast passes that rings and histograms have not yet taken in.

use crate::model::field::{CpuTimes, Values};

/// What one pass found for one cgroup. Small, as a pass writes one for each.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    /// CLOCK_BOOTTIME after the read, and how long it took.
    pub(super) after_ns: u64,
    pub(super) width_ns: u32,
    /// False when the file could not be read.
    pub(super) is_read: bool,
    pub(super) times: CpuTimes,
}

/// Passes not yet taken in: whole passes over the same units in the same order.
#[derive(Debug, Default)]
pub(super) struct Pending {
    pub(super) rows: Vec<Row>,
    pub(super) scratch: Values,
}
