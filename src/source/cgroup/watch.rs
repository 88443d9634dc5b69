//! inotify on cgroup directories: children made and removed, `cgroup.events` and `memory.events` changed.

use std::collections::HashMap;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags};
use rustix::io::Errno;

/// What a watch descriptor stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// The directory of the entry in this slot.
    Directory(u32),
    /// `cgroup.events` of the entry in this slot.
    Events(u32),
    /// `memory.events` of the entry in this slot.
    MemoryEvents(u32),
}

/// One thing that happened, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    Created {
        parent: u32,
        name: String,
    },
    Removed {
        parent: u32,
        name: String,
    },
    EventsChanged {
        slot: u32,
    },
    MemoryEventsChanged {
        slot: u32,
    },
    /// Events were lost: only a rescan tells what happened.
    Overflow,
}

/// The watches of one tree.
#[derive(Debug)]
pub(crate) struct Watcher {
    fd: OwnedFd,
    targets: HashMap<i32, Target>,
    limit: usize,
    /// Set when the kernel refused a watch (fs.inotify.max_user_watches): rescans must do the work.
    pub(crate) exhausted: bool,
}

impl Watcher {
    pub(crate) fn new(limit: usize) -> Result<Watcher, Errno> {
        let fd = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
        Ok(Watcher { fd, targets: HashMap::new(), limit, exhausted: false })
    }

    pub(crate) fn fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }

    pub(crate) fn len(&self) -> usize {
        self.targets.len()
    }

    /// Watches a path; `None` when it cannot be watched.
    pub(crate) fn add(&mut self, path: &Path, target: Target) -> Option<i32> {
        if self.targets.len() >= self.limit {
            self.exhausted = true;
            return None;
        }
        let flags = match target {
            Target::Directory(_) => {
                WatchFlags::CREATE | WatchFlags::DELETE | WatchFlags::MOVE | WatchFlags::ONLYDIR
            }
            Target::Events(_) | Target::MemoryEvents(_) => WatchFlags::MODIFY,
        };
        match inotify::add_watch(&self.fd, path, flags) {
            Ok(watch) => {
                self.targets.insert(watch, target);
                Some(watch)
            }
            Err(Errno::NOSPC | Errno::NOMEM) => {
                self.exhausted = true;
                None
            }
            Err(_) => None,
        }
    }

    /// Forgets a watch. The kernel may already have done so; that is fine.
    pub(crate) fn remove(&mut self, watch: i32) {
        if self.targets.remove(&watch).is_some() {
            let _already_gone = inotify::remove_watch(&self.fd, watch);
        }
    }

    /// Appends all pending events to `out`; returns without waiting.
    pub(crate) fn drain(&mut self, out: &mut Vec<Event>) {
        let mut buffer = [MaybeUninit::uninit(); 8192];
        let mut reader = Reader::new(&self.fd, &mut buffer);
        loop {
            let event = match reader.next() {
                Ok(event) => event,
                Err(Errno::INTR) => continue,
                Err(_) => return,
            };
            let flags = event.events();
            if flags.contains(ReadFlags::QUEUE_OVERFLOW) {
                out.push(Event::Overflow);
                continue;
            }
            let watch = event.wd();
            if flags.contains(ReadFlags::IGNORED) {
                self.targets.remove(&watch);
                continue;
            }
            let Some(target) = self.targets.get(&watch) else { continue };
            match *target {
                Target::Events(slot) => out.push(Event::EventsChanged { slot }),
                Target::MemoryEvents(slot) => out.push(Event::MemoryEventsChanged { slot }),
                Target::Directory(parent) => {
                    let Some(name) = event.file_name().and_then(|name| name.to_str().ok()) else { continue };
                    if !flags.contains(ReadFlags::ISDIR) {
                        continue;
                    }
                    let name = name.to_owned();
                    if flags.intersects(ReadFlags::CREATE | ReadFlags::MOVED_TO) {
                        out.push(Event::Created { parent, name });
                    } else if flags.intersects(ReadFlags::DELETE | ReadFlags::MOVED_FROM) {
                        out.push(Event::Removed { parent, name });
                    }
                }
            }
        }
    }
}
