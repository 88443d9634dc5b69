//! One cgroup as the sampler publishes it: raw numbers, when they were read, and what follows from them.

use std::sync::Arc;

use super::field::{Field, Values};
use super::histogram::NativeHistogram;
use super::identity::{Cgroup, Identity};
use super::reconciled::SourceKind;
use super::stamp::{Bracket, Stamp};
use super::window::{Rate, WindowUse};

/// How many fixed windows can be configured.
pub const MAX_WINDOWS: usize = 4;

/// A number that no other unit has or will have while the process lives, even at the same path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnitId(pub u64);

/// The classes of files that share one rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Pace {
    /// cpu.stat.
    Fast,
    /// memory.current, memory.stat, memory.peak: what `kubectl top` needs.
    Memory,
    /// Everything else.
    Slow,
}

impl Pace {
    pub const COUNT: usize = 3;
    pub const ALL: [Pace; Pace::COUNT] = [Pace::Fast, Pace::Memory, Pace::Slow];

    pub const fn name(self) -> &'static str {
        match self {
            Pace::Fast => "fast",
            Pace::Memory => "memory",
            Pace::Slow => "slow",
        }
    }
}

/// One cgroup at one instant.
#[derive(Clone, Debug)]
pub struct Unit {
    pub id: UnitId,
    pub cgroup: Arc<Cgroup>,
    /// Who it is to Kubernetes; `None` until known and for everything that is no pod or container.
    /// A changed identity is a new `Arc`, so that encoders can key their caches by pointer.
    pub identity: Option<Arc<Identity>>,
    /// Where its numbers come from: read here, or made from what another said.
    pub source: SourceKind,
    /// Index of the parent in the snapshot's list, which holds parents before children.
    pub parent: Option<u32>,
    /// When the directory was made, as far as known: its ctime, seconds since the epoch.
    pub created_wall_s: Option<f64>,
    /// True once the cgroup is gone; its last reading is published once more.
    pub gone: bool,
    pub values: Values,
    /// When the last file of each pace was read.
    pub read_at: [Option<Bracket>; Pace::COUNT],
    pub cpu: CpuUse,
    pub memory: MemoryUse,
    /// OOM deaths, one per event, over the life of the cgroup and its descendants. See [`super::oom`].
    pub oom_kills: Option<u64>,
    pub io: Vec<IoDevice>,
    pub hugetlb: Vec<Hugetlb>,
    /// Interfaces of the pod's network namespace; only on pods, `None` where it cannot be read.
    pub network: Option<Arc<Vec<Interface>>>,
}

/// What the counters of cpu.stat say about use over time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CpuUse {
    /// Mean over the last second.
    pub live: Option<Rate>,
    /// One entry per configured window, in the snapshot's order.
    pub windows: [Option<WindowUse>; MAX_WINDOWS],
    /// Absent where histograms are switched off for this kind of unit.
    pub histogram: Option<Box<NativeHistogram>>,
}

/// How an interval maximum of memory was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeakMethod {
    /// The kernel's own watermark, reset by us each second (kernel 6.12 and later, writable mount).
    Kernel,
    /// The largest of our samples of memory.current: a shorter peak can be missed.
    Sampled,
}

impl PeakMethod {
    pub const fn name(self) -> &'static str {
        match self {
            PeakMethod::Kernel => "kernel",
            PeakMethod::Sampled => "sampled",
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct MemoryUse {
    /// max(0, memory.current - inactive_file), both read back to back: what `kubectl top` calls memory.
    pub working_set_bytes: Option<u64>,
    /// Largest memory.current in each configured window.
    pub window_max_bytes: [Option<u64>; MAX_WINDOWS],
    pub peak_method: Option<PeakMethod>,
}

/// One device row of io.stat.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IoDevice {
    pub major: u32,
    pub minor: u32,
    pub rbytes: Option<u64>,
    pub wbytes: Option<u64>,
    pub rios: Option<u64>,
    pub wios: Option<u64>,
    pub dbytes: Option<u64>,
    pub dios: Option<u64>,
}

/// The hugetlb files of one page size.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hugetlb {
    /// As in the file name: `2MB`, `1GB`.
    pub page_size: Box<str>,
    pub current: Option<u64>,
    pub max: Option<super::field::Limit>,
    /// Failed charges: `max` of hugetlb.SIZE.events.
    pub events_max: Option<u64>,
}

/// One interface of /proc/PID/net/dev.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Interface {
    pub name: Box<str>,
    pub rx_bytes: u64,
    pub rx_packets: u64,
    pub rx_errors: u64,
    pub rx_dropped: u64,
    pub tx_bytes: u64,
    pub tx_packets: u64,
    pub tx_errors: u64,
    pub tx_dropped: u64,
}

impl Unit {
    /// A unit of which nothing is known but what it is.
    pub fn new(cgroup: Cgroup) -> Unit {
        Unit {
            id: UnitId(0),
            cgroup: Arc::new(cgroup),
            identity: None,
            source: SourceKind::Cgroup,
            parent: None,
            created_wall_s: None,
            gone: false,
            values: Values::default(),
            read_at: [None; Pace::COUNT],
            cpu: CpuUse::default(),
            memory: MemoryUse::default(),
            oom_kills: None,
            io: Vec::new(),
            hugetlb: Vec::new(),
            network: None,
        }
    }

    /// When the files of this pace were read.
    pub fn stamp(&self, pace: Pace) -> Option<Stamp> {
        self.read_at[pace as usize].map(|bracket| bracket.after)
    }

    /// The pod cgroup's or container's own pod UID.
    pub fn pod_uid(&self) -> Option<&super::identity::PodUid> {
        match &self.cgroup.kind {
            super::identity::UnitKind::Pod { uid, .. } | super::identity::UnitKind::PodNetwork { uid } => {
                Some(uid)
            }
            super::identity::UnitKind::Container { pod, .. } => pod.as_ref(),
            _ => None,
        }
    }

    pub fn is_pod(&self) -> bool {
        matches!(self.cgroup.kind, super::identity::UnitKind::Pod { .. })
    }

    pub fn is_container(&self) -> bool {
        matches!(self.cgroup.kind, super::identity::UnitKind::Container { .. })
    }

    /// True for the pause container of a pod.
    pub fn is_sandbox(&self) -> bool {
        self.identity.as_ref().is_some_and(|identity| identity.is_sandbox())
    }
}

/// max(0, memory.current - inactive_file). Where memory.current is absent (the root), anon + file of
/// memory.stat stands for it, as the kubelet does for the node.
/// Source: kubelet and cAdvisor `setMemoryStats`; opencontainers cgroups v0.0.6 `rootStatsFromMeminfo`.
pub fn working_set_bytes(values: &Values) -> Option<u64> {
    let inactive = values.get(Field::InactiveFile)?;
    Some(memory_usage_bytes(values)?.saturating_sub(inactive))
}

/// memory.current, or anon + file at the root, which has no memory.current.
pub fn memory_usage_bytes(values: &Values) -> Option<u64> {
    values
        .get(Field::MemoryCurrent)
        .or_else(|| Some(values.get(Field::Anon)? + values.get(Field::FileCache)?))
}
