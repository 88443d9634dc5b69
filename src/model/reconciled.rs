//! What `reconcile` concludes once a second: for each pod our values, the others' values, how they differ and
//! why, and which source serves what.

use std::sync::Arc;

use super::detail::Detail;
use super::identity::{PodInfo, PodUid};
use super::kubelet::Summary;
use super::stamp::Stamp;
use super::unit::Unit;
use super::workload::Amounts;

/// A place that values of pods come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SourceKind {
    #[default]
    Cgroup,
    Kubelet,
    MetricsApi,
    /// The agent of the node, asked by a sidecar.
    NodeAgent,
}

impl SourceKind {
    pub const ALL: [SourceKind; 4] =
        [SourceKind::Cgroup, SourceKind::Kubelet, SourceKind::MetricsApi, SourceKind::NodeAgent];

    pub const fn name(self) -> &'static str {
        match self {
            SourceKind::Cgroup => "cgroup",
            SourceKind::Kubelet => "kubelet",
            SourceKind::MetricsApi => "metrics_api",
            SourceKind::NodeAgent => "node_agent",
        }
    }
}

/// Which of our three values of a pod. They are never mixed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum View {
    /// What `kubectl top` prints: containers summed, the other's own time and window.
    Top,
    /// The pod's cgroup, our window.
    Pod,
    /// The last second.
    Live,
}

impl View {
    pub const fn name(self) -> &'static str {
        match self {
            View::Top => "top",
            View::Pod => "pod",
            View::Live => "live",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Resource {
    /// In nanocores.
    Cpu,
    /// Working set, in bytes.
    Memory,
}

impl Resource {
    pub const fn name(self) -> &'static str {
        match self {
            Resource::Cpu => "cpu",
            Resource::Memory => "memory",
        }
    }
}

/// Why two values differ. A closed list; what none of the others explains is `Unexplained`, and alarms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cause {
    /// Another span of time: its end, its length, or a load that moved inside of it.
    Window,
    /// Less than one unit of what the other prints.
    Rounding,
    /// The pause container, and what the pod's cgroup keeps of containers that ended.
    Pause,
    /// RuntimeClass overhead and what is charged to the pod's cgroup alone.
    Overhead,
    /// A container started or was restarted inside the window.
    Restart,
    /// The other's value is older than it should be.
    Stale,
    /// One of the two has no value.
    Missing,
    /// We see only our own container.
    OwnCgroup,
    Unexplained,
}

impl Cause {
    pub const ALL: [Cause; 9] = [
        Cause::Window,
        Cause::Rounding,
        Cause::Pause,
        Cause::Overhead,
        Cause::Restart,
        Cause::Stale,
        Cause::Missing,
        Cause::OwnCgroup,
        Cause::Unexplained,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Cause::Window => "window",
            Cause::Rounding => "rounding",
            Cause::Pause => "pause",
            Cause::Overhead => "overhead",
            Cause::Restart => "restart",
            Cause::Stale => "stale",
            Cause::Missing => "missing",
            Cause::OwnCgroup => "own-cgroup",
            Cause::Unexplained => "unexplained",
        }
    }
}

/// CPU and memory of one span of time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Usage {
    pub cpu_nanocores: Option<u64>,
    pub memory_bytes: Option<u64>,
    /// End of the window, milliseconds since the epoch.
    pub at_ms: i64,
    pub window_ns: u64,
}

/// One of our values beside one of the others'.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    pub view: View,
    pub against: SourceKind,
    pub resource: Resource,
    /// Nanocores or bytes.
    pub ours: Option<u64>,
    pub theirs: Option<u64>,
    /// `None` where the two agree within the tolerance (1 %). A larger difference of less than 1m or 1Mi is
    /// [`Cause::Rounding`].
    pub cause: Option<Cause>,
    /// One sentence for people: what was seen that names the cause. Empty where they agree.
    pub detail: Detail,
}

impl Difference {
    /// Ours minus theirs, in cores or bytes; `None` while one is missing.
    pub fn signed(&self) -> Option<f64> {
        let difference = self.ours? as f64 - self.theirs? as f64;
        Some(if self.resource == Resource::Cpu { difference / 1e9 } else { difference })
    }

    /// Ours over theirs minus one; `None` where theirs is zero or one is missing.
    pub fn ratio(&self) -> Option<f64> {
        let theirs = self.theirs.filter(|&theirs| theirs > 0)? as f64;
        Some(self.ours? as f64 / theirs - 1.0)
    }
}

/// What `kubectl top --containers` prints of one container, by our counters.
#[derive(Clone, Debug, PartialEq)]
pub struct ContainerTop {
    pub name: Box<str>,
    pub usage: Usage,
}

/// A pod, or the node itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reconciliation {
    /// Containers summed, at the time and window of `top_of`.
    pub top: Option<Usage>,
    /// Whose time and window `top` has: metrics-server's where it answers, else the kubelet's, else our own.
    pub top_of: SourceKind,
    pub containers: Vec<ContainerTop>,
    /// The pod's own cgroup over our first configured window.
    pub pod: Option<Usage>,
    /// The last second.
    pub live: Option<Usage>,
    /// What the kubelet and metrics-server say.
    pub kubelet: Option<Usage>,
    pub metrics_api: Option<Usage>,
    pub differences: Vec<Difference>,
    /// The source that serves CPU and memory of this pod's series now.
    pub source: SourceKind,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct PodReconciliation {
    pub uid: PodUid,
    pub info: Option<Arc<PodInfo>>,
    pub values: Reconciliation,
}

/// Everything at one instant. Immutable; a new second makes a new one.
#[derive(Clone, Debug, Default)]
pub struct Reconciled {
    pub taken: Stamp,
    pub pods: Vec<PodReconciliation>,
    pub node: Option<Reconciliation>,
    /// What pods may use of the node: the base of `kubectl top nodes`' percentages.
    pub node_allocatable: Option<Amounts>,
    /// The newest `/stats/summary` that is not stale: networks, volumes, file systems.
    pub summary: Option<Arc<Summary>>,
    /// Pods and containers that no cgroup here stands for, made from another source's values; parents before
    /// children, `parent` counted within this list. Each keeps its source and the source's own times.
    pub foreign: Arc<Vec<Unit>>,
    /// Which source serves which value now, and why: value name, source, reason.
    pub choices: Vec<Choice>,
}

/// Which source serves a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// `cpu`, `memory`, `network`, `volumes`, `filesystem`, `identity`.
    pub value: &'static str,
    pub source: SourceKind,
    /// One of a closed list of words: `configured`, `best`, `cgroup_missing`, `kubelet_down`, ...
    pub reason: &'static str,
}
