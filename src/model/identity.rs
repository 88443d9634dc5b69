//! Whose cgroup it is: what its path says, and what Kubernetes says.

use std::fmt;
use std::sync::Arc;

use super::workload::{ContainerState, Owner, Phase, PodResources, Resources};

/// A pod's UID as it stands in its cgroup path, with dashes (static pods: 32 hex digits, no dashes).
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PodUid(pub Arc<str>);

/// A container's runtime ID: 64 hex digits for every current runtime.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContainerId(pub Box<str>);

impl fmt::Display for PodUid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for ContainerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Kubernetes' quality-of-service class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum QosClass {
    Guaranteed,
    Burstable,
    BestEffort,
}

impl QosClass {
    pub const fn name(self) -> &'static str {
        match self {
            QosClass::Guaranteed => "Guaranteed",
            QosClass::Burstable => "Burstable",
            QosClass::BestEffort => "BestEffort",
        }
    }
}

/// Which runtime made a container's cgroup, as far as its path tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Runtime {
    Containerd,
    CriO,
    Docker,
    Podman,
    /// The cgroupfs driver under Kubernetes: a bare ID, no runtime in the name.
    Unnamed,
}

/// What a cgroup is, from its path alone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum UnitKind {
    /// The root of the hierarchy: the node.
    Root,
    /// The cgroup of the container that this process runs in, seen as the root of a private cgroup namespace. It
    /// is no pod and no [`UnitKind::Container`]: no family of theirs can take it.
    OwnContainer,
    /// `kubepods`: all pods together.
    AllPods,
    /// All pods of one class.
    Qos(QosClass),
    Pod {
        uid: PodUid,
        qos: QosClass,
    },
    /// The network of the pod that we run in, where no cgroup of the pod can be seen: all containers of a pod share
    /// one. It has no CPU and no memory, and no family of pods takes it but those of networks.
    PodNetwork {
        uid: PodUid,
    },
    /// A container; `pod` is absent on a plain host (docker, podman).
    Container {
        id: ContainerId,
        pod: Option<PodUid>,
        runtime: Runtime,
    },
    Slice,
    Service,
    Scope,
    /// Any other directory: a mount unit, a container's inner cgroup, someone's own tree.
    Other,
}

impl UnitKind {
    /// The word for it in labels, tags and documents.
    pub const fn name(&self) -> &'static str {
        match self {
            UnitKind::Root => "root",
            UnitKind::OwnContainer => "own_container",
            UnitKind::AllPods => "pods",
            UnitKind::Qos(_) => "qos",
            UnitKind::Pod { .. } => "pod",
            UnitKind::PodNetwork { .. } => "pod_network",
            UnitKind::Container { .. } => "container",
            UnitKind::Slice => "slice",
            UnitKind::Service => "service",
            UnitKind::Scope => "scope",
            UnitKind::Other => "other",
        }
    }
}

/// What a cgroup is and where: fixed for its lifetime.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cgroup {
    /// Path below the mount, starting with `/`; the root is `/`.
    pub path: Box<str>,
    pub kind: UnitKind,
}

/// A pod as Kubernetes describes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PodInfo {
    pub namespace: Box<str>,
    pub name: Box<str>,
    /// The UID that the cgroup path carries (for a static pod its `config.hash`).
    pub uid: Box<str>,
    pub node: Box<str>,
    pub host_network: bool,
    /// Labels that the allow-list lets through, sorted by key.
    pub labels: Vec<(Box<str>, Box<str>)>,
    /// Annotations that the allow-list lets through, sorted by key.
    pub annotations: Vec<(Box<str>, Box<str>)>,
    /// Start time in seconds since the epoch, when the kubelet has set it.
    pub start_time: Option<i64>,
    pub owner: Option<Owner>,
    pub qos: Option<QosClass>,
    pub phase: Phase,
    /// Why the pod as a whole is in its phase, such as `Evicted`; empty where nothing is said.
    pub reason: Box<str>,
    /// The condition `Ready`, where it is known.
    pub is_ready: Option<bool>,
    pub resources: PodResources,
    /// All containers of the specification, whether or not they run, in its order: init (and sidecars),
    /// applications, ephemeral.
    pub containers: Vec<Arc<ContainerInfo>>,
}

/// The part that a container plays in its pod.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ContainerRole {
    #[default]
    App,
    Init,
    /// An init container with `restartPolicy: Always`.
    Sidecar,
    Ephemeral,
    /// The pause container: in no container list, part of the pod's total.
    Sandbox,
}

/// A container as Kubernetes describes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContainerInfo {
    pub name: Arc<str>,
    /// Whole image reference, tag included, as the pod status gives it.
    pub image: Box<str>,
    /// The image as the runtime resolved it; empty while it is not known.
    pub image_id: Box<str>,
    pub role: ContainerRole,
    pub restart_count: u32,
    /// As actually applied (an in-place resize included), else as specified.
    pub resources: Resources,
    pub state: ContainerState,
    /// Why the run before this one ended, such as `OOMKilled`; empty for a first run.
    pub last_termination: Box<str>,
    pub is_ready: bool,
}

/// The name of one unit. Absent parts are not known (yet).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    pub pod: Option<Arc<PodInfo>>,
    pub container: Option<Arc<ContainerInfo>>,
}

impl Identity {
    /// True for the pause container, which is kept out of container rows.
    pub fn is_sandbox(&self) -> bool {
        self.container.as_ref().is_some_and(|container| container.role == ContainerRole::Sandbox)
    }
}
