//! Turns the sampler's state into an immutable snapshot, reusing the memory of snapshots that nobody reads any
//! more, so that a steady second allocates nothing.

use std::sync::Arc;

use super::clock::Clock;
use super::feeds::Networks;
use super::state::{State, copy_unit};
use super::tick::Sampler;
use crate::model::identity::UnitKind;
use crate::model::reconciled::Reconciled;
use crate::model::stamp::Stamp;
use crate::model::unit::Unit;

impl<C: Clock> Sampler<C> {
    pub(super) fn publish_at(&mut self, taken: Stamp) -> usize {
        self.name_units();
        let mut blank = self.publisher.blank();
        let publisher = &mut self.publisher;
        let Some(snapshot) = Arc::get_mut(&mut blank) else { return 0 };
        publisher.seq += 1;
        snapshot.seq = publisher.seq;
        snapshot.taken = taken;
        snapshot.node = self.feeds.node.load_full();
        snapshot.sampler.clone_from(&self.stats);
        publisher.places.clear();
        publisher.places.resize(self.states.len(), u32::MAX);
        let networks = self.feeds.networks.load();
        let mut filled = 0;
        for &slot in self.tree.order() {
            let Some(state) = self.states[slot as usize].as_mut() else { continue };
            state.derive(&publisher.windows_us, &mut self.scratch);
            if let UnitKind::Pod { uid, .. } = &state.unit.cgroup.kind {
                state.unit.network = networks.get(uid).cloned();
            }
            publisher.places[slot as usize] = filled as u32;
            place(&mut snapshot.units, filled, state, &publisher.places);
            filled += 1;
        }
        for state in &mut self.departed {
            state.derive(&publisher.windows_us, &mut self.scratch);
            place(&mut snapshot.units, filled, state, &publisher.places);
            filled += 1;
        }
        self.departed.clear();
        snapshot.reconciled = self.feeds.reconciled.load_full();
        // Comparing costs nothing; a copy of a pod's scope would allocate each second.
        if snapshot.scope != *self.tree.scope() {
            snapshot.scope.clone_from(self.tree.scope());
        }
        filled += append_foreign(&mut snapshot.units, filled, snapshot.reconciled.as_deref(), &networks);
        snapshot.units.truncate(filled);
        self.feeds.snapshot.store(Some(blank.clone()));
        self.publisher.keep(blank);
        filled
    }

    /// Looks up names where there is a new directory or a unit without one.
    fn name_units(&mut self) {
        let directory = self.feeds.directory.load();
        let all = self.publisher.named != Some(directory.version);
        self.publisher.named = Some(directory.version);
        if directory.is_empty() && !all {
            return;
        }
        for state in self.states.iter_mut().flatten().chain(&mut self.departed) {
            if !all && state.resolved == Some(directory.version) {
                continue;
            }
            state.resolved = Some(directory.version);
            let found = directory.resolve(&state.unit.cgroup, &state.unit.values);
            // A name once known stays: a pod that left the list still owns its last readings.
            if let Some(found) = found
                && state.unit.identity.as_deref() != Some(&found)
            {
                state.unit.identity = Some(Arc::new(found));
                // No row of any page shows a sandbox's.
                let has_histogram = state.has_histogram && !state.unit.is_sandbox();
                if has_histogram != state.unit.cpu.histogram.is_some() {
                    state.unit.cpu.histogram = has_histogram.then(Box::default);
                }
            }
        }
    }
}

/// Puts the units that other sources gave behind our own and returns how many they are.
/// A pod whose network we can read ourselves has that one.
fn append_foreign(
    units: &mut Vec<Unit>,
    start: usize,
    reconciled: Option<&Reconciled>,
    networks: &Networks,
) -> usize {
    let foreign = reconciled.map(|reconciled| reconciled.foreign.as_slice()).unwrap_or_default();
    for (place, source) in foreign.iter().enumerate() {
        let at = start + place;
        match units.get_mut(at) {
            Some(unit) => copy_unit(unit, source),
            None => units.push(source.clone()),
        }
        let unit = &mut units[at];
        unit.parent = source.parent.map(|parent| parent + start as u32);
        if let UnitKind::Pod { uid, .. } | UnitKind::PodNetwork { uid } = &unit.cgroup.kind
            && let Some(network) = networks.get(uid)
        {
            unit.network = Some(network.clone());
        }
    }
    foreign.len()
}

fn place(units: &mut Vec<Unit>, at: usize, state: &mut State, places: &[u32]) {
    let parent = state.parent_slot.and_then(|slot| places.get(slot as usize).copied());
    state.unit.parent = parent.filter(|&place| place != u32::MAX);
    match units.get_mut(at) {
        Some(unit) => copy_unit(unit, &state.unit),
        None => units.push(state.unit.clone()),
    }
}
