//! Our own readings: of each cgroup its history and newest values, of each pod which cgroups are its own.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use super::kubelet::Key;
use crate::model::field::Field;
use crate::model::history::{History, Taken};
use crate::model::identity::{ContainerRole, Identity, PodInfo, PodUid, UnitKind};
use crate::model::reconciled::SourceKind;
use crate::model::scope::Scope;
use crate::model::snapshot::Snapshot;
use crate::model::stamp::Stamp;
use crate::model::unit::{Pace, Unit, UnitId};

/// Handed-over counters that are kept; the oldest go first.
const MAX_HANDED: usize = 4096;
/// Ends of containers that are kept of a pod.
const MAX_ENDS: usize = 8;

/// IDs are numbers of our own making: one multiplication spreads them.
#[derive(Debug, Default)]
struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(u64::from(byte));
        }
    }

    fn write_u64(&mut self, number: u64) {
        let mixed = (self.0 ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = mixed ^ mixed >> 32;
    }
}

/// One cgroup.
#[derive(Debug)]
pub(super) struct Tracked {
    pod: Option<PodUid>,
    pub(super) identity: Option<Arc<Identity>>,
    /// `None` for the pause container, which is asked for its newest values alone.
    pub(super) history: Option<History>,
    pub(super) live_cores: Option<f64>,
    /// Mean use over the first configured window, and its length.
    pub(super) window_cores: Option<f64>,
    pub(super) working_set_bytes: Option<u64>,
    faults: [Option<u64>; 2],
    /// When the container came to be, as far as known.
    pub(super) created_boot_ns: Option<u64>,
    pub(super) gone: bool,
    seen: u64,
}

impl Tracked {
    pub(super) fn name(&self) -> Option<&str> {
        let container = self.identity.as_ref()?.container.as_ref()?;
        (container.role != ContainerRole::Sandbox).then_some(&*container.name)
    }

    pub(super) fn is_sandbox(&self) -> bool {
        self.identity.as_ref().is_some_and(|identity| identity.is_sandbox())
    }
}

/// The cgroups of one pod.
#[derive(Debug, Default)]
pub(super) struct OurPod {
    pub(super) unit: Option<UnitId>,
    pub(super) containers: Vec<UnitId>,
    pub(super) info: Option<Arc<PodInfo>>,
    /// Moves when a cgroup of it comes, goes, is named or starts anew.
    pub(super) generation: u64,
    /// When a container of it last came, went or had its counter fall, newest last.
    pub(super) changes: Vec<u64>,
    /// When it was first seen, unless that was at the first look.
    pub(super) born_boot_ns: Option<u64>,
}

/// What a counter stood at when its cgroup was last read.
#[derive(Clone, Debug, Default)]
pub(super) struct Handed {
    pub(super) usage_usec: u64,
    pub(super) faults: [Option<u64>; 2],
    pub(super) at_boot_ns: u64,
    pub(super) identity: Option<Arc<Identity>>,
}

/// A pod, and the container's name where it is one's.
pub(super) type Whose = (PodUid, Option<Box<str>>);

#[derive(Debug)]
pub(super) struct Units {
    readings: usize,
    tracked: HashMap<UnitId, Tracked, BuildHasherDefault<IdHasher>>,
    /// By UID, as they are concluded.
    pub(super) pods: BTreeMap<PodUid, OurPod>,
    /// Our pods by namespace and name.
    pub(super) names: HashMap<(Box<str>, Box<str>), PodUid>,
    /// Moves when a pod comes, goes or is named.
    pub(super) revision: u64,
    named_revision: u64,
    pub(super) root: Option<UnitId>,
    pub(super) handed: HashMap<Whose, Handed>,
    /// Ends before this are no longer remembered one by one.
    forgotten_boot_ns: u64,
    pub(super) scope: Scope,
    /// The one pod that a sidecar may speak of, and its name where it is known.
    pub(super) own: Option<(PodUid, Option<Key>)>,
    pub(super) window_ns: u64,
    pub(super) taken: Stamp,
    pub(super) has_networks: bool,
    turn: u64,
}

impl Units {
    pub(super) fn new(readings: usize) -> Units {
        Units {
            readings,
            tracked: HashMap::default(),
            pods: BTreeMap::new(),
            names: HashMap::new(),
            revision: 0,
            named_revision: 0,
            root: None,
            handed: HashMap::new(),
            forgotten_boot_ns: 0,
            scope: Scope::default(),
            own: None,
            window_ns: 0,
            taken: Stamp::default(),
            has_networks: false,
            turn: 0,
        }
    }

    pub(super) fn get(&self, id: UnitId) -> Option<&Tracked> {
        self.tracked.get(&id)
    }

    /// The named containers of a pod that run, one of each name: the one that came last.
    pub(super) fn named<'a>(&'a self, pod: &'a OurPod) -> impl Iterator<Item = (&'a str, &'a Tracked)> {
        let running = || pod.containers.iter().filter_map(|&id| Some((id, self.get(id)?)));
        running().filter(|(_, unit)| !unit.gone).filter_map(move |(id, unit)| {
            let name = unit.name()?;
            let is_last = running().all(|(other, unit)| unit.name() != Some(name) || other <= id);
            is_last.then_some((name, unit))
        })
    }

    /// True while every container is named: else nobody knows which of them is the pause container.
    pub(super) fn is_named(&self, pod: &OurPod) -> bool {
        let mut containers = pod.containers.iter().filter_map(|&id| self.get(id));
        containers.all(|unit| unit.identity.as_ref().is_some_and(|identity| identity.container.is_some()))
    }

    pub(super) fn sandbox(&self, pod: &OurPod) -> Option<&Tracked> {
        pod.containers.iter().filter_map(|&id| self.get(id)).find(|unit| unit.is_sandbox())
    }

    /// Takes a publication of the sampler. What another source gave is passed over: it is not ours.
    pub(super) fn observe(&mut self, snapshot: &Snapshot) {
        self.turn += 1;
        self.taken = snapshot.taken;
        if self.scope != snapshot.scope {
            self.scope.clone_from(&snapshot.scope);
        }
        self.window_ns = snapshot.windows.first().map_or(0, |window| window.as_nanos() as u64);
        self.has_networks = false;
        for unit in &snapshot.units {
            if matches!(unit.source, SourceKind::Cgroup | SourceKind::NodeAgent) {
                self.take(unit);
            }
        }
        if self.tracked.values().any(|unit| unit.seen != self.turn) {
            self.forget_unseen();
        }
        if self.named_revision != self.revision {
            self.named_revision = self.revision;
            self.names.clear();
            for (uid, pod) in &self.pods {
                if let Some(info) = &pod.info {
                    self.names.insert((info.namespace.clone(), info.name.clone()), uid.clone());
                }
            }
        }
    }

    /// When this pod's cgroup was last seen here, or may have been.
    pub(super) fn ended_boot_ns(&self, uid: &PodUid) -> u64 {
        let handed = self.handed.get(&(uid.clone(), None));
        handed.map_or(self.forgotten_boot_ns, |handed| handed.at_boot_ns)
    }

    /// How many cgroups, pods and handed-over counters are held.
    pub(super) fn remembered(&self) -> usize {
        self.tracked.len() + self.pods.len() + self.handed.len()
    }

    fn take(&mut self, unit: &Unit) {
        let pod = match &unit.cgroup.kind {
            UnitKind::Root => {
                self.root = Some(unit.id);
                None
            }
            UnitKind::Pod { uid, .. } | UnitKind::Container { pod: Some(uid), .. } => Some(uid),
            _ => return,
        };
        self.has_networks |= unit.network.is_some();
        let now = self.taken.boot_ns;
        if !self.tracked.contains_key(&unit.id) {
            self.tracked.insert(unit.id, self.born(unit, pod));
            if let Some(uid) = pod {
                self.join(uid, unit, now);
            }
        }
        let Some(tracked) = self.tracked.get_mut(&unit.id) else { return };
        tracked.seen = self.turn;
        let is_renamed = match (&tracked.identity, &unit.identity) {
            (Some(old), Some(new)) => !Arc::ptr_eq(old, new),
            (old, new) => old.is_some() != new.is_some(),
        };
        let mut is_changed = is_renamed;
        if is_renamed {
            tracked.identity.clone_from(&unit.identity);
            if tracked.is_sandbox() {
                tracked.history = None;
            }
        }
        let mut has_event = !tracked.gone && unit.gone;
        tracked.gone = unit.gone;
        tracked.live_cores = unit.cpu.live.map(|rate| rate.cores);
        tracked.window_cores = unit.cpu.windows[0].map(|window| window.mean);
        tracked.working_set_bytes = unit.memory.working_set_bytes;
        tracked.faults = [unit.values.get(Field::Pgfault), unit.values.get(Field::Pgmajfault)];
        if let Some(history) = &mut tracked.history {
            has_event |= feed(history, unit) == Taken::Reset;
        }
        is_changed |= has_event;
        let Some(pod) = pod.filter(|_| is_changed).and_then(|uid| self.pods.get_mut(uid)) else { return };
        pod.generation += 1;
        if has_event && unit.is_container() && !unit.is_sandbox() {
            change(pod, now);
        }
        if let Some(info) = unit.identity.as_ref().and_then(|identity| identity.pod.as_ref()) {
            pod.info = Some(info.clone());
            self.revision += 1;
        }
    }

    fn born(&self, unit: &Unit, pod: Option<&PodUid>) -> Tracked {
        let is_first_look = self.turn == 1;
        let wall_minus_boot = self.taken.wall_ns - self.taken.boot_ns as i64;
        let made =
            unit.created_wall_s.map(|seconds| ((seconds * 1e9) as i64 - wall_minus_boot).max(0) as u64);
        Tracked {
            pod: pod.cloned(),
            identity: None,
            history: Some(History::new(self.readings)),
            live_cores: None,
            window_cores: None,
            working_set_bytes: None,
            faults: [None; 2],
            created_boot_ns: made.or((!is_first_look).then_some(self.taken.boot_ns)),
            gone: false,
            seen: self.turn,
        }
    }

    fn join(&mut self, uid: &PodUid, unit: &Unit, now: u64) {
        let is_first_look = self.turn == 1;
        if !self.pods.contains_key(uid) {
            let born_boot_ns = (!is_first_look).then_some(now);
            self.pods.insert(uid.clone(), OurPod { born_boot_ns, ..OurPod::default() });
        }
        let created = self.tracked.get(&unit.id).and_then(|unit| unit.created_boot_ns);
        let Some(pod) = self.pods.get_mut(uid) else { return };
        pod.generation += 1;
        self.revision += 1;
        if unit.is_pod() {
            pod.unit = Some(unit.id);
            return;
        }
        pod.containers.push(unit.id);
        if let Some(created) = created.filter(|_| !unit.is_sandbox()) {
            change(pod, created);
        }
    }

    /// Forgets the cgroups that the snapshot no longer has, and keeps what their counters stood at: another
    /// source may go on with them, and must not fall behind.
    fn forget_unseen(&mut self) {
        let (turn, now) = (self.turn, self.taken.boot_ns);
        self.revision += 1;
        let (pods, handed) = (&mut self.pods, &mut self.handed);
        self.tracked.retain(|&id, unit| {
            if unit.seen == turn {
                return true;
            }
            let Some(uid) = &unit.pod else { return false };
            let Some(pod) = pods.get_mut(uid) else { return false };
            let is_pod = pod.unit == Some(id);
            if is_pod {
                pod.unit = None;
            } else {
                pod.containers.retain(|&other| other != id);
                if !unit.gone && !unit.is_sandbox() {
                    change(pod, now);
                }
            }
            pod.generation += 1;
            let usage = unit.history.as_ref().and_then(History::newest_usage_usec);
            if let (Some(usage_usec), true) = (usage, is_pod || unit.name().is_some()) {
                let whose = (uid.clone(), unit.name().filter(|_| !is_pod).map(Into::into));
                let (faults, identity) = (unit.faults, unit.identity.clone());
                handed.insert(whose, Handed { usage_usec, faults, at_boot_ns: now, identity });
            }
            false
        });
        pods.retain(|_, pod| pod.unit.is_some() || !pod.containers.is_empty());
        if self.root.is_some_and(|root| !self.tracked.contains_key(&root)) {
            self.root = None;
        }
        if self.handed.len() > MAX_HANDED {
            let mut times: Vec<u64> = self.handed.values().map(|handed| handed.at_boot_ns).collect();
            let (_, &mut newest_out, _) = times.select_nth_unstable(self.handed.len() - MAX_HANDED / 2);
            self.forgotten_boot_ns = newest_out;
            self.handed.retain(|_, handed| handed.at_boot_ns > newest_out);
        }
    }

    /// Bytes that the histories hold.
    pub(super) fn history_bytes(&self) -> usize {
        let histories = self.tracked.values().filter(|unit| unit.history.is_some()).count();
        histories * History::bytes(self.readings)
    }
}

fn feed(history: &mut History, unit: &Unit) -> Taken {
    let mut taken = Taken::Old;
    if let (Some(bracket), Some(usage)) =
        (unit.read_at[Pace::Fast as usize], unit.values.get(Field::UsageUsec))
    {
        taken = history.usage(bracket.boot_ns(), bracket.width_ns, usage);
    }
    if let (Some(bracket), Some(bytes)) = (unit.read_at[Pace::Memory as usize], unit.memory.working_set_bytes)
    {
        history.working_set(bracket.boot_ns(), bytes);
    }
    taken
}

fn change(pod: &mut OurPod, at_boot_ns: u64) {
    if pod.changes.len() == MAX_ENDS {
        pod.changes.remove(0);
    }
    pod.changes.push(at_boot_ns);
}
