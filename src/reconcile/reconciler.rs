//! The state machine: takes what each source says when it says it, and concludes once a second.

use std::collections::HashMap;
use std::sync::Arc;

use super::choose::{Working, choices};
use super::config::Config;
use super::foreign::{Foreign, Resolve};
use super::kubelet::KubeletView;
use super::metrics::MetricsView;
use super::pod::{Cache, View3, is_unexplained};
use super::units::Units;
use super::walls::Walls;
use crate::model::history::TimeAt;
use crate::model::identity::PodUid;
use crate::model::kubelet::{ResourcePage, Summary};
use crate::model::metrics_api::MetricsPage;
use crate::model::reconciled::{PodReconciliation, Reconciled};
use crate::model::scope::Scope;
use crate::model::snapshot::Snapshot;
use crate::model::stamp::Stamp;

/// An answer that is older than this says nothing any more.
const FORGET_NS: u64 = 300_000_000_000;

/// Holds the sources side by side. Time comes in with what it is told; it reads no clock.
#[derive(Debug)]
pub struct Reconciler {
    config: Config,
    walls: Walls,
    units: Units,
    kubelet: KubeletView,
    metrics: MetricsView,
    foreign: Foreign,
    caches: HashMap<PodUid, Cache>,
    node_name: Arc<str>,
    turn: u64,
    unexplained: usize,
    /// Pods of an earlier conclusion that nobody reads any more, in the order of UIDs.
    spare: Vec<PodReconciliation>,
}

impl Reconciler {
    pub fn new(config: Config) -> Reconciler {
        Reconciler {
            walls: Walls::default(),
            units: Units::new(config.history_readings),
            kubelet: KubeletView::default(),
            metrics: MetricsView::default(),
            foreign: Foreign::default(),
            caches: HashMap::new(),
            node_name: "".into(),
            turn: 0,
            unexplained: 0,
            spare: Vec::new(),
            config,
        }
    }

    /// Makes it a sidecar's: of what other sources say, this pod's alone is served. `name` is its namespace and name.
    #[must_use]
    pub fn sidecar_of(mut self, uid: PodUid, name: Option<(Box<str>, Box<str>)>) -> Reconciler {
        self.units.own = Some((uid, name));
        self
    }

    /// Takes a publication of the sampler: each once, in order.
    pub fn observe(&mut self, snapshot: &Snapshot) {
        self.walls.learn(snapshot.taken);
        self.units.observe(snapshot);
        if self.node_name != snapshot.node_name {
            self.node_name = snapshot.node_name.clone();
        }
    }

    /// Takes a new `/metrics/resource`.
    pub fn resource(&mut self, page: &ResourcePage) {
        self.walls.learn(page.fetched);
        let (units, kubelet) = (&self.units, &mut self.kubelet);
        kubelet.resource(page, &self.walls, &locate(units));
    }

    /// Takes a new `/stats/summary`.
    pub fn summary(&mut self, summary: Arc<Summary>) {
        self.walls.learn(summary.fetched);
        let (units, kubelet) = (&self.units, &mut self.kubelet);
        kubelet.summary(summary, &self.walls, &locate(units));
    }

    /// Takes a new page of metrics.k8s.io.
    pub fn metrics(&mut self, page: Arc<MetricsPage>) {
        self.walls.learn(page.fetched);
        self.metrics.take(page);
    }

    /// Takes back a conclusion that nobody reads any more: the next one is written into its memory.
    pub fn recycle(&mut self, old: Reconciled) {
        self.spare = old.pods;
    }

    /// What all of it says at `now`. `resolve` names pods that have no cgroup here.
    pub fn conclude(&mut self, now: Stamp, resolve: Resolve<'_>) -> Reconciled {
        self.forget(now);
        self.turn += 1;
        let view = View3 {
            config: &self.config,
            units: &self.units,
            kubelet: &self.kubelet,
            metrics: &self.metrics,
            walls: &self.walls,
            now,
        };
        let mut before = std::mem::take(&mut self.spare).into_iter().peekable();
        let mut pods = Vec::with_capacity(self.units.pods.len());
        for (uid, our) in &self.units.pods {
            // Both are in the order of UIDs.
            while before.next_if(|pod| pod.uid < *uid).is_some() {}
            let known = before.next_if(|pod| pod.uid == *uid);
            let PodReconciliation { uid: name, values, .. } =
                known.unwrap_or_else(|| PodReconciliation { uid: uid.clone(), ..Default::default() });
            let cache = match self.caches.get_mut(uid) {
                Some(cache) => cache,
                None => self.caches.entry(uid.clone()).or_default(),
            };
            cache.turn = self.turn;
            let (info, values) = (our.info.clone(), view.pod(uid, our, cache, values));
            pods.push(PodReconciliation { uid: name, info, values });
        }
        drop(before);
        if self.caches.len() > self.units.pods.len() {
            self.caches.retain(|_, cache| cache.turn == self.turn);
        }
        let foreign = self.foreign.units(&view, self.units.revision, resolve);
        let is_own_only = self.units.scope == Scope::OwnContainer;
        let strangers = foreign.iter().filter(|unit| unit.is_pod());
        for unit in strangers {
            let info = unit.identity.as_ref().and_then(|identity| identity.pod.clone());
            let (Some(info), Some(uid)) = (info, unit.pod_uid()) else { continue };
            let key = (info.namespace.clone(), info.name.clone());
            let should_be_ours = self.units.scope == Scope::Node && !self.units.pods.is_empty();
            let values = view.unseen(&key, self.kubelet.pods.get(&key), should_be_ours);
            pods.push(PodReconciliation { uid: uid.clone(), info: Some(info), values });
        }
        if is_own_only {
            for usage in self.metrics.page.iter().flat_map(|page| &page.pods) {
                let key = (usage.namespace.clone(), usage.name.clone());
                let seen = self.kubelet.pods.get(&key);
                let uid = seen.and_then(|seen| seen.uid.clone()).unwrap_or_default();
                let is_strangers = self.units.own.as_ref().is_some_and(|(own, _)| *own != uid);
                if is_strangers || pods.iter().any(|pod| pod.uid == uid) {
                    continue;
                }
                pods.push(PodReconciliation { uid, info: None, values: view.unseen(&key, seen, false) });
            }
        }
        pods.sort_unstable_by(|a, b| a.uid.cmp(&b.uid));
        let stale_ns = view.stale_ns(0);
        let working = Working::of(&self.units, &self.kubelet, &self.metrics, now.boot_ns, stale_ns);
        let node = view.node(&self.node_name);
        let is_fresh =
            |summary: &Arc<Summary>| now.boot_ns.saturating_sub(summary.fetched.boot_ns) <= stale_ns;
        let all = pods.iter().map(|pod| &pod.values).chain(&node);
        self.unexplained =
            all.flat_map(|values| &values.differences).filter(|one| is_unexplained(one)).count();
        Reconciled {
            node_allocatable: None,
            taken: now,
            pods,
            node,
            summary: self.kubelet.summary.clone().filter(is_fresh),
            foreign,
            choices: choices(&self.config, working, self.units.has_networks),
        }
    }

    /// How many differences of the newest conclusion have no cause.
    pub fn unexplained(&self) -> usize {
        self.unexplained
    }

    /// Bytes that the histories hold.
    pub fn history_bytes(&self) -> usize {
        self.units.history_bytes()
    }

    /// How many things are remembered: cgroups and pods of ours, pods of the others, handed-over counters.
    pub fn remembered(&self) -> usize {
        self.units.remembered() + self.kubelet.pods.len() + self.caches.len()
    }

    fn forget(&mut self, now: Stamp) {
        let is_old = |fetched: Stamp| now.boot_ns.saturating_sub(fetched.boot_ns) > FORGET_NS;
        if self.metrics.page.as_ref().is_some_and(|page| is_old(page.fetched)) {
            self.metrics.forget();
        }
        if self.kubelet.fetched.is_some_and(is_old) {
            self.kubelet.forget_all();
        }
    }
}

/// Finds a counter of ours by names.
fn locate(units: &Units) -> impl Fn(&str, &str, Option<&str>, u64) -> Option<TimeAt> + '_ {
    move |namespace, pod, container, usage_usec| {
        let our = units.pods.get(units.names.get(&(namespace.into(), pod.into()))?)?;
        let unit = match container {
            None => units.get(our.unit?)?,
            Some(name) => units.named(our).find(|(named, _)| *named == name)?.1,
        };
        unit.history.as_ref()?.time_at(usage_usec)
    }
}
