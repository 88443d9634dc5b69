//! How much of the node the readings cover.

use super::identity::PodUid;

/// What the units of a snapshot stand for. Only [`Scope::Node`] and [`Scope::Pod`] have pod rows: what is read
/// of a container's own leaf is a unit of kind [`OwnContainer`](super::identity::UnitKind::OwnContainer), which
/// no pod or container family takes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// Every cgroup of the machine.
    #[default]
    Node,
    /// One pod's cgroup and all containers below it.
    Pod(PodUid),
    /// Containers of this pod that share its process namespace and our rights; not the pod's own cgroup.
    Siblings(Option<PodUid>),
    /// This process's own container and nothing else: no pod.
    OwnContainer,
    /// No cgroup at all: everything comes from elsewhere.
    Remote,
}

impl Scope {
    pub const fn name(&self) -> &'static str {
        match self {
            Scope::Node => "node",
            Scope::Pod(_) => "pod",
            Scope::Siblings(_) => "siblings",
            Scope::OwnContainer => "own_container",
            Scope::Remote => "remote",
        }
    }
}
