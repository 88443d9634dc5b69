//! The pods that are known now, kept from lists and events. What is published of it is a [`Directory`].

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::allowed::Allowed;
use super::describe::{cgroup_uid, describe};
use super::directory::Directory;
use super::entry::ByUid;
use super::event::{self, Event};
use super::list::{self, ListInfo, PodsError};
use super::pods::Pod;

/// How long a pod that is gone keeps its name: its last readings are published after the API forgot it.
pub const GRACE: Duration = Duration::from_mins(1);

/// Every pod is found by the UID that its cgroup carries, so that a name used again is another pod.
#[derive(Debug)]
pub struct Register {
    pods: HashSet<ByUid>,
    /// Pods that are gone, and since when.
    gone: HashMap<Box<str>, Instant>,
    /// What the list that is being read has shown so far.
    listed: HashSet<Box<str>>,
    allowed: Allowed,
    max_pods: usize,
    refused: u64,
    version: u64,
    has_changed: bool,
}

/// What a line of a watch means for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// It may go on from this place.
    GoOn(Box<str>),
    /// The server ends it with this status.
    Ended { code: u16, message: Box<str> },
}

impl Register {
    pub fn new(allowed: Allowed, max_pods: usize) -> Register {
        Register {
            pods: HashSet::new(),
            gone: HashMap::new(),
            listed: HashSet::new(),
            allowed,
            max_pods,
            refused: 0,
            version: 0,
            has_changed: false,
        }
    }

    /// A list begins; it has one or more pages.
    pub fn begin_list(&mut self) {
        self.listed.clear();
    }

    /// Takes in one page.
    pub fn page(&mut self, place: &str, text: &[u8]) -> Result<ListInfo, PodsError> {
        list::parse(place, text, |pod| {
            if let Some(uid) = self.upsert(pod) {
                self.listed.insert(uid.into());
            }
        })
    }

    /// All pages came: pods that they did not show are gone.
    pub fn end_list(&mut self, now: Instant) {
        let listed = std::mem::take(&mut self.listed);
        let missing = self.pods.iter().map(ByUid::uid).filter(|uid| !listed.contains(*uid));
        for uid in missing {
            self.gone.entry(uid.into()).or_insert(now);
        }
    }

    /// Takes in one line of a watch.
    pub fn line(&mut self, place: &str, line: &[u8], now: Instant) -> Result<Told, PodsError> {
        Ok(match event::parse(place, line)? {
            Event::Is(pod) => {
                self.upsert(&pod);
                Told::GoOn(pod.metadata.resource_version.boxed())
            }
            Event::Deleted(pod) => {
                // Its last state came with the event.
                if let Some(uid) = self.upsert(&pod) {
                    self.gone.insert(uid.into(), now);
                }
                Told::GoOn(pod.metadata.resource_version.boxed())
            }
            Event::Bookmark { resource_version } => Told::GoOn(resource_version),
            Event::Error { code, message } => Told::Ended { code, message },
        })
    }

    /// Forgets the pods whose grace is over.
    pub fn expire(&mut self, now: Instant) {
        let pods = &mut self.pods;
        let mut has_changed = false;
        self.gone.retain(|uid, since| {
            let is_kept = now.duration_since(*since) < GRACE;
            has_changed |= !is_kept && pods.remove(&**uid);
            is_kept
        });
        self.has_changed |= has_changed;
    }

    /// True while [`Register::expire`] will have something to do.
    pub fn has_gone(&self) -> bool {
        !self.gone.is_empty()
    }

    /// What is known now, where it is not what was published before.
    pub fn publish(&mut self) -> Option<Directory> {
        if !std::mem::take(&mut self.has_changed) && self.version > 0 {
            return None;
        }
        self.version += 1;
        Some(Directory::of(self.version, self.pods.clone()))
    }

    /// True when [`Register::publish`] would give something.
    pub fn has_news(&self) -> bool {
        self.has_changed || self.version == 0
    }

    pub fn len(&self) -> usize {
        self.pods.len()
    }

    pub fn is_empty(&self) -> bool {
        self.pods.is_empty()
    }

    /// Pods that were left out because too many are known.
    pub fn refused(&self) -> u64 {
        self.refused
    }

    /// Takes the pod in and returns its UID, unless it has none or there is no room for it.
    fn upsert<'p>(&mut self, pod: &'p Pod<'_>) -> Option<&'p str> {
        let uid = cgroup_uid(&pod.metadata)?;
        let mut entry = describe(pod, &self.allowed)?;
        self.gone.remove(uid);
        if let Some(before) = self.pods.get(uid) {
            if *before.0 == entry {
                return Some(uid);
            }
            entry.share(&before.0);
        } else if self.pods.len() >= self.max_pods && !self.evict() {
            self.refused += 1;
            return None;
        }
        self.pods.replace(ByUid(Arc::new(entry)));
        self.has_changed = true;
        Some(uid)
    }

    /// Makes room by forgetting the pod that is gone for longest.
    fn evict(&mut self) -> bool {
        let oldest = self.gone.iter().min_by_key(|(_, since)| **since).map(|(uid, _)| uid.clone());
        let Some(uid) = oldest else { return false };
        self.gone.remove(&uid);
        self.pods.remove(&*uid);
        true
    }
}

#[cfg(test)]
#[path = "register_tests.rs"]
mod tests;
