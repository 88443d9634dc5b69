//! A node of pods whose loads are known at every instant, a kubelet that samples it as the real one does, and
//! metrics-server behind that.

use std::sync::Arc;

use podometer::model::identity::{
    ContainerId, ContainerInfo, ContainerRole, Identity, PodInfo, PodUid, QosClass, Runtime, UnitKind,
};
use podometer::model::kubelet::{PodStats, ResourcePage, Summary};
use podometer::model::snapshot::Snapshot;
use podometer::model::stamp::Stamp;
use podometer::model::unit::Unit;

use crate::build::{Reading, snapshot, unit, values};
use crate::page;

pub(crate) const MIB: u64 = 1 << 20;
const WALL_S: f64 = 1_795_223_000.0;

/// Cores over time.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Load {
    Steady(f64),
    /// From one level to another within a hundred seconds, and back.
    Ramp(f64, f64),
    /// Cores, seconds on, seconds of a whole turn.
    Burst(f64, f64, f64),
}

impl Load {
    /// CPU seconds used within the first `t` seconds.
    fn used(self, t: f64) -> f64 {
        match self {
            Load::Steady(cores) => cores * t,
            Load::Ramp(low, high) => {
                // A triangle of 200 s.
                let (turns, rest) = ((t / 200.0).floor(), t % 200.0);
                let slope = (high - low) / 100.0;
                let up = |x: f64| low * x + slope * x * x / 2.0;
                let down = |x: f64| up(100.0) + high * x - slope * x * x / 2.0;
                turns * down(100.0) + if rest < 100.0 { up(rest) } else { down(rest - 100.0) }
            }
            Load::Burst(cores, on, turn) => ((t / turn).floor() * on + (t % turn).min(on)) * cores,
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Container {
    pub(crate) name: String,
    pub(crate) id: u64,
    pub(crate) load: Load,
    pub(crate) memory: u64,
    /// Bytes a second, up and down again within a minute.
    pub(crate) growth: f64,
    pub(crate) born_s: f64,
    pub(crate) gone: bool,
    /// Not seen by us although it runs.
    pub(crate) hidden: bool,
    sample: Option<Sample>,
    next_s: f64,
}

#[derive(Clone, Copy, Debug)]
struct Sample {
    at_s: f64,
    wall_ms: i64,
    usage_usec: u64,
    memory: u64,
}

#[derive(Clone, Debug)]
pub(crate) struct Pod {
    pub(crate) name: String,
    pub(crate) namespace: String,
    /// As our identity has it; differs where it is mislabelled.
    pub(crate) our_namespace: String,
    pub(crate) uid: String,
    pub(crate) kubelet_uid: String,
    pub(crate) id: u64,
    pub(crate) containers: Vec<Container>,
    pub(crate) sandbox_memory: u64,
    /// Charged to the pod's cgroup alone: cores and bytes.
    pub(crate) own: (f64, u64),
    /// What ended containers left in the pod's counter, in microseconds.
    pub(crate) kept_usec: u64,
    pub(crate) host_network: bool,
    pub(crate) hidden: bool,
    /// The kubelet does not tell its CPU.
    pub(crate) untold: bool,
    sample: Option<Sample>,
    next_s: f64,
    identities: Vec<(String, Arc<Identity>)>,
}

pub(crate) struct World {
    pub(crate) pods: Vec<Pod>,
    /// Boot clock.
    pub(crate) now_s: f64,
    /// Wall minus boot.
    pub(crate) wall_s: f64,
    /// Added to the kubelet's stamps.
    pub(crate) kubelet_skew_s: f64,
    /// Seconds that the machine slept: no load then.
    pub(crate) slept_s: f64,
    pub(crate) kubelet_frozen: bool,
    pub(crate) miss_samples: bool,
    pub(crate) seq: u64,
    random: u64,
    next_id: u64,
}

impl World {
    pub(crate) fn new(seed: u64, pods: usize) -> World {
        let mut world = World {
            pods: Vec::new(),
            now_s: 5000.0,
            wall_s: WALL_S,
            kubelet_skew_s: 0.0,
            slept_s: 0.0,
            kubelet_frozen: false,
            miss_samples: false,
            seq: 0,
            random: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            next_id: 1,
        };
        for place in 0..pods {
            let pod = world.pod(place);
            world.pods.push(pod);
        }
        world
    }

    /// Between 0 and 1.
    pub(crate) fn random(&mut self) -> f64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random >> 11) as f64 / (1u64 << 53) as f64
    }

    pub(crate) fn id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    pub(crate) fn container(&mut self, name: &str, load: Load, born_s: f64) -> Container {
        let (memory, growth) = match (self.random() * 3.0) as u32 {
            0 => (80 * MIB, 0.0),
            1 => (200 * MIB, 2e6),
            _ => (30 * MIB, 3e5),
        };
        let next_s = self.now_s + self.random() * 10.0;
        let (id, name) = (self.id(), name.to_owned());
        let (gone, hidden, sample) = (false, false, None);
        Container { name, id, load, memory, growth, born_s, gone, hidden, sample, next_s }
    }

    pub(crate) fn pod(&mut self, place: usize) -> Pod {
        let scale = 0.5 + self.random();
        let load = match place % 6 {
            0 => Load::Steady(0.4 * scale),
            1 => Load::Steady(0.03 * scale),
            2 => Load::Ramp(0.1 * scale, 0.9 * scale),
            3 => Load::Burst(1.0, 2.0 * scale, 9.0),
            4 => Load::Steady(0.0002),
            _ => Load::Burst(0.5, 5.0, 20.0 * scale),
        };
        let mut containers = vec![self.container("app", load, 100.0)];
        if place % 2 == 1 {
            let second = self.container("proxy", Load::Steady(0.05 * scale), 100.0);
            containers.push(second);
        }
        let id = self.id();
        let uid = format!("00000000-0000-0000-0000-{id:012}");
        Pod {
            name: format!("pod-{place}"),
            namespace: "default".into(),
            our_namespace: "default".into(),
            kubelet_uid: uid.clone(),
            uid,
            id,
            containers,
            sandbox_memory: 220 << 10,
            own: (0.0, 0),
            kept_usec: 1_000_000,
            host_network: false,
            hidden: false,
            untold: false,
            sample: None,
            next_s: self.now_s + self.random() * 10.0,
            identities: Vec::new(),
        }
    }

    pub(crate) fn stamp(&self) -> Stamp {
        Stamp {
            boot_ns: (self.now_s * 1e9) as u64,
            wall_ns: ((self.now_s + self.wall_s) * 1e3) as i64 * 1_000_000,
        }
    }

    /// A second passes; the kubelet takes the samples that fall into it, at their own instants.
    pub(crate) fn step(&mut self) {
        let end = self.now_s + 1.0;
        let mut pods = std::mem::take(&mut self.pods);
        let (slept, wall, skew) = (self.slept_s, self.wall_s, self.kubelet_skew_s);
        let wall_ms = |at_s: f64| ((at_s + wall + skew) * 1000.0) as i64;
        for pod in &mut pods {
            if !self.kubelet_frozen {
                if pod.next_s <= end {
                    let at_s = pod.next_s.max(self.now_s);
                    if !self.miss_samples || pod.sample.is_none_or(|sample| at_s - sample.at_s > 25.0) {
                        let (usage_usec, memory) = pod.reading(at_s, slept);
                        pod.sample = Some(Sample { at_s, wall_ms: wall_ms(at_s), usage_usec, memory });
                    }
                    pod.next_s = at_s + 10.0 + self.random() * 8.0;
                }
                for container in pod.containers.iter_mut().filter(|container| !container.gone) {
                    if container.next_s <= end {
                        let at_s = container.next_s.max(self.now_s);
                        if !self.miss_samples
                            || container.sample.is_none_or(|sample| at_s - sample.at_s > 25.0)
                        {
                            let (usage_usec, memory) = container.reading(at_s, slept);
                            container.sample =
                                Some(Sample { at_s, wall_ms: wall_ms(at_s), usage_usec, memory });
                        }
                        container.next_s = at_s + 10.0 + self.random() * 8.0;
                    }
                }
            }
        }
        self.pods = pods;
        self.now_s = end;
    }

    /// What our sampler publishes.
    pub(crate) fn snapshot(&mut self) -> Snapshot {
        self.seq += 1;
        let (now, at, slept) = (self.now_s, self.stamp(), self.slept_s);
        let mut units: Vec<Unit> = Vec::new();
        for pod in &mut self.pods {
            if pod.hidden {
                continue;
            }
            let uid = PodUid(pod.uid.as_str().into());
            let mean = |span: f64, of: &dyn Fn(f64) -> (u64, u64)| {
                Some((of(now).0 as f64 - of(now - span).0 as f64) / span / 1e6)
            };
            let of_pod = |at: f64| pod.reading(at, slept);
            let (usage, memory) = of_pod(now);
            let (live, window) = (mean(1.0, &of_pod), mean(15.0, &of_pod));
            let kind = UnitKind::Pod { uid: uid.clone(), qos: QosClass::Burstable };
            let identity = pod.identity("");
            let reading = |id, kind, identity, usage, memory, live, window, born: f64, gone| Reading {
                id,
                kind,
                identity: Some(identity),
                at,
                values: values(usage, memory + 4096, 4096),
                live,
                window,
                created_wall_s: Some(born + WALL_S),
                gone,
            };
            units.push(unit(reading(pod.id, kind, identity, usage, memory, live, window, 50.0, false)));
            let sandbox = pod.identity("\0sandbox");
            let kind = |id: u64| UnitKind::Container {
                id: ContainerId(format!("{id:064}").into()),
                pod: Some(uid.clone()),
                runtime: Runtime::Containerd,
            };
            let (id, memory) = (pod.id + 1_000_000, pod.sandbox_memory);
            units.push(unit(reading(id, kind(id), sandbox, 30_000, memory, None, None, 50.0, false)));
            for container in pod.containers.clone() {
                if container.hidden {
                    continue;
                }
                let of = |at: f64| container.reading(at, slept);
                let (usage, memory) = of(now);
                let identity = pod.identity(&container.name);
                let (live, window) = (mean(1.0, &of), mean(15.0, &of));
                let (id, born, gone) = (container.id, container.born_s, container.gone);
                units.push(unit(reading(id, kind(id), identity, usage, memory, live, window, born, gone)));
            }
        }
        for pod in &mut self.pods {
            pod.containers.retain(|container| !container.gone);
        }
        snapshot(self.seq, at, units)
    }

    /// `/metrics/resource`.
    pub(crate) fn text(&self) -> String {
        use std::fmt::Write;
        let mut text = String::new();
        for pod in &self.pods {
            let (namespace, name) = (&pod.namespace, &pod.name);
            let labels = format!("namespace=\"{namespace}\",pod=\"{name}\"");
            if let Some(sample) = pod.sample.filter(|_| !pod.untold) {
                let (usage, memory, at) = (sample.usage_usec, sample.memory, sample.wall_ms);
                writeln!(text, "pod_cpu_usage_seconds_total{{{labels}}} {} {at}", usage as f64 / 1e6)
                    .unwrap();
                writeln!(text, "pod_memory_working_set_bytes{{{labels}}} {memory} {at}").unwrap();
            }
            for container in &pod.containers {
                let Some(sample) = container.sample else { continue };
                let labels = format!("container=\"{}\",{labels}", container.name);
                let (usage, memory, at) = (sample.usage_usec, sample.memory, sample.wall_ms);
                writeln!(text, "container_cpu_usage_seconds_total{{{labels}}} {} {at}", usage as f64 / 1e6)
                    .unwrap();
                writeln!(text, "container_memory_working_set_bytes{{{labels}}} {memory} {at}").unwrap();
                let start = container.born_s + WALL_S;
                writeln!(text, "container_start_time_seconds{{{labels}}} {start}").unwrap();
            }
        }
        text
    }

    pub(crate) fn resource(&self) -> ResourcePage {
        page::parse(&self.text(), self.stamp())
    }

    /// As little of `/stats/summary` as binds UIDs to names.
    pub(crate) fn summary(&self) -> Arc<Summary> {
        let pods = self.pods.iter().filter(|pod| pod.sample.is_some()).map(|pod| PodStats {
            uid: PodUid(pod.kubelet_uid.as_str().into()),
            namespace: pod.namespace.as_str().into(),
            name: pod.name.as_str().into(),
            ..PodStats::default()
        });
        Arc::new(Summary { fetched: self.stamp(), pods: pods.collect(), ..Summary::default() })
    }
}

impl Container {
    pub(crate) fn reading(&self, at_s: f64, slept_s: f64) -> (u64, u64) {
        // Nothing runs while the machine sleeps; all loads began long ago.
        let age = (at_s - self.born_s - slept_s).max(0.0);
        let phase = (at_s % 60.0 - 30.0).abs();
        let memory = self.memory + (self.growth * phase) as u64 / 4096 * 4096;
        ((self.load.used(age) * 1e6) as u64, memory)
    }
}

impl Pod {
    pub(crate) fn reading(&self, at_s: f64, slept_s: f64) -> (u64, u64) {
        let own = (self.own.0 * (at_s - slept_s) * 1e6) as u64;
        let first = (self.kept_usec + 30_000 + own, self.sandbox_memory + self.own.1);
        let running = self.containers.iter().filter(|container| !container.gone);
        running.map(|container| container.reading(at_s, slept_s)).fold(first, |a, b| (a.0 + b.0, a.1 + b.1))
    }

    fn identity(&mut self, container: &str) -> Arc<Identity> {
        if let Some((_, identity)) = self.identities.iter().find(|(name, _)| name == container) {
            return identity.clone();
        }
        let info = Arc::new(PodInfo {
            namespace: self.our_namespace.as_str().into(),
            name: self.name.as_str().into(),
            uid: self.uid.as_str().into(),
            host_network: self.host_network,
            ..PodInfo::default()
        });
        let is_sandbox = container == "\0sandbox";
        let role = if is_sandbox { ContainerRole::Sandbox } else { ContainerRole::App };
        let name = if is_sandbox { "" } else { container };
        let container_info = (!container.is_empty())
            .then(|| Arc::new(ContainerInfo { name: name.into(), role, ..ContainerInfo::default() }));
        let identity = Arc::new(Identity { pod: Some(info), container: container_info });
        self.identities.push((container.to_owned(), identity.clone()));
        identity
    }

    /// Forgets what was made of its names.
    pub(crate) fn relabel(&mut self) {
        self.identities.clear();
    }
}
