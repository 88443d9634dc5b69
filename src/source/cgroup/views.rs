//! Trees of less than a node: what a sidecar can see.

use std::path::Path;
use std::sync::Arc;

use super::error::CgroupError;
use super::kubepods;
use super::limits::Limits;
use super::scan;
use super::siblings::Siblings;
use super::tree::{Change, Goal, Tree};
use crate::model::identity::{Cgroup, PodUid, UnitKind};
use crate::model::scope::Scope;

impl Tree {
    /// Opens one pod's directory in the host's hierarchy at `root`, with paths as the host has them. A pod that is
    /// not there yet, or is made anew, is taken in when it comes.
    pub fn open_pod(root: &Path, uid: PodUid, limits: Limits) -> Result<Tree, CgroupError> {
        let (mut tree, _) = Tree::prepare(root, Scope::Pod(uid), limits)?;
        tree.goal = Goal::Pod;
        tree.look_beyond(&mut Vec::new());
        Ok(tree)
    }

    /// Opens the directory of our own container, which a private cgroup namespace shows as if it were a root. It
    /// is neither the node's nor the pod's, and its kind says so.
    pub fn open_own(root: &Path, limits: Limits) -> Result<Tree, CgroupError> {
        Tree::open_at(root, UnitKind::OwnContainer, Scope::OwnContainer, limits)
    }

    /// As [`Tree::open_own`], with every container of the same pod whose processes we share and may read. `pod` is
    /// theirs, where it is known.
    pub fn open_siblings(
        root: &Path,
        procfs: &Path,
        pod: Option<PodUid>,
        limits: Limits,
    ) -> Result<Tree, CgroupError> {
        let mut tree = Tree::open_own(root, limits)?;
        tree.goal = Goal::Siblings(Siblings::new(procfs, pod));
        tree.look_beyond(&mut Vec::new());
        Ok(tree)
    }

    /// True for an entry that no other entry here holds.
    pub(super) fn is_top(&self, slot: u32) -> bool {
        self.entry(slot).is_some_and(|entry| entry.parent.is_none())
    }

    pub(super) fn look_for_pod(&mut self, changes: &mut Vec<Change>) {
        let Scope::Pod(uid) = &self.scope else { return };
        if !self.order.is_empty() {
            return;
        }
        let Some(path) = kubepods::find_pod(&self.root, uid) else { return };
        let place = self.root.join(path.trim_start_matches('/'));
        let Ok(dir) = scan::open_dir(rustix::fs::CWD, &place.to_string_lossy()) else { return };
        let kind = super::grammar::classify(&path);
        let cgroup = Arc::new(Cgroup { path: path.into(), kind });
        // A pod that ended in between is looked for again.
        let _gone = self.admit(dir, cgroup, None, 0, changes);
    }
}

#[cfg(test)]
#[path = "views_tests.rs"]
mod tests;
