use std::time::Duration;

use super::*;
use crate::model::field::Values;
use crate::model::identity::{
    Cgroup, ContainerId, ContainerInfo, ContainerRole, Identity, QosClass, Runtime, UnitKind,
};
use crate::model::reconciled::{ContainerTop, PodReconciliation};
use crate::model::unit::{CpuUse, MemoryUse, UnitId};
use crate::model::window::{Rate, WindowUse};
use crate::model::workload::{Amounts, PodResources, Resources};

fn unit(kind: UnitKind, identity: Option<Identity>, cores: f64, bytes: u64) -> Unit {
    let live = Some(Rate { cores, window_ns: 1, error_cores: 0.0 });
    let mut cpu = CpuUse { live, ..CpuUse::default() };
    cpu.windows[0] =
        Some(WindowUse { mean: cores, max: cores, p50: cores, p95: cores, p99: cores, samples: 1 });
    Unit {
        id: UnitId(0),
        cgroup: Arc::new(Cgroup { path: "/p".into(), kind }),
        identity: identity.map(Arc::new),
        source: SourceKind::Cgroup,
        parent: Some(0),
        created_wall_s: None,
        gone: false,
        values: Values::default(),
        read_at: [None; 3],
        cpu,
        memory: MemoryUse { working_set_bytes: Some(bytes), ..MemoryUse::default() },
        oom_kills: None,
        io: Vec::new(),
        hugetlb: Vec::new(),
        network: None,
    }
}

fn container(pod: &Arc<PodInfo>, name: &str, limit_millicores: Option<u64>, cores: f64) -> Unit {
    let kind = UnitKind::Container {
        id: ContainerId(name.into()),
        pod: Some(PodUid((*pod.uid).into())),
        runtime: Runtime::Containerd,
    };
    let role = if name == "POD" { ContainerRole::Sandbox } else { ContainerRole::App };
    let limits = Amounts { cpu_millicores: limit_millicores, memory_bytes: None };
    let resources = Resources { limits, ..Resources::default() };
    let info = ContainerInfo { name: name.into(), role, resources, ..ContainerInfo::default() };
    unit(kind, Some(Identity { pod: Some(pod.clone()), container: Some(Arc::new(info)) }), cores, 1 << 20)
}

/// A pod of two containers, one of them limited, with its pause container.
fn snapshot() -> Snapshot {
    let resources = PodResources { containers: 2, cpu_limited: 1, ..PodResources::default() };
    let info = PodInfo {
        uid: "u1".into(),
        name: "web".into(),
        namespace: "shop".into(),
        resources,
        ..PodInfo::default()
    };
    let pod = Arc::new(info);
    let kind = UnitKind::Pod { uid: PodUid("u1".into()), qos: QosClass::Burstable };
    let units = vec![
        unit(kind, Some(Identity { pod: Some(pod.clone()), container: None }), 9.0, 9 << 20),
        container(&pod, "a", Some(500), 0.25),
        container(&pod, "b", None, 0.5),
        container(&pod, "POD", None, 1.0),
    ];
    Snapshot { units, windows: Arc::new([Duration::from_secs(15)]), ..Snapshot::default() }
}

#[test]
fn without_another_source_containers_are_summed_over_our_window_without_pause() {
    let cluster = Cluster::of(&snapshot());
    let pod = cluster.pod(&PodUid("u1".into())).unwrap();
    let top = pod.top.unwrap();
    assert_eq!(top.of, SourceKind::Cgroup);
    assert_eq!((top.usage.cpu_nanocores, top.usage.memory_bytes), (Some(750_000_000), Some(2 << 20)));
    assert_eq!(top.usage.window_ns, 15_000_000_000);
    assert_eq!(pod.utilization.cpu_limit.ratio(), Some(0.5), "0.25 of 0.5 cores, b not counted");
    assert_eq!(pod.utilization.memory_limit.ratio(), None);
    assert_eq!((pod.coverage.cpu, pod.coverage.memory), (Some(0.5), Some(0.0)));
}

#[test]
fn a_window_that_is_not_full_yet_is_as_long_as_its_samples() {
    let mut snapshot = snapshot();
    snapshot.sampler.intervals = [Duration::from_millis(100); 3];
    let window = |snapshot: &Snapshot| Cluster::of(snapshot).pods[0].top.unwrap().usage.window_ns;
    assert_eq!(window(&snapshot), 100_000_000, "one sample");
    for unit in &mut snapshot.units {
        unit.cpu.windows[0].as_mut().unwrap().samples = 1000;
    }
    assert_eq!(window(&snapshot), 15_000_000_000);
}

#[test]
fn a_container_without_a_value_leaves_its_pod_out() {
    let mut snapshot = snapshot();
    snapshot.units[2].cpu.windows[0] = None;
    assert_eq!(Cluster::of(&snapshot).pods[0].top, None);
    snapshot.units.remove(0);
    snapshot.units[1].cpu.windows[0] = snapshot.units[0].cpu.windows[0];
    let alone = Cluster::of(&snapshot);
    assert_eq!(alone.pods[0].top, None, "without the pod's cgroup nobody knows that these are all");
}

#[test]
fn a_containers_own_leaf_is_neither_the_node_nor_a_pod() {
    let network = UnitKind::PodNetwork { uid: PodUid("u1".into()) };
    let units = vec![unit(UnitKind::OwnContainer, None, 1.0, 1 << 20), unit(network, None, 1.0, 1 << 20)];
    let blind = Cluster::of(&Snapshot { units, ..snapshot() });
    assert!(blind.pods.is_empty() && blind.node_top.is_none());
    let root = Snapshot { units: vec![unit(UnitKind::Root, None, 1.0, 1 << 20)], ..snapshot() };
    assert_eq!(Cluster::of(&root).node_top.unwrap().usage.cpu_nanocores, Some(1_000_000_000));
}

#[test]
fn what_was_concluded_stands_above_our_own_sum() {
    let mut snapshot = snapshot();
    let usage = Usage { cpu_nanocores: Some(1), memory_bytes: Some(2), at_ms: 3, window_ns: 4 };
    let said = |uid: &str, top| PodReconciliation {
        uid: PodUid(uid.into()),
        info: None,
        values: Reconciliation {
            top,
            top_of: SourceKind::MetricsApi,
            containers: vec![ContainerTop { name: "a".into(), usage }],
            ..Reconciliation::default()
        },
    };
    let reconciled =
        Reconciled { pods: vec![said("u1", Some(usage)), said("u2", None)], ..Reconciled::default() };
    snapshot.reconciled = Some(Arc::new(reconciled));
    let cluster = Cluster::of(&snapshot);
    let pod = &cluster.pods[0];
    assert_eq!(pod.top, Some(Top { usage, of: SourceKind::MetricsApi }));
    assert_eq!(pod.containers[0].top, pod.top);
    assert_eq!(pod.containers[1].top, None, "the other's window is not mixed with ours");
    assert_eq!((cluster.pods.len(), &*cluster.pods[1].uid.0, cluster.pods[1].top), (2, "u2", None));
    assert!(cluster.values_of(&cluster.pods[1]).is_some());
}

#[test]
fn the_noise_of_one_second_does_not_hide_a_difference_of_top() {
    let difference = |view, ours| crate::model::reconciled::Difference {
        view,
        against: SourceKind::Kubelet,
        resource: crate::model::reconciled::Resource::Cpu,
        ours: Some(ours),
        theirs: Some(100),
        cause: Some(crate::model::reconciled::Cause::Window),
        detail: "".into(),
    };
    let pod = |uid: &str, differences| PodReconciliation {
        uid: PodUid(uid.into()),
        info: None,
        values: Reconciliation { differences, ..Reconciliation::default() },
    };
    let noisy = pod("u2", vec![difference(View::Live, 900)]);
    let wrong = pod("u3", vec![difference(View::Live, 100), difference(View::Top, 110)]);
    let reconciled = Reconciled { pods: vec![noisy, wrong], ..Reconciled::default() };
    let mut cluster = Cluster::of(&Snapshot { reconciled: Some(Arc::new(reconciled)), ..snapshot() });
    cluster.show_drift(1);
    let shown: Vec<&str> = cluster.shown_drift.iter().map(|&place| &*cluster.pods[place].uid.0).collect();
    assert_eq!(shown, ["u3"]);
}
