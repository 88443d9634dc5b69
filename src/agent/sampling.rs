//! Finds the hierarchy and makes a sampler for it.

use std::sync::Arc;

use anyhow::{Context, bail};

use crate::config::Config;
use crate::config::agent::Mode;
use crate::model::identity::UnitKind;
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

/// Opens the hierarchy that the configuration or mountinfo names.
pub(super) fn open_tree(config: &Config) -> anyhow::Result<(Tree, Mounts)> {
    let (root, mounts) = mounts::locate(&config.paths.procfs, config.paths.cgroup.as_deref())?;
    let open_files = raise_open_file_limit().unwrap_or(1024);
    // Each followed cgroup takes a directory descriptor, each held file one more.
    let usable = open_files.saturating_sub(RESERVED_FILES) as usize;
    let units = config.sampler.max_units.min(usable / 2).max(1);
    let held_files = config.sampler.max_held_files.min(usable.saturating_sub(units));
    if units < config.sampler.max_units {
        tracing::debug!(open_files, units, "RLIMIT_NOFILE bounds the number of cgroups");
    }
    let tree = Tree::open(&root, Limits { units, held_files, ..Limits::default() })?;
    Ok((tree, mounts))
}

pub(super) fn sampler(config: &Config, tree: Tree, feeds: Feeds) -> Sampler<KernelClock> {
    Sampler::new(tree, KernelClock, config.sampler.clone(), feeds, node_name(config))
}

/// Opens the tree and says once, in the log, what it is.
pub(super) fn open_and_announce(config: &Config) -> anyhow::Result<(Tree, Mounts)> {
    let (tree, mounts) = open_tree(config).context("the cgroup hierarchy cannot be read")?;
    let pods = tree
        .order()
        .iter()
        .filter_map(|&slot| tree.entry(slot))
        .filter(|entry| matches!(entry.cgroup.kind, UnitKind::Pod { .. }))
        .count();
    let has_kubepods = tree
        .order()
        .iter()
        .filter_map(|&slot| tree.entry(slot))
        .any(|entry| entry.cgroup.kind == UnitKind::AllPods);
    let (mode, reason) = mode_of(config.agent.mode, has_kubepods)?;
    tracing::info!(cgroups = tree.order().len(), pods, layout = ?mounts.layout, ?mode, reason, "reading cgroup v2");
    if !mounts.legacy_controllers.is_empty() {
        let controllers = mounts.legacy_controllers.join(", ");
        tracing::warn!(controllers, "held by cgroup v1, so absent here; boot with cgroup_no_v1=all");
    }
    Ok((tree, mounts))
}

/// Where the agent runs, and why it thinks so.
fn mode_of(configured: Mode, has_kubepods: bool) -> anyhow::Result<(Mode, &'static str)> {
    Ok(match (configured, has_kubepods) {
        (Mode::Auto, true) => (Mode::Node, "the hierarchy has a kubepods cgroup"),
        (Mode::Auto, false) => (Mode::Host, "the hierarchy has no kubepods cgroup"),
        (Mode::Node, false) => (Mode::Node, "configured; the kubelet has made no kubepods cgroup yet"),
        (Mode::Node | Mode::Host, _) => (configured, "configured"),
        (Mode::Sidecar, _) => bail!(
            "agent.mode: sidecar is not served by this version; run one agent per node (mode node) with the host's \
             /sys/fs/cgroup mounted"
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes() {
        for (configured, has_kubepods, mode) in [
            (Mode::Auto, true, Some(Mode::Node)),
            (Mode::Auto, false, Some(Mode::Host)),
            (Mode::Host, true, Some(Mode::Host)),
            (Mode::Node, false, Some(Mode::Node)),
            (Mode::Sidecar, true, None),
        ] {
            assert_eq!(mode_of(configured, has_kubepods).ok().map(|(mode, _)| mode), mode, "{configured:?}");
        }
    }
}
