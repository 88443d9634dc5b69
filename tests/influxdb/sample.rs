//! A small node with everything that has rows of its own, and a large one for benches.
#![allow(
    dead_code,
    clippy::unnecessary_wraps,
    reason = "shared by a test and a bench, each of which uses a part"
)]

use std::sync::Arc;
use std::time::Duration;

use podometer::model::field::Field;
use podometer::model::identity::{
    Cgroup, ContainerId, ContainerInfo, ContainerRole, Identity, PodInfo, PodUid, QosClass, Runtime, UnitKind,
};
use podometer::model::kubelet::{
    ContainerStats, CpuStats, FsStats, NetworkStats, NodeStats, PodStats, Summary, VolumeStats,
};
use podometer::model::node::Node;
use podometer::model::reconciled::{
    Cause, Difference, PodReconciliation, Reconciled, Reconciliation, Resource, SourceKind, Usage, View,
};
use podometer::model::snapshot::Snapshot;
use podometer::model::stamp::{Bracket, Stamp};
use podometer::model::unit::{Interface, IoDevice, MAX_WINDOWS, Pace, Unit, UnitId};
use podometer::model::window::{Rate, WindowUse};
use podometer::model::workload::{Amounts, PodResources, Resources};

pub(crate) const TAKEN_NS: i64 = 1_790_000_000_123_456_789;
const UID: &str = "5ab1f3a2-0c1d-4f6e-9d7c-0123456789ab";

/// A unit with a number in every field that the kernel has on a leaf.
pub(crate) fn unit(id: u64, path: &str, kind: UnitKind, parent: Option<u32>) -> Unit {
    let stamp = Stamp { boot_ns: 1_000_000_000, wall_ns: TAKEN_NS - 5_000_000 };
    let mut unit = Unit {
        id: UnitId(id),
        cgroup: Arc::new(Cgroup { path: path.into(), kind }),
        identity: None,
        source: podometer::model::reconciled::SourceKind::Cgroup,
        parent,
        created_wall_s: None,
        gone: false,
        values: podometer::model::field::Values::default(),
        read_at: [Some(Bracket { after: stamp, width_ns: 1000 }); Pace::COUNT],
        cpu: podometer::model::unit::CpuUse::default(),
        memory: podometer::model::unit::MemoryUse::default(),
        oom_kills: Some(0),
        io: vec![
            IoDevice {
                major: 8,
                minor: 0,
                rbytes: Some(4096),
                wbytes: Some(8192),
                rios: Some(1),
                wios: Some(2),
                ..IoDevice::default()
            },
            IoDevice { major: 8, minor: 16, rbytes: Some(512), rios: Some(1), ..IoDevice::default() },
        ],
        hugetlb: Vec::new(),
        network: None,
    };
    for (at, &field) in Field::ALL.iter().enumerate() {
        unit.values.set(field, 1_000_000 * id + 1000 + at as u64);
    }
    unit.values.set(Field::MemoryCurrent, 64 << 20);
    unit.values.set(Field::InactiveFile, 1 << 20);
    unit.values.set(Field::MemoryMax, 128 << 20);
    unit.values.set(Field::CpuQuotaUsec, 25_000);
    unit.values.set(Field::CpuPeriodUsec, 100_000);
    unit.values.set_max(Field::PidsMax);
    unit.memory.working_set_bytes = podometer::model::unit::working_set_bytes(&unit.values);
    unit.cpu.live = Some(Rate { cores: 0.123_456_789, window_ns: 1_000_000_000, error_cores: 0.0 });
    let window = WindowUse { mean: 0.125, max: 1.0, p50: 0.1, p95: 0.5, p99: 0.75, samples: 150 };
    let mut windows = [None; MAX_WINDOWS];
    windows[0] = Some(window);
    unit.cpu.windows = windows;
    unit.memory.window_max_bytes[0] = Some(65 << 20);
    unit.memory.window_max_bytes[1] = Some(66 << 20);
    unit
}

pub(crate) fn pod_kind(uid: &str) -> UnitKind {
    UnitKind::Pod { uid: PodUid(uid.into()), qos: QosClass::Burstable }
}

pub(crate) fn container_kind(id: u64, uid: Option<&str>) -> UnitKind {
    UnitKind::Container {
        id: ContainerId(format!("{id:064x}").into()),
        pod: uid.map(|uid| PodUid(uid.into())),
        runtime: Runtime::Containerd,
    }
}

pub(crate) fn pod_info(name: &str, uid: &str) -> Arc<PodInfo> {
    Arc::new(PodInfo {
        namespace: "shop".into(),
        name: name.into(),
        uid: uid.into(),
        node: "n1".into(),
        labels: vec![
            ("app".into(), "web, blue=1".into()),
            ("namespace".into(), "label of the same name".into()),
        ],
        resources: PodResources {
            sums: Resources {
                requests: Amounts { cpu_millicores: Some(100), memory_bytes: None },
                limits: Amounts { cpu_millicores: Some(500), memory_bytes: Some(128 << 20) },
            },
            containers: 2,
            cpu_limited: 1,
            memory_limited: 2,
            ..PodResources::default()
        },
        ..PodInfo::default()
    })
}

pub(crate) fn identity(
    pod: &Arc<PodInfo>,
    container: Option<(&str, &str, ContainerRole)>,
) -> Option<Arc<Identity>> {
    let container = container.map(|(name, image, role)| {
        Arc::new(ContainerInfo {
            name: name.into(),
            image: image.into(),
            role,
            resources: Resources {
                limits: Amounts { cpu_millicores: Some(500), memory_bytes: None },
                ..Resources::default()
            },
            ..ContainerInfo::default()
        })
    });
    Some(Arc::new(Identity { pod: Some(Arc::clone(pod)), container }))
}

fn interface(name: &str, base: u64) -> Interface {
    Interface {
        name: name.into(),
        rx_bytes: base + 1,
        rx_errors: base + 2,
        tx_bytes: base + 3,
        tx_errors: base + 4,
        ..Interface::default()
    }
}

/// One Kubernetes node with a named pod, a restarted container, an unnamed pod and plain units.
pub(crate) fn small() -> Snapshot {
    let mut units = vec![
        unit(1, "/", UnitKind::Root, None),
        unit(2, "/kubepods.slice", UnitKind::AllPods, Some(0)),
        unit(3, "/kubepods.slice/kubepods-burstable.slice", UnitKind::Qos(QosClass::Burstable), Some(1)),
        unit(4, "/kubepods.slice/p", pod_kind(UID), Some(2)),
        unit(5, "/kubepods.slice/p/web", container_kind(5, Some(UID)), Some(3)),
        unit(6, "/kubepods.slice/p/pause", container_kind(6, Some(UID)), Some(3)),
        unit(7, "/kubepods.slice/p/web-old", container_kind(7, Some(UID)), Some(3)),
        unit(8, "/kubepods.slice/p/web/inner", UnitKind::Other, Some(4)),
        unit(9, "/kubepods.slice/q", pod_kind("b8bda1f2"), Some(2)),
        unit(10, "/kubepods.slice/q/x", container_kind(10, Some("b8bda1f2")), Some(8)),
        unit(11, "/system.slice", UnitKind::Slice, Some(0)),
        unit(12, "/system.slice/docker.service", UnitKind::Service, Some(10)),
        unit(13, "/system.slice/containerd.service", UnitKind::Service, Some(10)),
        unit(14, "/system.slice/kubelet.service", UnitKind::Service, Some(10)),
        unit(15, r"/system.slice/fsck@dev-disk\x2d1.service", UnitKind::Service, Some(10)),
        unit(16, "/system.slice/docker-1.scope", container_kind(16, None), Some(10)),
    ];
    for field in [Field::MemoryCurrent, Field::MemoryMax, Field::PidsCurrent, Field::CpuQuotaUsec] {
        units[0].values.clear(field);
    }
    units[0].memory.working_set_bytes = podometer::model::unit::working_set_bytes(&units[0].values);
    let pod = pod_info("web-0", UID);
    units[3].identity = identity(&pod, None);
    units[3].oom_kills = Some(2);
    units[3].network = Some(Arc::new(vec![interface("lo", 0), interface("eth0", 100)]));
    let image = "registry.example:5000/shop/web:1.2";
    units[4].identity = identity(&pod, Some(("web", image, ContainerRole::App)));
    units[5].identity = identity(&pod, Some(("POD", "pause:3", ContainerRole::Sandbox)));
    units[6].identity = identity(&pod, Some(("web", "web:1.2", ContainerRole::App)));
    units[6].gone = true;
    units[8].network = Some(Arc::new(vec![interface("lo", 0), interface("net1", 200)]));
    // A container without the memory controller, whose rate is not known yet.
    for file in [podometer::model::field::File::MemoryCurrent, podometer::model::field::File::MemoryStat] {
        units[9].values.clear_file(file);
    }
    units[9].memory.working_set_bytes = None;
    units[9].cpu.live = None;
    Snapshot {
        seq: 1,
        taken: Stamp { boot_ns: 1_000_000_000, wall_ns: TAKEN_NS },
        windows: Arc::new([Duration::from_secs(15), Duration::from_mins(1)]),
        units,
        node: Some(Arc::new(Node::default())),
        node_name: "n1".into(),
        sampler: podometer::model::snapshot::SamplerStats::default(),
        reconciled: Some(Arc::new(reconciled())),
        ..Snapshot::default()
    }
}

fn fs(used: u64) -> FsStats {
    FsStats {
        available_bytes: Some(9000),
        capacity_bytes: Some(10_000),
        used_bytes: Some(used),
        ..FsStats::default()
    }
}

/// The kubelet's summary of the named pod and of a container that has no cgroup here; metrics-server's window.
fn reconciled() -> Reconciled {
    let system = |name: &str| ContainerStats {
        name: name.into(),
        cpu: CpuStats { usage_nano_cores: Some(7), ..CpuStats::default() },
        rootfs: fs(1),
        logs: fs(2),
        ..ContainerStats::default()
    };
    let network = NetworkStats { rx_bytes: Some(77), tx_bytes: Some(88), ..NetworkStats::default() };
    let pod = PodStats {
        uid: PodUid(UID.into()),
        network,
        ephemeral_storage: fs(500),
        containers: 0..1,
        volumes: 0..2,
        ..PodStats::default()
    };
    let web =
        ContainerStats { name: "web".into(), rootfs: fs(300), logs: fs(200), ..ContainerStats::default() };
    let volume = |name: &str| VolumeStats { name: name.into(), fs: fs(5), claim: None };
    let summary = Summary {
        node: NodeStats {
            fs: fs(1),
            image_fs: fs(2),
            system_containers: vec![system("kubelet"), system("misc")],
            ..NodeStats::default()
        },
        pods: vec![pod],
        containers: vec![web],
        volumes: vec![volume("data"), volume("config map")],
        ..Summary::default()
    };
    let usage = Usage {
        cpu_nanocores: Some(16_000_000),
        memory_bytes: Some(63 << 20),
        at_ms: 0,
        window_ns: 15_500_000_000,
    };
    let difference = |resource, ours, theirs, cause| Difference {
        view: View::Top,
        against: SourceKind::MetricsApi,
        resource,
        ours: Some(ours),
        theirs: Some(theirs),
        cause,
        detail: "".into(),
    };
    let values = Reconciliation {
        top: Some(usage),
        top_of: SourceKind::MetricsApi,
        differences: vec![
            difference(Resource::Cpu, 16_000_000, 17_000_000, Some(Cause::Window)),
            difference(Resource::Memory, 63 << 20, 63 << 20, None),
        ],
        ..Reconciliation::default()
    };
    Reconciled {
        pods: vec![PodReconciliation { uid: PodUid(UID.into()), info: None, values }],
        summary: Some(Arc::new(summary)),
        ..Reconciled::default()
    }
}

/// `pods` named pods with three containers each.
pub(crate) fn large(pods: u64) -> Snapshot {
    let mut snapshot = small();
    snapshot.units.truncate(3);
    for at in 0..pods {
        let uid = format!("5ab1f3a2-0c1d-4f6e-9d7c-{at:012x}");
        let pod = pod_info(&format!("deployment-7d9c5b6f8-{at:05}"), &uid);
        let parent = snapshot.units.len() as u32;
        let mut row = unit(at * 10 + 100, &format!("/kubepods.slice/pod{uid}"), pod_kind(&uid), Some(2));
        row.identity = identity(&pod, None);
        row.network = Some(Arc::new(vec![interface("eth0", at)]));
        snapshot.units.push(row);
        for container in 0..3 {
            let id = at * 10 + 101 + container;
            let kind = container_kind(id, Some(&uid));
            let mut row = unit(id, &format!("/kubepods.slice/pod{uid}/{id}"), kind, Some(parent));
            let name = format!("container-{container}");
            row.identity = identity(&pod, Some((&name, "registry.example/shop/web:1.2", ContainerRole::App)));
            snapshot.units.push(row);
        }
    }
    snapshot
}

pub(crate) fn options(host: &str) -> podometer::encode::influx::Options {
    podometer::encode::influx::Options {
        host: host.into(),
        tags: vec![("site".into(), "lab 1".into())],
        precision: podometer::encode::influx::Precision::Ns,
        limits: podometer::encode::influx::Limits::default(),
        filter: podometer::encode::influx::Filter::default(),
        node_facts: |_| podometer::encode::schema::kubernetes::NodeFacts {
            memory_total_bytes: Some(8 << 30),
            network: Some(interface("eth0", 1000)),
        },
    }
}
