//! What the points of one resource are read from: a cgroup, what the kubelet says of it, and its description.

use crate::encode::cluster::Utilization;
use crate::encode::schema::devices::Devices;
use crate::model::identity::{ContainerInfo, PodInfo};
use crate::model::kubelet::{ContainerStats, CpuStats, FsStats, MemoryStats, NetworkStats, NodeStats};
use crate::model::reconciled::SourceKind;
use crate::model::report::AgentReport;
use crate::model::snapshot::Snapshot;
use crate::model::unit::{Interface, Unit};
use crate::model::workload::Amounts;

/// What all resources of one snapshot share.
#[derive(Clone, Copy, Debug)]
pub struct Shared<'a> {
    pub snapshot: &'a Snapshot,
    pub report: &'a AgentReport,
    /// The fixed windows as attribute values, such as `15s`, in the snapshot's order.
    pub windows: &'a [Box<str>],
    pub devices: &'a Devices,
    /// When the kubelet's summary came in, in nanoseconds since the epoch: the time of what it gives no time of.
    pub fetched_ns: i64,
}

/// One resource. What is not known of it is `None`, and gives no point.
#[derive(Clone, Debug)]
pub struct Subject<'a> {
    pub shared: Shared<'a>,
    pub unit: Option<&'a Unit>,
    /// What it costs by the kubelet, where no unit stands for it.
    pub said: Option<(&'a CpuStats, &'a MemoryStats)>,
    /// Where its own numbers come from.
    pub source: SourceKind,
    /// The file system that it writes to, or the volume.
    pub fs: Option<&'a FsStats>,
    /// What the kubelet says of a container's files.
    pub files: Option<&'a ContainerStats>,
    /// Network interfaces that were read here.
    pub interfaces: &'a [Interface],
    /// The kubelet's default interface, where none was read here.
    pub said_network: Option<&'a NetworkStats>,
    pub utilization: Utilization,
    pub pod: Option<&'a PodInfo>,
    pub container: Option<&'a ContainerInfo>,
    pub node: Option<&'a NodeStats>,
    pub allocatable: Option<Amounts>,
    /// What memory it may use at most.
    pub memory_limit_bytes: Option<u64>,
    /// When its counters began, in nanoseconds since the epoch.
    pub started_ns: Option<i64>,
}

impl<'a> Subject<'a> {
    /// A resource of which nothing is known.
    pub fn new(shared: Shared<'a>) -> Subject<'a> {
        Subject {
            shared,
            unit: None,
            said: None,
            source: SourceKind::Cgroup,
            fs: None,
            files: None,
            interfaces: &[],
            said_network: None,
            utilization: Utilization::default(),
            pod: None,
            container: None,
            node: None,
            allocatable: None,
            memory_limit_bytes: None,
            started_ns: None,
        }
    }
}
