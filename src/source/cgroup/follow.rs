//! Takes cgroups into the tree and lets them go.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::Stat;
use rustix::io::Errno;

use super::entry::{Entry, Hot};
use super::files::HeldFiles;
use super::grammar;
use super::parsers::PageSize;
use super::scan::{self, Listing};
use super::tree::{Change, Goal, Tree};
use super::watch::Target;
use crate::model::field::File;
use crate::model::identity::{Cgroup, UnitKind};
use crate::model::unit::UnitId;

impl Tree {
    pub(super) fn compare(&mut self, slot: u32, listing: &Listing, changes: &mut Vec<Change>) {
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
    pub(super) fn exists(&self, slot: u32) -> bool {
        let linked = |entry: &Entry| {
            let ours = rustix::fs::fstat(&entry.dir).ok()?;
            let theirs = std::fs::symlink_metadata(self.path_of(slot)?).ok()?;
            Some(ours.st_ino == theirs.ino() && ours.st_dev == theirs.dev())
        };
        self.entry(slot).and_then(linked).unwrap_or(false)
    }

    /// Where the entry in this slot is to be found in the file system.
    fn path_of(&self, slot: u32) -> Option<PathBuf> {
        let entry = self.entry(slot)?;
        Some(self.path_at(&entry.cgroup, entry.dir.as_fd(), entry.parent))
    }

    /// As [`Tree::path_of`], for what is not in the tree yet. A sibling's directory has no path of ours: the
    /// process that showed it may be gone. What we hold open has one.
    fn path_at(&self, cgroup: &Cgroup, dir: BorrowedFd<'_>, parent: Option<u32>) -> PathBuf {
        let is_sibling = parent.is_none() && self.has_siblings() && &*cgroup.path != "/";
        if is_sibling {
            return PathBuf::from(format!("/proc/self/fd/{}", dir.as_raw_fd()));
        }
        match parent.filter(|_| self.has_siblings()).and_then(|parent| self.path_of(parent)) {
            Some(parent) => parent.join(cgroup.path.rsplit('/').next().unwrap_or_default()),
            None => self.root.join(cgroup.path.trim_start_matches('/')),
        }
    }

    fn has_siblings(&self) -> bool {
        matches!(self.goal, Goal::Siblings(_))
    }

    pub(super) fn take_in(&mut self, parent: u32, name: &str, changes: &mut Vec<Change>) {
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

    pub(super) fn admit(
        &mut self,
        dir: OwnedFd,
        cgroup: Arc<Cgroup>,
        parent: Option<u32>,
        depth: usize,
        changes: &mut Vec<Change>,
    ) -> Result<(), Errno> {
        let is_root = cgroup.kind == UnitKind::Root;
        let slot = self.free.pop().unwrap_or(self.entries.len() as u32);
        let path = self.path_at(&cgroup, dir.as_fd(), parent);
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
            created_wall_s: rustix::fs::fstat(&dir).ok().map(|stat| modified_s(&stat)),
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
        let hot = Hot { files: listing.files, is_root, held: HeldFiles::default() };
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
    pub(super) fn watch_again(&mut self, slot: u32) {
        let Some(entry) = self.entry(slot) else { return };
        let watches = entry.watches;
        let Some(path) = self.path_of(slot) else { return };
        let watches = self.watch(slot, &path, self.hot[slot as usize].files, watches);
        if let Some(entry) = self.entries[slot as usize].as_mut() {
            entry.watches = watches;
        }
    }

    pub(super) fn remove(&mut self, slot: u32, changes: &mut Vec<Change>) {
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

fn modified_s(stat: &Stat) -> f64 {
    stat.st_mtime as f64 + stat.st_mtime_nsec as f64 / 1e9
}
