//! Finds the hierarchy and makes a sampler for it.

use std::sync::Arc;

use anyhow::Context;

use super::own_pod::{OwnPod, environment};
use super::scope::{Choice, View, choose};
use super::sidecar;
use crate::config::Config;
use crate::config::agent::Mode;
use crate::model::identity::UnitKind;
use crate::model::scope::Scope;
use crate::sampler::clock::KernelClock;
use crate::sampler::{Feeds, Sampler};
use crate::source::cgroup::files::raise_open_file_limit;
use crate::source::cgroup::mounts::{self, Mounts};
use crate::source::cgroup::{Limits, Tree};

/// File descriptors kept free for sockets, logs and one-shot reads.
const RESERVED_FILES: u64 = 256;

/// The node's name: configured, else NODE_NAME, else the host name.
pub(super) fn node_name(config: &Config) -> Arc<str> {
    config.agent.node_name(std::env::var("NODE_NAME").ok())
}

/// A tree, and what is known of where it was found.
#[derive(Debug)]
pub(super) struct Sight {
    pub(super) tree: Tree,
    pub(super) mounts: Mounts,
    pub(super) choice: Choice,
    pub(super) own: OwnPod,
}

impl Sight {
    /// Our own pod, where the agent is its sidecar.
    pub(super) fn sidecar(&self) -> Option<OwnPod> {
        (self.choice.mode == Mode::Sidecar).then(|| self.own.clone())
    }
}

/// Opens the most that the configuration and the machine let us see.
pub(super) fn open_tree(config: &Config) -> anyhow::Result<Sight> {
    let found = mounts::find(&config.paths.procfs, config.paths.cgroup.as_deref());
    let own = OwnPod::find(config, &environment, found.as_ref().ok());
    let mounts = found.as_ref().map(|place| place.mounts.clone()).unwrap_or_default();
    let choice = choose(config, found, &own, sidecar::has_other_sources(config, &own))?;
    let open_files = raise_open_file_limit().unwrap_or(1024);
    // Each followed cgroup takes a directory descriptor, each held file one more.
    let usable = open_files.saturating_sub(RESERVED_FILES) as usize;
    let units = config.sampler.max_units.min(usable / 2).max(1);
    let held_files = config.sampler.max_held_files.min(usable.saturating_sub(units));
    if units < config.sampler.max_units {
        tracing::debug!(open_files, units, "RLIMIT_NOFILE bounds the number of cgroups");
    }
    let tree = choice.open(config, &own, Limits { units, held_files, ..Limits::default() })?;
    Ok(Sight { tree, mounts, choice, own })
}

pub(super) fn sampler(config: &Config, tree: Tree, feeds: Feeds) -> Sampler<KernelClock> {
    Sampler::new(tree, KernelClock, config.sampler.clone(), feeds, node_name(config))
}

/// Opens the tree and says once, in the log, what it is.
pub(super) fn open_and_announce(config: &Config) -> anyhow::Result<Sight> {
    let sight = open_tree(config).context("the cgroup hierarchy cannot be read")?;
    let tree = &sight.tree;
    let pods = tree
        .order()
        .iter()
        .filter_map(|&slot| tree.entry(slot))
        .filter(|entry| matches!(entry.cgroup.kind, UnitKind::Pod { .. }))
        .count();
    let Choice { mode, reason, .. } = sight.choice;
    let scope = tree.scope().name();
    tracing::info!(cgroups = tree.order().len(), pods, layout = ?sight.mounts.layout, scope, ?mode, reason, "reading cgroup v2");
    if !sight.mounts.legacy_controllers.is_empty() {
        let controllers = sight.mounts.legacy_controllers.join(", ");
        tracing::warn!(controllers, "held by cgroup v1, so absent here; boot with cgroup_no_v1=all");
    }
    warn_of_blindness(&sight);
    Ok(sight)
}

/// Less than the pod is said loudly: its figures have been taken for the pod's before.
fn warn_of_blindness(sight: &Sight) {
    let remedy = "podometer check prints the lines that mend it";
    match (&sight.choice.view, sight.tree.scope()) {
        (View::Siblings(_), Scope::Siblings(_)) => {
            let denied = sight.tree.stats().denied_siblings;
            tracing::warn!(
                denied,
                remedy,
                "the pod's own cgroup cannot be seen; its containers are read one by one, as far as they run as this user"
            );
        }
        (View::Siblings(_) | View::OwnContainer(_), _) => {
            let denied = sight.tree.stats().denied_siblings;
            tracing::warn!(
                denied,
                remedy,
                "ONLY THIS CONTAINER'S OWN CGROUP CAN BE SEEN: its figures are one container's, never the pod's, and are \
                 served as podometer_own_container_* alone"
            );
        }
        (View::Pod(_, uid), _) if sight.tree.order().is_empty() => {
            tracing::warn!(%uid, from = sight.own.uid_from, "no pod of this UID is in the host's hierarchy yet; it is looked for each second");
        }
        _ => {}
    }
}
