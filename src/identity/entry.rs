//! One pod of a directory.

use std::borrow::Borrow;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use crate::model::identity::{ContainerInfo, PodInfo};

/// A pod and the runtime IDs of its containers.
#[derive(Debug, PartialEq)]
pub(super) struct Entry {
    pub(super) info: Arc<PodInfo>,
    pub(super) ids: Box<[(Box<str>, Arc<ContainerInfo>)]>,
}

impl Entry {
    /// The container that runs, or ran last, under this ID.
    pub(super) fn container(&self, id: &str) -> Option<&Arc<ContainerInfo>> {
        self.ids.iter().find(|(found, _)| **found == *id).map(|(_, info)| info)
    }

    /// Takes over what `before` holds in the same words, so that an equal value stays the same value.
    pub(super) fn share(&mut self, before: &Entry) {
        if self.info == before.info {
            self.info = before.info.clone();
        } else if let Some(info) = Arc::get_mut(&mut self.info) {
            for container in &mut info.containers {
                if let Some(same) = before.info.containers.iter().find(|old| *old == container) {
                    *container = same.clone();
                }
            }
        }
        for (_, container) in &mut self.ids {
            if let Some(same) = self.info.containers.iter().find(|kept| *kept == container) {
                *container = same.clone();
            }
        }
    }
}

/// An entry that is found by its UID. Clones are cheap.
#[derive(Clone, Debug)]
pub(super) struct ByUid(pub(super) Arc<Entry>);

impl ByUid {
    pub(super) fn uid(&self) -> &str {
        &self.0.info.uid
    }
}

impl Borrow<str> for ByUid {
    fn borrow(&self) -> &str {
        self.uid()
    }
}

impl Hash for ByUid {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.uid().hash(state);
    }
}

impl PartialEq for ByUid {
    fn eq(&self, other: &ByUid) -> bool {
        self.uid() == other.uid()
    }
}

impl Eq for ByUid {}
