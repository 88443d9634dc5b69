//! Keeps each unit's escaped measurement and tags, so that a point costs its numbers only.

use std::sync::Arc;

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
    id: UnitId,
    /// Held, so that its address cannot come back as another identity.
    identity: Option<Arc<Identity>>,
    source: SourceKind,
    prefixes: Prefixes,
}

/// Valid while a unit keeps its identity and source; a unit that is gone leaves with the next round.
///
/// The entries have the order of the last round's units. Units keep their order, so that the next entry nearly
/// always is the one that is asked for, and lies where the processor has fetched it already.
#[derive(Debug, Default)]
pub struct PrefixCache {
    entries: Vec<Entry>,
    /// How many entries were asked for in this round.
    asked: usize,
    node: Arc<str>,
}

impl PrefixCache {
    /// Begins a round over all units. Another node name makes everything stale.
    pub fn begin(&mut self, node: &Arc<str>) {
        self.asked = 0;
        if *self.node != **node {
            self.entries.clear();
            self.node = Arc::clone(node);
        }
    }

    /// The prefixes of `unit`, made by `build` unless they are known.
    pub fn get(&mut self, unit: &Unit, build: impl Fn(&Unit) -> Prefixes) -> &Prefixes {
        let at = self.asked;
        self.asked += 1;
        let new = || Entry {
            id: unit.id,
            identity: unit.identity.clone(),
            source: unit.source,
            prefixes: build(unit),
        };
        match self.entries[at..].iter().position(|entry| entry.id == unit.id) {
            Some(0) => {}
            Some(gone) => drop(self.entries.drain(at..at + gone)),
            None => self.entries.insert(at, new()),
        }
        let entry = &mut self.entries[at];
        if entry.source != unit.source || !same(entry.identity.as_ref(), unit.identity.as_ref()) {
            *entry = new();
        }
        &entry.prefixes
    }

    /// Ends the round: units that were not asked for are forgotten.
    pub fn end(&mut self) {
        self.entries.truncate(self.asked);
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

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;
    use crate::model::identity::{Cgroup, UnitKind};

    fn unit(id: u64) -> Unit {
        let mut unit = Unit::new(Cgroup { path: "/".into(), kind: UnitKind::Other });
        unit.id = UnitId(id);
        unit
    }

    /// Which units had their prefixes built in a round over `ids`; each must get its own.
    fn built(cache: &mut PrefixCache, ids: &[u64]) -> Vec<u64> {
        let built = RefCell::new(Vec::new());
        cache.begin(&"n1".into());
        for &id in ids {
            let usage = |id: u64| Some(id.to_string().into_bytes().into_boxed_slice());
            let prefixes = cache.get(&unit(id), |unit| {
                built.borrow_mut().push(unit.id.0);
                Prefixes { usage: usage(unit.id.0), ..Prefixes::default() }
            });
            assert_eq!(prefixes.usage, usage(id));
        }
        cache.end();
        assert_eq!(cache.len(), ids.len());
        built.into_inner()
    }

    #[test]
    fn only_what_is_new_is_built() {
        let mut cache = PrefixCache::default();
        for (ids, expected) in [
            (&[1, 2, 3, 4][..], &[1, 2, 3, 4][..]),
            (&[1, 2, 3, 4], &[]),
            (&[1, 3, 4], &[]),
            (&[1, 5, 3, 4, 6], &[5, 6]),
            (&[2, 4, 6], &[2]),
            // One that moved ahead costs those that it passed.
            (&[6, 2, 4], &[2, 4]),
            (&[], &[]),
        ] {
            assert_eq!(built(&mut cache, ids), expected, "{ids:?}");
        }
    }
}
