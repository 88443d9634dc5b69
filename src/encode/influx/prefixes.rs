//! Keeps each unit's escaped measurement and tags, so that a point costs its numbers only.

use std::sync::Arc;

use crate::encode::ids::IdMap;
use crate::model::identity::Identity;
use crate::model::reconciled::SourceKind;
use crate::model::unit::{Unit, UnitId};

/// The escaped beginnings of the points of one unit; absent where it has no such point.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prefixes {
    pub usage: Option<Box<[u8]>>,
    pub network: Option<Box<[u8]>>,
    /// Of a pod's volumes; each adds its own name.
    pub volume: Option<Box<[u8]>>,
}

#[derive(Debug)]
struct Entry {
    /// Held, so that its address cannot come back as another identity.
    identity: Option<Arc<Identity>>,
    source: SourceKind,
    prefixes: Prefixes,
    seen: u64,
}

/// Valid while a unit keeps its identity and source; a unit that is gone leaves with the next round.
#[derive(Debug, Default)]
pub struct PrefixCache {
    entries: IdMap<UnitId, Entry>,
    node: Arc<str>,
    round: u64,
}

impl PrefixCache {
    /// Begins a round over all units. Another node name makes everything stale.
    pub fn begin(&mut self, node: &Arc<str>) {
        self.round += 1;
        if *self.node != **node {
            self.entries.clear();
            self.node = Arc::clone(node);
        }
    }

    /// The prefixes of `unit`, made by `build` unless they are known.
    pub fn get(&mut self, unit: &Unit, build: impl Fn(&Unit) -> Prefixes) -> &Prefixes {
        let round = self.round;
        let new = || Entry {
            identity: unit.identity.clone(),
            source: unit.source,
            prefixes: build(unit),
            seen: round,
        };
        let entry = self.entries.entry(unit.id).or_insert_with(new);
        if entry.source != unit.source || !same(entry.identity.as_ref(), unit.identity.as_ref()) {
            *entry = new();
        }
        entry.seen = round;
        &entry.prefixes
    }

    /// Ends the round: units that were not asked for are forgotten.
    pub fn end(&mut self) {
        let round = self.round;
        self.entries.retain(|_, entry| entry.seen == round);
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

fn same(left: Option<&Arc<Identity>>, right: Option<&Arc<Identity>>) -> bool {
    match (left, right) {
        (Some(left), Some(right)) => Arc::ptr_eq(left, right),
        (None, None) => true,
        _ => false,
    }
}
