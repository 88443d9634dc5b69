//! The known cgroups, kept true by inotify with a rescan as safety net.

use std::fs::Metadata;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::io::Errno;

use super::entry::{Entry, Hot};
use super::error::CgroupError;
use super::files::{Budget, HeldFiles};
use super::grammar;
use super::limits::Limits;
use super::parsers::{PageSize, Parsers};
use super::scan::{self, Listing};
use super::watch::{Event, Target, Watcher};
use crate::model::field::File;
use crate::model::identity::{Cgroup, UnitKind};
use crate::model::scope::Scope;
use crate::model::unit::{PeakMethod, UnitId};

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
}

/// The hierarchy below one mount.
#[derive(Debug)]
pub struct Tree {
    root: PathBuf,
    pub(super) entries: Vec<Option<Entry>>,
    /// By slot, beside `entries`.
    pub(super) hot: Vec<Hot>,
    free: Vec<u32>,
    /// Slots freed once the caller has seen their removal.
    leaving: Vec<u32>,
    /// Live slots, parents before children.
    order: Vec<u32>,
    watcher: Watcher,
    events: Vec<Event>,
    pub(super) budget: Budget,
    pub(super) parsers: Parsers,
    pub(super) page_sizes: Vec<PageSize>,
    pub(super) stats: TreeStats,
    limits: Limits,
    next_id: u64,
    /// A real cgroup2 file system, not a recorded tree.
    pub(super) is_kernel: bool,
    /// How interval peaks of memory can be had here; unknown until the first try.
    pub(super) peak_method: Option<PeakMethod>,
    suspect: bool,
    scope: Scope,
}

impl Tree {
    /// Opens the hierarchy at `root` and takes in all that is there.
    pub fn open(root: &Path, limits: Limits) -> Result<Tree, CgroupError> {
        let refuse = |error: Errno| CgroupError::Root { path: root.to_owned(), error: error.into() };
        let dir = scan::open_dir(rustix::fs::CWD, &root.to_string_lossy()).map_err(refuse)?;
        if !super::mounts::is_cgroup2_dir(root) {
            return Err(CgroupError::NotCgroup2 { path: root.to_owned() });
        }
        let is_kernel = rustix::fs::fstatfs(&dir).is_ok_and(|fs| fs.f_type as u64 == CGROUP2_MAGIC);
        let watcher =
            Watcher::new(limits.watches).map_err(|error| CgroupError::Inotify { error: error.into() })?;
        let mut tree = Tree {
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
            is_kernel,
            peak_method: None,
            suspect: false,
            scope: Scope::Node,
        };
        let cgroup = Arc::new(Cgroup { path: "/".into(), kind: UnitKind::Root });
        let mut changes = Vec::new();
        tree.admit(dir, cgroup, None, 0, &mut changes).map_err(refuse)?;
        Ok(tree)
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

    /// True when a reading said that a cgroup is gone though no event did, or watches ran out: rescan soon.
    pub fn wants_rescan(&self) -> bool {
        self.suspect || self.watcher.exhausted
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
            self.watch_again(slot);
            let Some(entry) = self.entry(slot) else { continue };
            match scan::list(entry.dir.as_fd()) {
                Ok(listing) => self.compare(slot, &listing, changes),
                Err(Errno::NOENT | Errno::NODEV) => self.remove(slot, changes),
                Err(_) => {}
            }
        }
    }

    fn compare(&mut self, slot: u32, listing: &Listing, changes: &mut Vec<Change>) {
        let Some(entry) = self.entries[slot as usize].as_mut() else { return };
        self.hot[slot as usize].files = listing.files;
        let known = entry.children.clone();
        for (name, child) in known {
            if listing.children.binary_search_by(|found| found.as_str().cmp(&name)).is_err()
                || !self.exists(child)
            {
                self.remove(child, changes);
            }
        }
        for name in &listing.children {
            self.take_in(slot, name, changes);
        }
    }

    /// True while the directory that the slot stands for is still linked.
    fn exists(&self, slot: u32) -> bool {
        let linked = |entry: &Entry| {
            let ours = rustix::fs::fstat(&entry.dir).ok()?;
            let theirs = std::fs::symlink_metadata(self.path_of(&entry.cgroup)).ok()?;
            Some(ours.st_ino == theirs.ino() && ours.st_dev == theirs.dev())
        };
        self.entry(slot).and_then(linked).unwrap_or(false)
    }

    fn path_of(&self, cgroup: &Cgroup) -> PathBuf {
        self.root.join(cgroup.path.trim_start_matches('/'))
    }

    fn take_in(&mut self, parent: u32, name: &str, changes: &mut Vec<Change>) {
        let Some(entry) = self.entry(parent) else { return };
        if let Some(child) = entry.child(name) {
            if self.exists(child) {
                return;
            }
            self.remove(child, changes);
        }
        let Some(entry) = self.entry(parent) else { return };
        let depth = entry.depth + 1;
        if self.order.len() >= self.limits.units || depth > self.limits.depth {
            self.stats.refused_units += 1;
            return;
        }
        let Ok(dir) = scan::open_dir(entry.dir.as_fd(), name) else { return };
        let base = entry.cgroup.path.trim_end_matches('/');
        let path = format!("{base}/{name}");
        let kind = grammar::classify(&path);
        let cgroup = Arc::new(Cgroup { path: path.into(), kind });
        // A directory that vanished in between was never here.
        let _gone = self.admit(dir, cgroup, Some(parent), depth, changes);
    }

    fn admit(
        &mut self,
        dir: OwnedFd,
        cgroup: Arc<Cgroup>,
        parent: Option<u32>,
        depth: usize,
        changes: &mut Vec<Change>,
    ) -> Result<(), Errno> {
        let slot = self.free.pop().unwrap_or(self.entries.len() as u32);
        let path = self.path_of(&cgroup);
        // Watch before listing: what is made in between shows up in one of the two.
        let mut watches = self.watch(slot, &path, 0, [None; 3]);
        let listing = match scan::list(dir.as_fd()) {
            Ok(listing) => listing,
            Err(error) => {
                if let Some(watch) = watches[0] {
                    self.watcher.remove(watch);
                }
                self.free.push(slot);
                return Err(error);
            }
        };
        watches = self.watch(slot, &path, listing.files, watches);
        for size in &listing.page_sizes {
            if !self.page_sizes.iter().any(|known| known.name == *size) {
                self.page_sizes.push(PageSize::new(size));
            }
        }
        if let Some(parent) = parent.and_then(|parent| self.entries[parent as usize].as_mut()) {
            let name = cgroup.path.rsplit('/').next().unwrap_or_default();
            parent.children.push((name.into(), slot));
        }
        let place = self
            .order
            .partition_point(|&other| self.entry(other).is_some_and(|other| other.cgroup.path < cgroup.path));
        self.order.insert(place, slot);
        let entry = Entry {
            id: UnitId(self.next_id),
            created_wall_s: std::fs::symlink_metadata(&path).ok().map(|meta| modified_s(&meta)),
            cgroup,
            parent,
            dir,
            peak_tried: false,
            children: Vec::new(),
            watches,
            depth,
        };
        self.next_id += 1;
        self.stats.created += 1;
        let hot = Hot { files: listing.files, is_root: parent.is_none(), held: HeldFiles::default() };
        if slot as usize == self.entries.len() {
            self.entries.push(Some(entry));
            self.hot.push(hot);
        } else {
            self.entries[slot as usize] = Some(entry);
            self.hot[slot as usize] = hot;
        }
        changes.push(Change::Added(slot));
        for name in &listing.children {
            self.take_in(slot, name, changes);
        }
        Ok(())
    }

    /// Adds what is missing of an entry's watches: its directory, and those of its event files that it has.
    fn watch(
        &mut self,
        slot: u32,
        path: &Path,
        files: u32,
        mut watches: [Option<i32>; 3],
    ) -> [Option<i32>; 3] {
        if watches[0].is_none() {
            watches[0] = self.watcher.add(path, Target::Directory(slot));
        }
        let events =
            [(File::CgroupEvents, Target::Events(slot)), (File::MemoryEvents, Target::MemoryEvents(slot))];
        for (watch, (file, target)) in watches[1..].iter_mut().zip(events) {
            if watch.is_none() && files & scan::bit(file) != 0 {
                *watch = self.watcher.add(&path.join(file.name()), target);
            }
        }
        watches
    }

    /// Tries the watches that could not be had before; without them only rescans tell of the entry.
    fn watch_again(&mut self, slot: u32) {
        let Some(entry) = self.entry(slot) else { return };
        let (path, watches) = (self.path_of(&entry.cgroup), entry.watches);
        let watches = self.watch(slot, &path, self.hot[slot as usize].files, watches);
        if let Some(entry) = self.entries[slot as usize].as_mut() {
            entry.watches = watches;
        }
    }

    fn remove(&mut self, slot: u32, changes: &mut Vec<Change>) {
        let Some(entry) = self.entries[slot as usize].as_mut() else { return };
        for (_, child) in std::mem::take(&mut entry.children) {
            self.remove(child, changes);
        }
        let Some(entry) = self.entries[slot as usize].as_mut() else { return };
        self.hot[slot as usize].held.close_all(&mut self.budget);
        self.hot[slot as usize].files = 0;
        let watches = std::mem::take(&mut entry.watches);
        let parent = entry.parent;
        for watch in watches.into_iter().flatten() {
            self.watcher.remove(watch);
        }
        if let Some(parent) = parent.and_then(|parent| self.entries[parent as usize].as_mut()) {
            parent.children.retain(|(_, child)| *child != slot);
        }
        self.order.retain(|&other| other != slot);
        self.entries[slot as usize] = None;
        self.leaving.push(slot);
        self.stats.removed += 1;
        changes.push(Change::Removed(slot));
    }
}

/// `CGROUP2_SUPER_MAGIC` of `linux/magic.h`.
const CGROUP2_MAGIC: u64 = 0x6367_7270;

fn modified_s(meta: &Metadata) -> f64 {
    meta.mtime() as f64 + meta.mtime_nsec() as f64 / 1e9
}

#[cfg(test)]
#[path = "tree_tests.rs"]
mod tests;
