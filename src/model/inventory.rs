//! What a cluster has: nodes, pods, workloads and claims as the API server lists them.

use super::stamp::Stamp;
use super::workload::{Phase, Resources};

/// One reading. A kind that was not asked for, or refused, is `None`: that is not an empty list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inventory {
    /// When the last answer had come in, by our clocks.
    pub taken: Stamp,
    pub nodes: Option<Vec<NodeRecord>>,
    /// The nodes are all of the cluster, so that their number is one of the cluster.
    pub has_all_nodes: bool,
    pub pods: Option<Vec<PodRecord>>,
    pub deployments: Option<Vec<DeploymentRecord>>,
    pub stateful_sets: Option<Vec<StatefulSetRecord>>,
    pub daemon_sets: Option<Vec<DaemonSetRecord>>,
    pub claims: Option<Vec<ClaimRecord>>,
}

/// Keys and values that the allow-list of selectors lets through, sorted by key.
pub type Selectors = Vec<(Box<str>, Box<str>)>;

/// Name and namespace; nodes have no namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ObjectName {
    pub namespace: Box<str>,
    pub name: Box<str>,
    /// Nanoseconds since the epoch.
    pub created_ns: Option<i64>,
    pub generation: Option<i64>,
}

/// One line of `status.conditions`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    pub kind: Box<str>,
    pub status: ConditionStatus,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ConditionStatus {
    True,
    False,
    #[default]
    Unknown,
}

impl ConditionStatus {
    pub const fn name(self) -> &'static str {
        match self {
            ConditionStatus::True => "True",
            ConditionStatus::False => "False",
            ConditionStatus::Unknown => "Unknown",
        }
    }

    pub fn from_name(name: &str) -> ConditionStatus {
        match name {
            "True" => ConditionStatus::True,
            "False" => ConditionStatus::False,
            _ => ConditionStatus::Unknown,
        }
    }
}

/// What a node has, or what of it pods may use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NodeAmounts {
    pub cpu_millicores: Option<u64>,
    pub memory_bytes: Option<u64>,
    pub pods: Option<u64>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct NodeRecord {
    pub name: ObjectName,
    /// Annotation of the Cluster API; empty where it is not set.
    pub cluster_namespace: Box<str>,
    pub kubelet_version: Box<str>,
    pub capacity: NodeAmounts,
    pub allocatable: NodeAmounts,
    pub is_unschedulable: bool,
    pub conditions: Vec<Condition>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct PodRecord {
    pub name: ObjectName,
    pub node: Box<str>,
    pub phase: Phase,
    /// Why the pod as a whole is in its phase; empty where nothing is said.
    pub reason: Box<str>,
    pub node_selectors: Selectors,
    pub conditions: Vec<Condition>,
    /// Those of `spec.containers`.
    pub containers: Vec<ContainerRecord>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct ContainerRecord {
    pub name: Box<str>,
    /// As the specification has it.
    pub image: Box<str>,
    pub state: StateRecord,
    /// Why it waits or ended; empty where nothing is said.
    pub state_reason: Box<str>,
    pub is_ready: bool,
    /// `None` while it has no status.
    pub restarts: Option<u64>,
    pub resources: Resources,
}

/// What a container does, without what goes with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum StateRecord {
    Running,
    Terminated,
    Waiting,
    #[default]
    Unknown,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeploymentRecord {
    pub name: ObjectName,
    pub selectors: Selectors,
    pub replicas_available: Option<i64>,
    pub replicas_unavailable: Option<i64>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct StatefulSetRecord {
    pub name: ObjectName,
    pub selectors: Selectors,
    pub replicas: Option<i64>,
    pub replicas_current: Option<i64>,
    pub replicas_ready: Option<i64>,
    pub replicas_updated: Option<i64>,
    pub spec_replicas: Option<i64>,
    pub observed_generation: Option<i64>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct DaemonSetRecord {
    pub name: ObjectName,
    pub selectors: Selectors,
    pub current_number_scheduled: Option<i64>,
    pub desired_number_scheduled: Option<i64>,
    pub number_available: Option<i64>,
    pub number_misscheduled: Option<i64>,
    pub number_ready: Option<i64>,
    pub number_unavailable: Option<i64>,
    pub updated_number_scheduled: Option<i64>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClaimRecord {
    pub name: ObjectName,
    /// `Bound`, `Pending`, `Lost`, or empty.
    pub phase: Box<str>,
    pub storage_class: Box<str>,
    pub selectors: Selectors,
}
