//! What the kubelet said lately, put by pod and container: distinct samples on our clock, and how far its clock
//! is from ours.

use std::collections::HashMap;
use std::sync::Arc;

use super::series::{Sample, Series};
use super::walls::Walls;
use crate::model::history::TimeAt;
use crate::model::identity::PodUid;
use crate::model::kubelet::{ContainerStats, ResourcePage, ResourceSample, Summary};
use crate::model::stamp::Stamp;

/// Two of the kubelet's clocks agree when they are this close: its stamps are up to 0.1 s late.
const SAME_CLOCK_NS: i64 = 300_000_000;
/// A located time is worth nothing when it is wider than this.
const LOCATED_NS: u64 = 700_000_000;
const SECOND_NS: u64 = 1_000_000_000;

#[derive(Debug, Default)]
pub(super) struct SeenContainer {
    pub(super) name: Box<str>,
    pub(super) series: Series,
    pub(super) start_time_s: Option<f64>,
    /// The newest page that had a CPU value, and a memory value, of it.
    cpu_page: u64,
    pub(super) memory_page: u64,
    /// When the kubelet's page last named it.
    page: u64,
    pub(super) restarted: bool,
}

#[derive(Debug, Default)]
pub(super) struct SeenPod {
    /// As `/stats/summary` says; `/metrics/resource` has only names.
    pub(super) uid: Option<PodUid>,
    pub(super) series: Series,
    cpu_page: u64,
    pub(super) memory_page: u64,
    pub(super) containers: Vec<SeenContainer>,
    page: u64,
    /// How far the time of its counter is from its stamp, where our history could locate it.
    pub(super) offset_ns: Option<i64>,
}

impl SeenPod {
    pub(super) fn container(&self, name: &str) -> Option<&SeenContainer> {
        self.containers.iter().find(|container| &*container.name == name)
    }
}

/// Namespace and name.
pub(super) type Key = (Box<str>, Box<str>);

#[derive(Debug, Default)]
pub(super) struct KubeletView {
    pub(super) pods: HashMap<Key, SeenPod>,
    /// Names by the UIDs of the newest summary.
    pub(super) uids: HashMap<PodUid, Key>,
    pub(super) node: Series,
    /// Counts pages.
    pub(super) page: u64,
    pub(super) fetched: Option<Stamp>,
    fine_boot_ns: Option<u64>,
    pub(super) summary: Option<Arc<Summary>>,
    /// The kubelet's clock minus ours, by its counters' places in our histories.
    pub(super) skew_ns: i64,
}

/// Finds when a counter of ours stood at a value: pod, container (or the pod itself), microseconds.
pub(super) type Locate<'a> = &'a dyn Fn(&str, &str, Option<&str>, u64) -> Option<TimeAt>;

impl KubeletView {
    /// Takes `/metrics/resource`.
    pub(super) fn resource(&mut self, page: &ResourcePage, walls: &Walls, locate: Locate<'_>) {
        self.page += 1;
        self.fetched = Some(page.fetched);
        self.fine_boot_ns = Some(page.fetched.boot_ns);
        self.learn_skew(page, walls, locate);
        let clock = Clock { walls, seen: page.fetched, skew_ns: self.skew_ns };
        if let Some(sample) = clock.sample(&page.node) {
            self.node.push(sample);
        }
        for pod in &page.pods {
            let number = self.page;
            let seen = self.pod(&pod.namespace, &pod.pod);
            if let Some(sample) = clock.sample(&pod.sample) {
                seen.series.push(sample);
                seen.cpu_page = number;
                let located = locate(&pod.namespace, &pod.pod, None, sample.usage_ns / 1000);
                seen.offset_ns = located
                    .filter(|at| at.error_ns < LOCATED_NS)
                    .map(|at| sample.boot_ns as i64 - at.boot_ns as i64);
            }
            if pod.sample.working_set_bytes.is_some() {
                seen.memory_page = number;
            }
        }
        for container in &page.containers {
            let number = self.page;
            let seen = self.pod(&container.namespace, &container.pod);
            let seen = seen.take(&container.container, number, container.start_time_s);
            if let Some(sample) = clock.sample(&container.sample) {
                seen.series.push(sample);
                seen.cpu_page = number;
            }
            if container.sample.working_set_bytes.is_some() {
                seen.memory_page = number;
            }
        }
        self.forget();
    }

    /// Takes `/stats/summary`: UIDs, and samples while there is no `/metrics/resource`.
    pub(super) fn summary(&mut self, summary: Arc<Summary>, walls: &Walls, locate: Locate<'_>) {
        let fetched = summary.fetched;
        let is_fine = self.fine_boot_ns.is_some_and(|fine| fetched.boot_ns < fine + 60 * SECOND_NS);
        if !is_fine {
            self.page += 1;
            self.fetched = Some(fetched);
        }
        let number = self.page;
        self.uids.clear();
        for pod in &summary.pods {
            self.uids.insert(pod.uid.clone(), (pod.namespace.clone(), pod.name.clone()));
            let seen = self.pod(&pod.namespace, &pod.name);
            if seen.uid.as_ref().is_some_and(|uid| *uid != pod.uid) {
                *seen = SeenPod { page: number, ..SeenPod::default() };
            }
            if seen.uid.is_none() {
                seen.uid = Some(pod.uid.clone());
            }
            if is_fine {
                continue;
            }
            let coarse =
                |cpu_time: Option<i64>, usage: Option<u64>, memory: Option<u64>, name: Option<&str>| {
                    let at = locate(&pod.namespace, &pod.name, name, usage? / 1000);
                    let stated = walls.boot_ns(cpu_time?.checked_mul(1_000_000_000)?, fetched)?;
                    // The stamp is cut to the second; our own counter tells where in it the value was.
                    let located = at.filter(|at| {
                        at.error_ns < LOCATED_NS
                            && at.boot_ns + SECOND_NS / 4 >= stated
                            && at.boot_ns <= stated + SECOND_NS + SECOND_NS / 4
                    });
                    Some(Sample {
                        boot_ns: located.map_or(stated + SECOND_NS / 2, |at| at.boot_ns),
                        wall_ms: cpu_time? * 1000,
                        usage_ns: usage?,
                        working_set_bytes: memory,
                    })
                };
            let (cpu, memory) = (&pod.cpu, &pod.memory);
            if let Some(sample) =
                coarse(cpu.time_s, cpu.usage_core_nano_seconds, memory.working_set_bytes, None)
            {
                seen.series.push(sample);
                seen.cpu_page = number;
            }
            if memory.working_set_bytes.is_some() {
                seen.memory_page = number;
            }
            for container in summary.containers_of(pod) {
                let ContainerStats { name, cpu, memory, start_time_s, .. } = container;
                let seen = seen.take(name, number, start_time_s.map(|seconds| seconds as f64));
                if let Some(sample) =
                    coarse(cpu.time_s, cpu.usage_core_nano_seconds, memory.working_set_bytes, Some(name))
                {
                    seen.series.push(sample);
                    seen.cpu_page = number;
                }
                if memory.working_set_bytes.is_some() {
                    seen.memory_page = number;
                }
            }
        }
        if !is_fine {
            let node = &summary.node;
            let stated = node.cpu.time_s.and_then(|time| walls.boot_ns(time * 1_000_000_000, fetched));
            if let (Some(boot_ns), Some(usage_ns), Some(time_s)) =
                (stated, node.cpu.usage_core_nano_seconds, node.cpu.time_s)
            {
                let (boot_ns, wall_ms) = (boot_ns + SECOND_NS / 2, time_s * 1000);
                let working_set_bytes = node.memory.working_set_bytes;
                self.node.push(Sample { boot_ns, wall_ms, usage_ns, working_set_bytes });
            }
            self.forget();
        }
        self.summary = Some(summary);
    }

    /// True when the newest page had CPU (memory) of the pod.
    pub(super) fn has(&self, pod: &SeenPod) -> (bool, bool) {
        (pod.cpu_page == self.page, pod.memory_page == self.page)
    }

    pub(super) fn names(&self, container: &SeenContainer) -> bool {
        container.page == self.page
    }

    pub(super) fn forget_all(&mut self) {
        *self = KubeletView { page: self.page + 1, skew_ns: self.skew_ns, ..KubeletView::default() };
    }

    fn pod(&mut self, namespace: &str, name: &str) -> &mut SeenPod {
        let page = self.page;
        let seen = self.pods.entry((namespace.into(), name.into())).or_default();
        seen.page = page;
        seen
    }

    /// Pods that two pages did not name are gone. So the memory is bounded by the node's pods.
    fn forget(&mut self) {
        let page = self.page;
        self.pods.retain(|_, pod| pod.page + 2 > page);
        for pod in self.pods.values_mut() {
            pod.containers.retain(|container| container.page + 2 > page);
        }
    }

    /// A counter of the kubelet's that our history has seen tells the true time of its stamp. Where most tell
    /// the same difference, it is the clock's; a single one is its container's.
    fn learn_skew(&mut self, page: &ResourcePage, walls: &Walls, locate: Locate<'_>) {
        let mut offsets: Vec<i64> = page
            .containers
            .iter()
            .filter_map(|container| {
                let cpu = container.sample.cpu_usage_ns?;
                let stated = walls.boot_ns(cpu.at_ms.checked_mul(1_000_000)?, page.fetched)?;
                let name = Some(&*container.container);
                let at = locate(&container.namespace, &container.pod, name, cpu.value / 1000)?;
                (at.error_ns < LOCATED_NS).then_some(stated as i64 - at.boot_ns as i64)
            })
            .collect();
        if offsets.len() < 2 {
            return;
        }
        let middle = offsets.len() / 2;
        let (_, &mut median, _) = offsets.select_nth_unstable(middle);
        let agreeing = offsets.iter().filter(|&&offset| (offset - median).abs() < SAME_CLOCK_NS).count();
        if agreeing * 3 >= offsets.len() * 2 {
            self.skew_ns = if median.abs() < SAME_CLOCK_NS { 0 } else { median };
        }
    }
}

impl SeenPod {
    fn take(&mut self, name: &str, page: u64, start_time_s: Option<f64>) -> &mut SeenContainer {
        let place = self.containers.iter().position(|container| &*container.name == name);
        let place = place.unwrap_or_else(|| {
            self.containers.push(SeenContainer { name: name.into(), ..SeenContainer::default() });
            self.containers.len() - 1
        });
        let seen = &mut self.containers[place];
        seen.page = page;
        if let Some(start) = start_time_s {
            // The summary's start time is cut to the second.
            if seen.start_time_s.is_some_and(|known| (known - start).abs() > 1.5) {
                seen.series.clear();
                seen.restarted = true;
            }
            seen.start_time_s = Some(start);
        }
        seen
    }
}

/// Turns the kubelet's stamps into our boot time.
struct Clock<'a> {
    walls: &'a Walls,
    seen: Stamp,
    skew_ns: i64,
}

impl Clock<'_> {
    fn sample(&self, sample: &ResourceSample) -> Option<Sample> {
        let cpu = sample.cpu_usage_ns?;
        let wall_ns = cpu.at_ms.checked_mul(1_000_000)?.checked_sub(self.skew_ns)?;
        let boot_ns = self.walls.boot_ns(wall_ns, self.seen)?;
        let memory = sample.working_set_bytes.filter(|memory| memory.at_ms == cpu.at_ms);
        let working_set_bytes = memory.map(|memory| memory.value);
        Some(Sample { boot_ns, wall_ms: cpu.at_ms, usage_ns: cpu.value, working_set_bytes })
    }
}
