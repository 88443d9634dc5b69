//! The known cgroups, kept true by inotify with a rescan as safety net.

use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::io::Errno;

use super::entry::{Entry, Hot};
use super::error::CgroupError;
use super::files::Budget;
use super::limits::Limits;
use super::parsers::{PageSize, Parsers};
use super::scan;
use super::siblings::Siblings;
use super::watch::{Event, Watcher};
use crate::model::field::File;
use crate::model::identity::{Cgroup, UnitKind};
use crate::model::scope::Scope;
use crate::model::unit::PeakMethod;

/// What changed in the tree. A removed slot stays readable as an entry until the next call that reports changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Added(u32),
    /// `cgroup.events` says `populated 0`, or can no longer be read: take the last reading now.
    Emptied(u32),
    /// `memory.events` changed.
    MemoryEvent(u32),
    Removed(u32),
}

/// Counts since start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TreeStats {
    pub events: u64,
    pub overflows: u64,
    pub rescans: u64,
    pub created: u64,
    pub removed: u64,
    pub refused_units: u64,
    pub reopened_files: u64,
    /// Containers in our process namespace that we may not read; `None` where none is looked for.
    pub denied_siblings: Option<u64>,
}

/// What a rescan looks for beyond the entries that are known.
#[derive(Debug)]
pub(super) enum Goal {
    /// Nothing: all is below the entries that the tree was opened with.
    Below,
    /// The directory of [`Scope::Pod`], wherever it is made.
    Pod,
    /// Containers that share our process namespace.
    Siblings(Siblings),
}

/// The hierarchy below one mount, or the part of it that a sidecar sees.
#[derive(Debug)]
pub struct Tree {
    pub(super) root: PathBuf,
    pub(super) entries: Vec<Option<Entry>>,
    /// By slot, beside `entries`.
    pub(super) hot: Vec<Hot>,
    pub(super) free: Vec<u32>,
    /// Slots freed once the caller has seen their removal.
    pub(super) leaving: Vec<u32>,
    /// Live slots, parents before children.
    pub(super) order: Vec<u32>,
    pub(super) watcher: Watcher,
    events: Vec<Event>,
    pub(super) budget: Budget,
    pub(super) parsers: Parsers,
    pub(super) page_sizes: Vec<PageSize>,
    pub(super) stats: TreeStats,
    pub(super) limits: Limits,
    pub(super) next_id: u64,
    /// A real cgroup2 file system, not a recorded tree.
    pub(super) is_kernel: bool,
    /// How interval peaks of memory can be had here; unknown until the first try.
    pub(super) peak_method: Option<PeakMethod>,
    suspect: bool,
    pub(super) scope: Scope,
    pub(super) goal: Goal,
}

impl Tree {
    /// Opens the hierarchy at `root` and takes in all that is there.
    pub fn open(root: &Path, limits: Limits) -> Result<Tree, CgroupError> {
        Tree::open_at(root, UnitKind::Root, Scope::Node, limits)
    }

    /// Opens the directory `root` as one of this kind, with all that is below it.
    pub(super) fn open_at(
        root: &Path,
        kind: UnitKind,
        scope: Scope,
        limits: Limits,
    ) -> Result<Tree, CgroupError> {
        let (mut tree, dir) = Tree::prepare(root, scope, limits)?;
        let cgroup = Arc::new(Cgroup { path: "/".into(), kind });
        let refuse = |error: Errno| CgroupError::Root { path: root.to_owned(), error: error.into() };
        tree.admit(dir, cgroup, None, 0, &mut Vec::new()).map_err(refuse)?;
        Ok(tree)
    }

    /// A tree without entries over a real hierarchy, and that hierarchy's directory.
    pub(super) fn prepare(root: &Path, scope: Scope, limits: Limits) -> Result<(Tree, OwnedFd), CgroupError> {
        let refuse = |error: Errno| CgroupError::Root { path: root.to_owned(), error: error.into() };
        let dir = scan::open_dir(rustix::fs::CWD, &root.to_string_lossy()).map_err(refuse)?;
        if !super::mounts::is_cgroup2_dir(root) {
            return Err(CgroupError::NotCgroup2 { path: root.to_owned() });
        }
        let mut tree = Tree::blank(root, scope, limits)?;
        tree.is_kernel = rustix::fs::fstatfs(&dir).is_ok_and(|fs| fs.f_type as u64 == CGROUP2_MAGIC);
        Ok((tree, dir))
    }

    /// A tree of nothing: what it publishes is what other sources say.
    pub fn remote(limits: Limits) -> Result<Tree, CgroupError> {
        Tree::blank(Path::new("/"), Scope::Remote, limits)
    }

    fn blank(root: &Path, scope: Scope, limits: Limits) -> Result<Tree, CgroupError> {
        let watcher =
            Watcher::new(limits.watches).map_err(|error| CgroupError::Inotify { error: error.into() })?;
        Ok(Tree {
            root: root.to_owned(),
            entries: Vec::new(),
            hot: Vec::new(),
            free: Vec::new(),
            leaving: Vec::new(),
            order: Vec::new(),
            watcher,
            events: Vec::new(),
            budget: Budget::new(limits.held_files),
            parsers: Parsers::default(),
            page_sizes: Vec::new(),
            stats: TreeStats::default(),
            limits,
            next_id: 0,
            is_kernel: false,
            peak_method: None,
            suspect: false,
            scope,
            goal: Goal::Below,
        })
    }

    /// What the cgroups here stand for.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Live slots, parents before children.
    pub fn order(&self) -> &[u32] {
        &self.order
    }

    pub fn entry(&self, slot: u32) -> Option<&Entry> {
        self.entries.get(slot as usize)?.as_ref()
    }

    /// Whether the directory in this slot had this file when it was last listed.
    pub fn has(&self, slot: u32, file: File) -> bool {
        self.hot.get(slot as usize).is_some_and(|hot| hot.files & scan::bit(file) != 0)
    }

    pub fn stats(&self) -> TreeStats {
        self.stats
    }

    pub fn budget(&self) -> Budget {
        self.budget
    }

    pub fn watches(&self) -> usize {
        self.watcher.len()
    }

    /// True when a reading said that a cgroup is gone though no event did, watches ran out, or something is
    /// looked for that no event tells of: rescan soon.
    pub fn wants_rescan(&self) -> bool {
        let looks = match &self.goal {
            Goal::Below => false,
            Goal::Pod => self.order.is_empty(),
            Goal::Siblings(_) => true,
        };
        self.suspect || self.watcher.exhausted || looks
    }

    /// True when `fs.inotify.max_user_watches` did not suffice.
    pub fn watches_exhausted(&self) -> bool {
        self.watcher.exhausted
    }

    /// Readable when events wait.
    pub fn event_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        self.watcher.fd()
    }

    pub(super) fn suspect(&mut self) {
        self.suspect = true;
    }

    /// Takes in what inotify has to say. Never waits.
    pub fn process_events(&mut self, changes: &mut Vec<Change>) {
        self.free.append(&mut self.leaving);
        let mut events = std::mem::take(&mut self.events);
        self.watcher.drain(&mut events);
        self.stats.events += events.len() as u64;
        let mut lost = false;
        for event in events.drain(..) {
            match event {
                Event::Overflow => lost = true,
                Event::Created { parent, name } => self.take_in(parent, &name, changes),
                Event::Removed { parent, name } => {
                    let child = self.entry(parent).and_then(|entry| entry.child(&name));
                    // The name may already stand for a new directory.
                    if let Some(slot) = child
                        && !self.exists(slot)
                    {
                        self.remove(slot, changes);
                    }
                }
                Event::EventsChanged { slot } => {
                    if self.is_empty_now(slot) {
                        changes.push(Change::Emptied(slot));
                    }
                }
                Event::MemoryEventsChanged { slot } => changes.push(Change::MemoryEvent(slot)),
            }
        }
        self.events = events;
        if lost {
            self.stats.overflows += 1;
            self.rescan_now(changes);
        }
    }

    /// Walks the whole hierarchy and corrects what events missed.
    pub fn rescan(&mut self, changes: &mut Vec<Change>) {
        self.free.append(&mut self.leaving);
        self.rescan_now(changes);
    }

    fn rescan_now(&mut self, changes: &mut Vec<Change>) {
        self.stats.rescans += 1;
        self.suspect = false;
        self.watcher.exhausted = false;
        for slot in self.order.clone() {
            // A pod's directory has no parent here whose listing would tell that another took its place.
            if matches!(self.goal, Goal::Pod) && self.is_top(slot) && !self.exists(slot) {
                self.remove(slot, changes);
            }
            self.watch_again(slot);
            let Some(entry) = self.entry(slot) else { continue };
            let is_sibling = matches!(self.goal, Goal::Siblings(_)) && entry.parent.is_none();
            match scan::list(entry.dir.as_fd()) {
                // What was removed may still be listed, as empty; a cgroup never is.
                Ok(listing) if is_sibling && listing.files == 0 => self.remove(slot, changes),
                Ok(listing) => self.compare(slot, &listing, changes),
                Err(Errno::NOENT | Errno::NODEV) => self.remove(slot, changes),
                Err(_) => {}
            }
        }
        self.look_beyond(changes);
    }
}

/// `CGROUP2_SUPER_MAGIC` of `linux/magic.h`.
const CGROUP2_MAGIC: u64 = 0x6367_7270;

#[cfg(test)]
#[path = "tree_tests.rs"]
mod tests;
