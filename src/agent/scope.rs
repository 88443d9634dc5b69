//! How much the agent can see, tried in order: the node, its own pod by the host's mount, the pod's containers by a
//! shared process namespace, its own container alone, or nothing.

use std::path::PathBuf;

use anyhow::bail;

use super::own_pod::OwnPod;
use crate::config::Config;
use crate::config::agent::Mode;
use crate::model::identity::PodUid;
use crate::source::cgroup::error::CgroupError;
use crate::source::cgroup::mounts::{self, Place};
use crate::source::cgroup::{Limits, Tree, is_process_namespace_shared, kubepods};

/// What is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum View {
    /// The whole hierarchy.
    Node(PathBuf),
    /// One pod of the host's hierarchy.
    Pod(PathBuf, PodUid),
    /// The own container's cgroup, and its siblings by their processes.
    Siblings(PathBuf),
    /// The own container's cgroup.
    OwnContainer(PathBuf),
    /// No cgroup.
    Remote,
}

/// What is read, how the agent runs because of it, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Choice {
    pub(super) view: View,
    pub(super) mode: Mode,
    pub(super) reason: &'static str,
}

impl Choice {
    fn new(view: View, mode: Mode, reason: &'static str) -> Choice {
        Choice { view, mode, reason }
    }

    pub(super) fn open(&self, config: &Config, own: &OwnPod, limits: Limits) -> Result<Tree, CgroupError> {
        match &self.view {
            View::Node(root) => Tree::open(root, limits),
            View::Pod(root, uid) => Tree::open_pod(root, uid.clone(), limits),
            View::Siblings(root) => Tree::open_siblings(root, &config.paths.procfs, own.uid.clone(), limits),
            View::OwnContainer(root) => Tree::open_own(root, limits),
            View::Remote => Tree::remote(limits),
        }
    }
}

/// Picks the most that can honestly be seen. `has_others` says that another source than cgroups can be asked.
pub(super) fn choose(
    config: &Config,
    found: Result<Place, CgroupError>,
    own: &OwnPod,
    has_others: bool,
) -> anyhow::Result<Choice> {
    let configured = config.agent.mode;
    if configured == Mode::Cluster {
        return Ok(Choice::new(View::Remote, configured, "configured; the API server serves"));
    }
    let place = match found {
        Ok(place) => place,
        Err(CgroupError::LegacyOnly { .. } | CgroupError::NoMount { .. })
            if has_others && configured != Mode::Host =>
        {
            let mode = if configured == Mode::Auto { remote_mode(config) } else { configured };
            return Ok(Choice::new(
                View::Remote,
                mode,
                "there is no cgroup v2 hierarchy here; other sources serve",
            ));
        }
        Err(error) => return Err(error.into()),
    };
    let root = place.root.clone();
    Ok(match (configured, place.is_own_leaf) {
        (Mode::Sidecar | Mode::Auto, true) => own_leaf(config, root),
        (_, true) => return Err(CgroupError::OwnLeaf { path: root }.into()),
        (Mode::Sidecar, false) => own_pod_of(config, &place, own, "configured")?,
        (Mode::Auto, false) if config.sidecar.pod_uid.is_some() => {
            own_pod_of(config, &place, own, "sidecar.pod_uid is configured")?
        }
        (Mode::Auto, false) if kubepods::has_kubepods(&root) => {
            Choice::new(View::Node(root), Mode::Node, "the hierarchy has a kubepods cgroup")
        }
        (Mode::Auto, false) => {
            Choice::new(View::Node(root), Mode::Host, "the hierarchy has no kubepods cgroup")
        }
        (Mode::Node, false) if !kubepods::has_kubepods(&root) => {
            let reason = "configured; the kubelet has made no kubepods cgroup yet";
            Choice::new(View::Node(root), Mode::Node, reason)
        }
        (mode, false) => Choice::new(View::Node(root), mode, "configured"),
    })
}

fn own_pod_of(config: &Config, place: &Place, own: &OwnPod, reason: &'static str) -> anyhow::Result<Choice> {
    if let Some(uid) = &own.uid {
        return Ok(Choice::new(View::Pod(place.root.clone(), uid.clone()), Mode::Sidecar, reason));
    }
    match place.mounts.own.as_deref().filter(|own| mounts::is_leaf(own)) {
        Some(leaf) => Ok(own_leaf(config, leaf.to_owned())),
        None => bail!(
            "agent.mode: sidecar: which pod of {} is our own is not known; set POD_UID from the downward API \
             (fieldPath: metadata.uid), or sidecar.pod_uid",
            place.root.display()
        ),
    }
}

/// Without a hierarchy only the configuration can tell a sidecar from the agent of its node.
fn remote_mode(config: &Config) -> Mode {
    let is_sidecar = config.sidecar.pod_uid.is_some() || config.sidecar.node_agent.url.is_some();
    if is_sidecar { Mode::Sidecar } else { Mode::Node }
}

fn own_leaf(config: &Config, root: PathBuf) -> Choice {
    if is_process_namespace_shared(&config.paths.procfs) {
        let reason = "the cgroup mount is this container's own; the pod shares its process namespace";
        Choice::new(View::Siblings(root), Mode::Sidecar, reason)
    } else {
        let reason = "the cgroup mount is this container's own, and nothing shows more of the pod";
        Choice::new(View::OwnContainer(root), Mode::Sidecar, reason)
    }
}

#[cfg(test)]
#[path = "scope_tests.rs"]
mod tests;
