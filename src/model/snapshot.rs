//! What one publication of the sampler holds: one immutable value, read by every server and sink.

use std::sync::Arc;
use std::time::Duration;

use super::node::Node;
use super::reconciled::Reconciled;
use super::scope::Scope;
use super::stamp::Stamp;
use super::unit::{Pace, Unit};

/// All that is known at one instant. Any number of readers see the same value; reading changes nothing.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// Counts publications; encoders cache by it.
    pub seq: u64,
    pub taken: Stamp,
    /// The lengths of the fixed windows, in the order of the window arrays of each unit.
    pub windows: Arc<[Duration]>,
    /// Parents before children. The root, when there is one, comes first.
    pub units: Vec<Unit>,
    /// The node's own reading from /proc, `None` before the first.
    pub node: Option<Arc<Node>>,
    pub node_name: Arc<str>,
    /// What the units stand for.
    pub scope: Scope,
    /// What Kubernetes' own sources say beside ours, `None` before the first and on a plain host.
    pub reconciled: Option<Arc<Reconciled>>,
    pub sampler: SamplerStats,
}

/// What the sampler knows about itself. Counters are since start.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SamplerStats {
    pub ticks: u64,
    /// Deadlines that had passed before the sampler could start on them.
    pub missed_ticks: u64,
    /// The interval in force of each pace (see [`Pace`]), after the budget governor.
    pub intervals: [Duration; Pace::COUNT],
    /// Passes and CPU time spent in them, by pace.
    pub passes: [u64; Pace::COUNT],
    pub pass_cpu_seconds: [f64; Pace::COUNT],
    /// CPU share of the whole process over the last governor period, in cores.
    pub process_cores: f64,
    pub budget_cores: f64,
    /// Held file descriptors of cgroup files, and the kernel memory they pin.
    pub held_files: u64,
    pub held_kernel_bytes: u64,
    pub held_files_limit: u64,
    /// Files that had to be opened for one read because the budget of held ones was used up.
    pub reopened_files: u64,
    pub watches: u64,
    pub events: u64,
    pub event_overflows: u64,
    pub rescans: u64,
    pub created: u64,
    pub removed: u64,
    /// Files that vanished while being read: containers that exited.
    pub vanished: u64,
    /// Lines that no parser could read.
    pub parse_faults: u64,
    /// Reads refused by the kernel (EACCES, EIO, ...).
    pub read_faults: u64,
    pub counter_resets: u64,
    /// Suspends of the machine and steps of its clock that were seen.
    pub clock_gaps: u64,
    /// Largest time one read took since start: the bound on every timestamp's error.
    pub max_read_seconds: f64,
    /// cgroups that could not be taken in because the bound on their number was reached.
    pub refused_units: u64,
    /// Containers in our process namespace that we may not read; `None` where none is looked for.
    pub denied_siblings: Option<u64>,
}
