//! Units for pods that have no cgroup here, made from what another source said, at that source's times.
//!
//! A counter never changes hands in the middle: a series belongs to one source, and where that source follows on
//! ours, its counter is withheld until it has passed what we served last.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use super::kubelet::{Key, SeenContainer, SeenPod};
use super::pod::View3;
use super::series::Series;
use super::units::Whose;
use crate::model::field::{Field, Values};
use crate::model::identity::{
    Cgroup, ContainerId, ContainerInfo, Identity, PodInfo, PodUid, QosClass, Runtime, UnitKind,
};
use crate::model::kubelet::{MemoryStats, PodStats};
use crate::model::metrics_api::PodUsage;
use crate::model::reconciled::SourceKind;
use crate::model::scope::Scope;
use crate::model::stamp::{Bracket, Stamp};
use crate::model::unit::{CpuUse, MemoryUse, Pace, Unit, UnitId};

/// Set in the ID of every unit that is not a cgroup of ours.
const FOREIGN_BIT: u64 = 1 << 63;

/// A unit that another stands in for.
#[derive(Debug)]
struct Entry {
    cgroup: Arc<Cgroup>,
    identity: Arc<Identity>,
    /// A container that starts again is another series.
    generation: u64,
    start_time_s: Option<f64>,
    source: SourceKind,
    served: Counters,
    turn: u64,
}

/// The counters that were served last.
#[derive(Clone, Copy, Debug, Default)]
struct Counters {
    usage_usec: u64,
    faults: [u64; 2],
}

/// What a source says of one unit.
#[derive(Debug, Default)]
struct Said {
    usage_usec: Option<u64>,
    cpu_at: Option<Stamp>,
    working_set_bytes: Option<u64>,
    memory_at: Option<Stamp>,
    memory: MemoryStats,
    start_time_s: Option<f64>,
}

/// Looks up who a cgroup is to Kubernetes.
pub type Resolve<'a> = &'a dyn Fn(&Cgroup) -> Option<Identity>;

#[derive(Debug, Default)]
pub(super) struct Foreign {
    entries: HashMap<Whose, Entry>,
    turn: u64,
    built: Arc<Vec<Unit>>,
    state: Option<(u64, u64, u64, usize)>,
    /// When the first of them becomes stale.
    until_boot_ns: u64,
}

impl Foreign {
    /// The units of now. The list stays the same value until something in it changes.
    pub(super) fn units(&mut self, view: &View3<'_>, revision: u64, resolve: Resolve<'_>) -> Arc<Vec<Unit>> {
        let summary = view.kubelet.summary.as_ref().map_or(0, |summary| Arc::as_ptr(summary) as usize);
        let state = (view.kubelet.page, view.metrics.number, revision, summary);
        if self.state == Some(state) && view.now.boot_ns <= self.until_boot_ns {
            return self.built.clone();
        }
        self.state = Some(state);
        self.turn += 1;
        self.until_boot_ns = u64::MAX;
        let mut units = Vec::new();
        let mut from_kubelet: Vec<(&Key, &SeenPod)> = view.kubelet.pods.iter().collect();
        from_kubelet.sort_unstable_by_key(|(key, _)| *key);
        for (key, seen) in from_kubelet {
            let Some(uid) = &seen.uid else { continue };
            if is_wanted(view, uid, key) {
                self.pod_of_kubelet(view, key, uid, seen, resolve, &mut units);
            }
        }
        let pods = view.metrics.page.iter().flat_map(|page| &page.pods);
        for usage in pods {
            let key = (usage.namespace.clone(), usage.name.clone());
            let known = view.kubelet.pods.get(&key).and_then(|seen| seen.uid.clone());
            let own = view.units.own.as_ref().filter(|(_, name)| name.as_ref() == Some(&key));
            let known = known.or_else(|| own.map(|(uid, _)| uid.clone()));
            let uid = known.unwrap_or_else(|| PodUid(format!("metrics://{}/{}", key.0, key.1).into()));
            let is_served =
                self.entries.get(&(uid.clone(), None)).is_some_and(|entry| entry.turn == self.turn);
            if !is_served && is_wanted(view, &uid, &key) {
                self.pod_of_metrics(view, &key, &uid, usage, resolve, &mut units);
            }
        }
        let turn = self.turn;
        self.entries.retain(|_, entry| entry.turn == turn);
        if !(units.is_empty() && self.built.is_empty()) {
            self.built = Arc::new(units);
        }
        self.built.clone()
    }

    fn pod_of_kubelet(
        &mut self,
        view: &View3<'_>,
        key: &Key,
        uid: &PodUid,
        seen: &SeenPod,
        resolve: Resolve<'_>,
        units: &mut Vec<Unit>,
    ) {
        let stats = view.kubelet.summary.as_ref().and_then(|summary| summary.pod(&uid.0));
        let pod = view.said(&seen.series, stats.map(|stats| stats.memory), None);
        let Some(end) = pod.cpu_at.or(pod.memory_at).map(|at| at.boot_ns) else { return };
        // What it said before our cgroup ended says nothing about after.
        let ended = view.units.ended_boot_ns(uid);
        let until = end + view.stale_ns(seen.series.pair().map_or(0, |pair| pair.window_ns()));
        if end <= ended || view.now.boot_ns > until {
            return;
        }
        self.until_boot_ns = self.until_boot_ns.min(until);
        let info = info(view, key, uid, resolve);
        let place = units.len() as u32;
        units.push(self.unit(view, &(uid.clone(), None), SourceKind::Kubelet, &info, &pod));
        for container in &seen.containers {
            if view.kubelet.names(container) {
                let said = view.container_said(container, stats);
                let whose = (uid.clone(), Some(container.name.clone()));
                let mut unit = self.unit(view, &whose, SourceKind::Kubelet, &info, &said);
                unit.parent = Some(place);
                units.push(unit);
            }
        }
    }

    /// Gauges alone: metrics-server has no counters, and its mean is nobody's last second.
    fn pod_of_metrics(
        &mut self,
        view: &View3<'_>,
        key: &Key,
        uid: &PodUid,
        usage: &PodUsage,
        resolve: Resolve<'_>,
        units: &mut Vec<Unit>,
    ) {
        let (Some(page), pick) = (&view.metrics.page, view.config.sources.memory) else { return };
        let stated = usage.at_ms.checked_mul(1_000_000).and_then(|ns| view.walls.boot_ns(ns, page.fetched));
        let Some(boot_ns) = stated.filter(|_| pick.allows(SourceKind::MetricsApi)) else { return };
        let ended = view.units.ended_boot_ns(uid);
        let until = boot_ns + view.stale_ns(usage.window_ns);
        if boot_ns <= ended || view.now.boot_ns > until {
            return;
        }
        self.until_boot_ns = self.until_boot_ns.min(until);
        let memory_at = Some(Stamp { boot_ns, wall_ns: usage.at_ms * 1_000_000 });
        let info = info(view, key, uid, resolve);
        let sum = (!usage.containers.is_empty())
            .then(|| usage.containers.iter().map(|container| container.memory_bytes).sum());
        let said = |working_set_bytes| Said { working_set_bytes, memory_at, ..Said::default() };
        let place = units.len() as u32;
        units.push(self.unit(view, &(uid.clone(), None), SourceKind::MetricsApi, &info, &said(sum)));
        for container in &usage.containers {
            let whose = (uid.clone(), Some(container.name.clone()));
            let values = said(Some(container.memory_bytes));
            let mut unit = self.unit(view, &whose, SourceKind::MetricsApi, &info, &values);
            unit.parent = Some(place);
            units.push(unit);
        }
    }

    fn unit(
        &mut self,
        view: &View3<'_>,
        whose: &Whose,
        source: SourceKind,
        info: &Arc<PodInfo>,
        said: &Said,
    ) -> Unit {
        let turn = self.turn;
        let handed = view.units.handed.get(whose);
        let entry = self.entries.entry(whose.clone()).or_insert_with(|| {
            let floor = handed.map(|handed| Counters {
                usage_usec: handed.usage_usec,
                faults: handed.faults.map(|count| count.unwrap_or(0)),
            });
            Entry {
                cgroup: Arc::new(cgroup(whose, info)),
                identity: Arc::new(identity(whose, info)),
                generation: 0,
                start_time_s: said.start_time_s,
                source,
                served: floor.unwrap_or_default(),
                turn,
            }
        });
        entry.turn = turn;
        entry.source = source;
        if entry.identity.pod.as_ref() != Some(info) {
            entry.identity = Arc::new(identity(whose, info));
        }
        let has_started = match (entry.start_time_s, said.start_time_s) {
            (Some(before), Some(now)) => (before - now).abs() > 1.5,
            _ => false,
        };
        if has_started {
            (entry.generation, entry.served) = (entry.generation + 1, Counters::default());
        }
        entry.start_time_s = said.start_time_s.or(entry.start_time_s);
        let mut values = Values::default();
        put(&mut values, Field::UsageUsec, said.usage_usec, &mut entry.served.usage_usec);
        put(&mut values, Field::Pgfault, said.memory.page_faults, &mut entry.served.faults[0]);
        put(&mut values, Field::Pgmajfault, said.memory.major_page_faults, &mut entry.served.faults[1]);
        for (field, value) in
            [(Field::MemoryCurrent, said.memory.usage_bytes), (Field::Anon, said.memory.rss_bytes)]
        {
            if let Some(value) = value {
                values.set(field, value);
            }
        }
        let bracket = |after: Stamp| Bracket { after, width_ns: 0 };
        let mut read_at = [None; Pace::COUNT];
        read_at[Pace::Fast as usize] = said.cpu_at.map(bracket);
        read_at[Pace::Memory as usize] = said.memory_at.map(bracket);
        Unit {
            id: id_of(whose, entry.generation),
            cgroup: entry.cgroup.clone(),
            identity: Some(entry.identity.clone()),
            source,
            parent: None,
            created_wall_s: said.start_time_s,
            gone: false,
            values,
            read_at,
            cpu: CpuUse::default(),
            memory: MemoryUse { working_set_bytes: said.working_set_bytes, ..MemoryUse::default() },
            oom_kills: None,
            io: Vec::new(),
            hugetlb: Vec::new(),
            network: None,
        }
    }
}

impl View3<'_> {
    fn said(&self, series: &Series, memory: Option<MemoryStats>, start_time_s: Option<f64>) -> Said {
        let newest = series.newest();
        let at = newest.map(|newest| Stamp { boot_ns: newest.boot_ns, wall_ns: newest.wall_ms * 1_000_000 });
        let (cpu, mem) = (self.config.sources.cpu, self.config.sources.memory);
        let is_mem = mem.allows(SourceKind::Kubelet);
        let memory = memory.filter(|_| is_mem).unwrap_or_default();
        let working_set = newest.and_then(|newest| newest.working_set_bytes).or(memory.working_set_bytes);
        Said {
            usage_usec: newest
                .filter(|_| cpu.allows(SourceKind::Kubelet))
                .map(|newest| newest.usage_ns / 1000),
            cpu_at: at,
            working_set_bytes: working_set.filter(|_| is_mem),
            memory_at: at,
            memory,
            start_time_s,
        }
    }

    fn container_said(&self, container: &SeenContainer, stats: Option<&PodStats>) -> Said {
        let summary = self.kubelet.summary.as_ref();
        let all = summary.zip(stats).map(|(summary, stats)| summary.containers_of(stats)).unwrap_or_default();
        let memory = all.iter().find(|stats| stats.name == container.name).map(|stats| stats.memory);
        self.said(&container.series, memory, container.start_time_s)
    }
}

/// True for a pod within our scope that has no cgroup here under this UID, nor under this name.
fn is_wanted(view: &View3<'_>, uid: &PodUid, key: &Key) -> bool {
    let units = view.units;
    if units.own.as_ref().is_some_and(|(own, _)| own != uid) {
        return false;
    }
    let is_in_scope = match &units.scope {
        // A cgroup without a name may be this very pod's.
        Scope::Node => units.pods.values().all(|pod| pod.info.is_some()),
        Scope::Pod(own) => own == uid,
        Scope::Siblings(own) => own.as_ref() == Some(uid),
        Scope::OwnContainer => units.own.is_some(),
        Scope::Remote => true,
    };
    is_in_scope && !units.pods.contains_key(uid) && !units.names.contains_key(key)
}

/// Serves a counter that has not fallen behind what was served; else withholds it.
fn put(values: &mut Values, field: Field, said: Option<u64>, served: &mut u64) {
    if let Some(value) = said.filter(|value| *value >= *served) {
        *served = value;
        values.set(field, value);
    }
}

fn id_of(whose: &Whose, generation: u64) -> UnitId {
    let mut hasher = DefaultHasher::new();
    (whose, generation).hash(&mut hasher);
    UnitId(hasher.finish() | FOREIGN_BIT)
}

fn info(view: &View3<'_>, key: &Key, uid: &PodUid, resolve: Resolve<'_>) -> Arc<PodInfo> {
    let kind = UnitKind::Pod { uid: uid.clone(), qos: QosClass::BestEffort };
    let found = resolve(&Cgroup { path: "".into(), kind }).and_then(|identity| identity.pod);
    let before =
        view.units.handed.get(&(uid.clone(), None)).and_then(|handed| handed.identity.as_ref()?.pod.clone());
    let found = found.or(before);
    // A name that another source gives for the UID is not overruled by ours.
    let found = found.filter(|info| info.namespace == key.0 && info.name == key.1);
    found.unwrap_or_else(|| {
        let (namespace, name) = key.clone();
        Arc::new(PodInfo { namespace, name, uid: (*uid.0).into(), ..PodInfo::default() })
    })
}

fn cgroup((uid, container): &Whose, info: &PodInfo) -> Cgroup {
    match container {
        None => {
            let qos = info.qos.unwrap_or(QosClass::BestEffort);
            Cgroup { path: "".into(), kind: UnitKind::Pod { uid: uid.clone(), qos } }
        }
        Some(name) => {
            let id = ContainerId(format!("kubelet://{uid}/{name}").into());
            let kind = UnitKind::Container { id, pod: Some(uid.clone()), runtime: Runtime::Unnamed };
            Cgroup { path: "".into(), kind }
        }
    }
}

fn identity((_, container): &Whose, info: &Arc<PodInfo>) -> Identity {
    let container = container.as_ref().map(|name| {
        let known = info.containers.iter().find(|container| *container.name == **name).cloned();
        known.unwrap_or_else(|| Arc::new(ContainerInfo { name: (**name).into(), ..ContainerInfo::default() }))
    });
    Identity { pod: Some(info.clone()), container }
}
