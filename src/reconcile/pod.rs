//! One pod, or the node, at one instant: our three views, the others' values, and how they differ.

use super::beside::Beside;
use super::config::Config;
use super::difference::Question;
use super::kubelet::{Key, KubeletView, SeenPod};
use super::metrics::{MetricsView, as_said};
use super::side::{self, Facts, Ours, Side};
use super::top::Span;
use super::units::{OurPod, Tracked, Units};
use super::walls::Walls;
use crate::model::identity::PodUid;
use crate::model::reconciled::{ContainerTop, Difference, Reconciliation, Resource, SourceKind, Usage, View};
use crate::model::scope::Scope;
use crate::model::stamp::Stamp;

/// Our own span where no other source gives one: what `kubectl top` usually looks at.
const OWN_SPAN_NS: u64 = 15_000_000_000;
/// A shorter span of our own is no `top`.
const LEAST_SPAN_NS: u64 = 5_000_000_000;
/// So long after its start a pod may rightly be unknown to the others.
const YOUNG_NS: u64 = 60_000_000_000;

/// All that a conclusion looks at.
#[derive(Clone, Copy, Debug)]
pub(super) struct View3<'a> {
    pub(super) config: &'a Config,
    pub(super) units: &'a Units,
    pub(super) kubelet: &'a KubeletView,
    pub(super) metrics: &'a MetricsView,
    pub(super) walls: &'a Walls,
    pub(super) now: Stamp,
}

/// What stays the same until another page comes.
#[derive(Debug, Default)]
pub(super) struct Cache {
    state: Option<(u64, u64, u64)>,
    is_settled: bool,
    /// Namespace and name, once one of us knows them.
    key: Option<Key>,
    metrics: Option<Side>,
    parts: Vec<(Box<str>, Ours)>,
    kubelet: Option<Side>,
    pub(super) turn: u64,
}

impl View3<'_> {
    /// A pod that has cgroups here. `before` is what was concluded of it at some time, whose memory serves again.
    pub(super) fn pod(
        &self,
        uid: &PodUid,
        our: &OurPod,
        cache: &mut Cache,
        before: Reconciliation,
    ) -> Reconciliation {
        let state = (our.generation, self.kubelet.page, self.metrics.number);
        if cache.state != Some(state) || !cache.is_settled {
            self.look(uid, our, cache);
            cache.state = Some(state);
        }
        let pod = our.unit.and_then(|id| self.units.get(id));
        let now_of = |cores: Option<f64>, window_ns: u64| {
            pod.map(|pod| Usage {
                cpu_nanocores: cores.map(|cores| (cores * 1e9) as u64),
                memory_bytes: pod.working_set_bytes,
                at_ms: self.units.taken.wall_ms(),
                window_ns,
            })
        };
        let Reconciliation { containers, mut differences, .. } = before;
        differences.clear();
        let mut values = Reconciliation {
            containers,
            differences,
            pod: now_of(pod.and_then(|pod| pod.window_cores), self.units.window_ns),
            live: now_of(pod.and_then(|pod| pod.live_cores), 1_000_000_000),
            kubelet: cache.kubelet.as_ref().and_then(said),
            metrics_api: cache.metrics.as_ref().and_then(said),
            source: SourceKind::Cgroup,
            ..Reconciliation::default()
        };
        let is_read_here = self.units.named(our).next().is_some();
        let count = if is_read_here { self.top(uid, our, cache, &mut values) } else { 0 };
        values.containers.truncate(count);
        let sandbox = self.units.sandbox(our);
        let beside = Beside {
            sandbox,
            overhead: our.info.as_ref().map(|info| info.resources.overhead).unwrap_or_default(),
            is_read_here,
        };
        let sides = [(SourceKind::Kubelet, &cache.kubelet), (SourceKind::MetricsApi, &cache.metrics)];
        for (against, side) in sides {
            if let Some(side) = side {
                self.compare(&mut values, against, side, beside);
            }
        }
        values
    }

    /// Puts the other sources' words beside our histories.
    fn look(&self, uid: &PodUid, our: &OurPod, cache: &mut Cache) {
        let key: Option<Key> = match &our.info {
            Some(info) => Some((info.namespace.clone(), info.name.clone())),
            None => self.kubelet.uids.get(uid).cloned(),
        };
        cache.key.clone_from(&key);
        let seen = self.seen(uid, key.as_ref());
        let has_running = self.units.named(our).next().is_some();
        let young = |from: u64| our.changes.last().is_some_and(|&at| at + YOUNG_NS > from);
        let nothing = |fetched: Stamp, is_other_pod: bool| {
            let facts = Facts {
                has_restarted: young(fetched.boot_ns),
                end_boot_ns: Some(fetched.boot_ns),
                fetched_boot_ns: Some(fetched.boot_ns),
                is_other_pod,
                ..Facts::default()
            };
            Side { facts, ..Side::default() }
        };
        // A pod that came after the page says nothing about the page.
        let was_there = |fetched: Stamp| our.born_boot_ns.is_none_or(|born| born <= fetched.boot_ns);
        cache.parts.clear();
        cache.metrics = None;
        cache.kubelet = None;
        if let (Some(key), Some(page)) = (&key, &self.metrics.page) {
            cache.metrics = match self.metrics.pod(key) {
                Some(usage) => {
                    let end = usage.at_ms.checked_mul(1_000_000).map(|ns| ns - self.kubelet.skew_ns);
                    let end = end.and_then(|ns| self.walls.boot_ns(ns, page.fetched));
                    let (side, parts) = side::of_metrics(
                        self.units,
                        our,
                        usage,
                        end,
                        self.kubelet,
                        seen,
                        (page.fetched, self.now),
                    );
                    cache.parts = parts;
                    Some(side)
                }
                None => (has_running && was_there(page.fetched)).then(|| nothing(page.fetched, false)),
            };
        }
        if let (Some(key), Some(fetched)) = (&key, self.kubelet.fetched) {
            let is_other = self.kubelet.pods.get(key).is_some_and(|pod| pod.uid.is_some());
            cache.kubelet = match seen {
                Some(seen) => Some(side::of_kubelet(self.units, our, self.kubelet, seen)),
                None => (has_running && was_there(fetched)).then(|| nothing(fetched, is_other)),
            };
        }
        if matches!(self.units.scope, Scope::Siblings(_)) {
            let ours = self.units.named(our).count();
            let all = seen.map_or(0, |seen| seen.containers.len());
            let all = key.and_then(|key| self.metrics.pod(&key)).map_or(all, |pod| pod.containers.len());
            let visible = Some((ours, all)).filter(|_| all > ours);
            for side in [&mut cache.metrics, &mut cache.kubelet].into_iter().flatten() {
                side.facts.visible = visible;
            }
        }
        let is_settled = |side: &Option<Side>| side.as_ref().is_none_or(|side| side.is_settled);
        cache.is_settled = is_settled(&cache.metrics) && is_settled(&cache.kubelet);
    }

    /// The kubelet's word on this pod: by UID, and by name only where no UID speaks against it.
    pub(super) fn seen(&self, uid: &PodUid, key: Option<&Key>) -> Option<&SeenPod> {
        if let Some(key) = self.kubelet.uids.get(uid) {
            return self.kubelet.pods.get(key);
        }
        self.kubelet.pods.get(key?).filter(|pod| pod.uid.is_none())
    }

    pub(super) fn age(&self, side: &Side) -> u64 {
        side.facts.end_boot_ns.map_or(0, |end| self.now.boot_ns.saturating_sub(end))
    }

    pub(super) fn stale_ns(&self, window_ns: u64) -> u64 {
        (self.config.stale_after.as_nanos() as u64).max(2 * window_ns)
    }

    /// Containers summed over metrics-server's spans; else over the kubelet's; else over our own. Says how many
    /// containers it put into `values`.
    fn top(&self, uid: &PodUid, our: &OurPod, cache: &Cache, values: &mut Reconciliation) -> usize {
        if !self.units.is_named(our) {
            return 0;
        }
        if let Some(side) = &cache.metrics
            && let Some(cpu) = side.containers.cpu
            && self.age(side) <= self.stale_ns(side.theirs.window_ns)
        {
            let usage = |ours: &Ours| Usage {
                cpu_nanocores: ours.cpu.map(|cpu| cpu.at.max(0.0) as u64),
                memory_bytes: ours.memory.map(|memory| memory.at as u64),
                ..side.theirs
            };
            for (place, (name, ours)) in cache.parts.iter().enumerate() {
                put(&mut values.containers, place, name, usage(ours));
            }
            values.top = Some(usage(&Ours { cpu: Some(cpu), memory: side.containers.memory }));
            values.top_of = SourceKind::MetricsApi;
            return cache.parts.len();
        }
        let seen = self.seen(uid, cache.key.as_ref());
        for of in [SourceKind::Kubelet, SourceKind::Cgroup] {
            if let Some(count) = self.sum(our, of, seen, values) {
                values.top_of = of;
                return count;
            }
        }
        0
    }

    /// How many containers there are, when each has a value over the spans of this source.
    fn sum(
        &self,
        our: &OurPod,
        of: SourceKind,
        seen: Option<&SeenPod>,
        values: &mut Reconciliation,
    ) -> Option<usize> {
        let mut sum: Option<(Ours, Usage)> = None;
        let mut count = 0;
        for (name, unit) in self.units.named(our) {
            let (span, at_ms) = self.span_of(name, unit, of, seen)?;
            let ours = side::of_unit(Some(unit), &span);
            let (cpu, memory) = (ours.cpu?, ours.memory?);
            let usage = Usage {
                cpu_nanocores: Some(cpu.at.max(0.0) as u64),
                memory_bytes: Some(memory.at as u64),
                at_ms,
                window_ns: span.to - span.from,
            };
            put(&mut values.containers, count, name, usage);
            count += 1;
            sum = Some(match sum {
                None => (ours, usage),
                Some((sum, first)) => (sum.plus(ours), if at_ms < first.at_ms { usage } else { first }),
            });
        }
        let (sum, first) = sum?;
        values.top = Some(Usage {
            cpu_nanocores: sum.cpu.map(|cpu| cpu.at.max(0.0) as u64),
            memory_bytes: sum.memory.map(|memory| memory.at as u64),
            ..first
        });
        Some(count)
    }

    fn span_of(
        &self,
        name: &str,
        unit: &Tracked,
        of: SourceKind,
        seen: Option<&SeenPod>,
    ) -> Option<(Span, i64)> {
        if of == SourceKind::Kubelet {
            // The kubelet's newest sample may be younger than our newest reading.
            let read_until = unit.history.as_ref()?.newest_boot_ns()?;
            let pair = seen?.container(name)?.series.pair_until(read_until)?;
            let age = self.now.boot_ns.saturating_sub(pair.to.boot_ns);
            let span = Span::of_pair(&pair);
            return (age <= self.stale_ns(pair.window_ns())).then_some((span, pair.to.wall_ms));
        }
        let history = unit.history.as_ref()?;
        let to = history.newest_boot_ns()?;
        let from = to.saturating_sub(OWN_SPAN_NS).max(history.oldest_boot_ns()?);
        let at_ms =
            self.units.taken.wall_ms() - (self.units.taken.boot_ns.saturating_sub(to) / 1_000_000) as i64;
        let span = Span::of(from, to);
        (to >= from + LEAST_SPAN_NS).then_some((span, at_ms))
    }

    pub(super) fn compare(
        &self,
        values: &mut Reconciliation,
        against: SourceKind,
        side: &Side,
        beside: Beside<'_>,
    ) {
        let is_silent = side.theirs.cpu_nanocores.is_none() && side.theirs.memory_bytes.is_none();
        let (age_ns, stale_ns) = (self.age(side), self.stale_ns(side.theirs.window_ns));
        let fetched = side.facts.fetched_boot_ns.unwrap_or(u64::MAX);
        for (view, ours, resources) in [
            (View::Top, values.top, &[Resource::Cpu, Resource::Memory][..]),
            (View::Pod, values.pod, &[Resource::Cpu, Resource::Memory][..]),
            // The memory of the last second is that of the pod's view.
            (View::Live, values.live, &[Resource::Cpu][..]),
        ] {
            // Who has no value at all is missing once, not in each view.
            if view != View::Top && (is_silent || ours.is_none()) {
                continue;
            }
            for &resource in resources {
                let value = |usage: Usage| match resource {
                    Resource::Cpu => usage.cpu_nanocores,
                    Resource::Memory => usage.memory_bytes,
                };
                let question = Question {
                    view,
                    against,
                    resource,
                    ours: ours.and_then(value).map(|value| value as f64),
                    is_pod_level: view != View::Top,
                    side,
                    sandbox: beside.sandbox(resource),
                    declared: beside.declared(resource),
                    is_read_here: beside.is_read_here,
                    age_ns,
                    page_age_ns: self.now.boot_ns.saturating_sub(fetched),
                    stale_ns,
                    tolerance: self.config.tolerance_percent / 100.0,
                };
                values.differences.extend(question.answer());
            }
        }
    }

    /// A pod that another source has and we do not. Where we should see it, one of the two is wrong.
    pub(super) fn unseen(&self, key: &Key, seen: Option<&SeenPod>, should_be_ours: bool) -> Reconciliation {
        let usage = self.metrics.pod(key);
        let kubelet = seen.and_then(|seen| {
            let newest = seen.series.newest()?;
            let pair = seen.series.pair();
            Some(Usage {
                cpu_nanocores: pair.and_then(|pair| pair.nanocores()),
                memory_bytes: newest.working_set_bytes,
                at_ms: newest.wall_ms,
                window_ns: pair.map_or(0, |pair| pair.window_ns()),
            })
        });
        let metrics_api = usage.map(|usage| Usage {
            cpu_nanocores: Some(usage.containers.iter().map(|container| container.cpu_nanocores).sum()),
            memory_bytes: Some(usage.containers.iter().map(|container| container.memory_bytes).sum()),
            at_ms: usage.at_ms,
            window_ns: usage.window_ns,
        });
        let source = if kubelet.is_some() { SourceKind::Kubelet } else { SourceKind::MetricsApi };
        let mut values =
            Reconciliation { kubelet, metrics_api, source, top_of: source, ..Default::default() };
        let is_own_only = self.units.scope == Scope::OwnContainer;
        for (against, theirs) in [(SourceKind::Kubelet, kubelet), (SourceKind::MetricsApi, metrics_api)] {
            let Some(theirs) = theirs.filter(|_| should_be_ours || is_own_only) else { continue };
            let all = usage
                .map_or_else(|| seen.map_or(1, |seen| seen.containers.len()), |pod| pod.containers.len());
            let facts = Facts { visible: is_own_only.then_some((0, all)), ..Facts::default() };
            let side = Side { theirs, facts, ..Side::default() };
            self.compare(&mut values, against, &side, Beside::default());
        }
        // Of a pod that is not ours to count, what kubectl prints is metrics-server's word as it stands.
        if let Some(pod) = usage.filter(|_| !should_be_ours && !is_own_only) {
            (values.top, values.top_of) = (metrics_api, SourceKind::MetricsApi);
            values.containers = as_said(pod);
        }
        values
    }
}

/// Writes a container's row, into the memory of one of its name where that stands there.
fn put(containers: &mut Vec<ContainerTop>, place: usize, name: &str, usage: Usage) {
    match containers.get_mut(place) {
        Some(known) if *known.name == *name => known.usage = usage,
        Some(known) => *known = ContainerTop { name: name.into(), usage },
        None => containers.push(ContainerTop { name: name.into(), usage }),
    }
}

fn said(side: &Side) -> Option<Usage> {
    let theirs = side.theirs;
    (theirs.cpu_nanocores.is_some() || theirs.memory_bytes.is_some()).then_some(theirs)
}

/// The differences that alarm.
pub(super) fn is_unexplained(difference: &Difference) -> bool {
    difference.cause == Some(crate::model::reconciled::Cause::Unexplained)
}
