//! Takes out what was added, by its record: what others have changed since stays as it is.

use super::patch::Operation;
use super::record::{ANNOTATION, Made, Record};
use super::settings::{NAME, VOLUME};
use super::tree::Tree;

/// The operations, done one by one on a copy of the pod, so that each knows what the last has left.
pub(super) struct Steps {
    pub(super) pod: Tree,
    pub(super) operations: Vec<Operation>,
}

impl Steps {
    pub(super) fn on(pod: &Tree) -> Steps {
        Steps { pod: pod.clone(), operations: Vec::new() }
    }

    pub(super) fn take(&mut self, operation: Operation) {
        operation.apply(&mut self.pod);
        self.operations.push(operation);
    }

    /// Takes out everything that the record names.
    pub(super) fn remove(&mut self, record: &Record) {
        self.remove_named(&record.list, NAME);
        if record.has_volume {
            self.remove_named("volumes", VOLUME);
        }
        let has_made = |made: Made| record.made.contains(&made);
        if record.shares_processes {
            let path = ["spec", "shareProcessNamespace"];
            if has_made(Made::NullShareProcessNamespace) {
                self.take(Operation::add(&path, Tree::plain("null")));
            } else if self.pod.at(&path).is_some_and(Tree::is_true) {
                self.take(Operation::remove(&path));
            }
        }
        for (name, value) in &record.annotations {
            let path = ["metadata", "annotations", name];
            if self.pod.text_at(&path) == Some(value) {
                self.take(Operation::remove(&path));
            }
        }
        if self.pod.at(&["metadata", "annotations", ANNOTATION]).is_some() {
            self.take(Operation::remove(&["metadata", "annotations", ANNOTATION]));
        }
        for (path, absent, null) in [
            (&["spec", "initContainers"][..], Made::InitContainers, Made::NullInitContainers),
            (&["spec", "volumes"], Made::Volumes, Made::NullVolumes),
            (&["metadata", "annotations"], Made::Annotations, Made::NullAnnotations),
            (&["metadata"], Made::Metadata, Made::NullMetadata),
        ] {
            let is_empty = |tree: &Tree| tree.items().is_empty() && tree.entries().is_empty();
            if !self.pod.at(path).is_some_and(is_empty) {
                continue;
            }
            if has_made(absent) {
                self.take(Operation::remove(path));
            } else if has_made(null) {
                self.take(Operation::add(path, Tree::plain("null")));
            }
        }
    }

    fn remove_named(&mut self, list: &str, name: &str) {
        let items = self.pod.at(&["spec", list]).map(Tree::items).unwrap_or_default();
        if let Some(place) = items.iter().position(|item| item.text_at(&["name"]) == Some(name)) {
            self.take(Operation::remove(&["spec", list, &place.to_string()]));
        }
    }
}
