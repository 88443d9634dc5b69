//! What the other sources say of the sample's pods: one difference of each kind, a volume, a pod of the kubelet's.

use std::sync::Arc;

use podometer::model::identity::{
    Cgroup, ContainerInfo, ContainerRole, Identity, PodInfo, PodUid, QosClass, UnitKind,
};
use podometer::model::kubelet::{
    ContainerStats, FsStats, NetworkStats, NodeStats, PodStats, Summary, VolumeStats,
};
use podometer::model::reconciled::{
    Cause, Choice, ContainerTop, Difference, PodReconciliation, Reconciled, Reconciliation, Resource,
    SourceKind, Usage, View,
};
use podometer::model::unit::{CpuUse, Unit};
use podometer::model::workload::{Amounts, ContainerState, Owner, Phase, PodResources, Resources};

use super::{UID, at, unit};

const FOREIGN: &str = "f0f0f0f0-1111-4222-8333-444444444444";

pub(crate) fn resources() -> Resources {
    Resources {
        requests: Amounts { cpu_millicores: Some(100), memory_bytes: Some(32 << 20) },
        limits: Amounts { cpu_millicores: Some(200), memory_bytes: Some(128 << 20) },
    }
}

/// The sample's named pod: one container runs, limited; one waits, and has no limit.
pub(crate) fn pod_info() -> PodInfo {
    let mix = ContainerInfo {
        name: "mix".into(),
        image: "lab.local/load:1".into(),
        image_id: "sha256:1".into(),
        restart_count: 3,
        resources: resources(),
        state: ContainerState::Running { started_at: Some(1_795_222_470) },
        last_termination: "OOMKilled".into(),
        is_ready: true,
        ..ContainerInfo::default()
    };
    let waiting = ContainerState::Waiting { reason: "CrashLoopBackOff".into() };
    let crash = ContainerInfo { name: "crash".into(), state: waiting, ..ContainerInfo::default() };
    let init = ContainerInfo { name: "init".into(), role: ContainerRole::Init, ..ContainerInfo::default() };
    PodInfo {
        namespace: "default".into(),
        name: "guar".into(),
        uid: UID.into(),
        node: "n1".into(),
        owner: Some(Owner { kind: "Deployment".into(), name: "guar".into() }),
        qos: Some(QosClass::Burstable),
        phase: Phase::Running,
        resources: PodResources {
            sums: resources(),
            containers: 2,
            cpu_limited: 1,
            memory_limited: 1,
            ..PodResources::default()
        },
        containers: vec![Arc::new(init), Arc::new(mix), Arc::new(crash)],
        ..PodInfo::default()
    }
}

/// A pod that no cgroup here stands for.
pub(crate) fn foreign() -> Unit {
    let kind = UnitKind::Pod { uid: PodUid(FOREIGN.into()), qos: QosClass::BestEffort };
    let mut foreign = unit(11, "/kubelet/pod-foreign", kind);
    foreign.cgroup =
        Arc::new(Cgroup { path: "/kubelet/pod-foreign".into(), kind: foreign.cgroup.kind.clone() });
    let info = PodInfo {
        namespace: "far".into(),
        name: "away".into(),
        uid: FOREIGN.into(),
        node: "n1".into(),
        phase: Phase::Running,
        ..PodInfo::default()
    };
    foreign.identity = Some(Arc::new(Identity { pod: Some(Arc::new(info)), container: None }));
    foreign.source = SourceKind::Kubelet;
    foreign.cpu = CpuUse::default();
    foreign.io.clear();
    foreign
}

fn usage(nanocores: u64, bytes: u64) -> Usage {
    Usage {
        cpu_nanocores: Some(nanocores),
        memory_bytes: Some(bytes),
        at_ms: at(0).wall_ms(),
        window_ns: 15_500_000_000,
    }
}

fn difference(
    view: View,
    against: SourceKind,
    resource: Resource,
    values: (u64, u64),
    cause: Option<Cause>,
) -> Difference {
    let (ours, theirs) = (Some(values.0), Some(values.1));
    Difference { view, against, resource, ours, theirs, cause, detail: "told \"why\"".into() }
}

fn fs(used: u64) -> FsStats {
    FsStats {
        time_s: Some(1_795_222_700),
        available_bytes: Some(9000),
        capacity_bytes: Some(10_000),
        used_bytes: Some(used),
        inodes: Some(100),
        inodes_free: Some(90),
        inodes_used: Some(10),
    }
}

fn summary() -> Summary {
    let network = NetworkStats {
        name: "eth0".into(),
        rx_bytes: Some(77),
        rx_errors: Some(0),
        tx_bytes: Some(88),
        tx_errors: Some(0),
        ..NetworkStats::default()
    };
    let claim = |name: &str| VolumeStats {
        name: name.into(),
        fs: fs(1000),
        claim: Some(("default".into(), "data".into())),
    };
    let pod = |uid: &str, namespace: &str, name: &str| PodStats {
        uid: PodUid(uid.into()),
        namespace: namespace.into(),
        name: name.into(),
        network: network.clone(),
        ..PodStats::default()
    };
    let guar = PodStats {
        ephemeral_storage: fs(500),
        containers: 0..1,
        volumes: 0..2,
        ..pod(UID, "default", "guar")
    };
    Summary {
        node: NodeStats { fs: fs(1), image_fs: fs(2), ..NodeStats::default() },
        pods: vec![guar, PodStats { volumes: 2..3, ..pod(FOREIGN, "far", "away") }],
        containers: vec![ContainerStats {
            name: "mix".into(),
            rootfs: fs(300),
            logs: fs(200),
            ..ContainerStats::default()
        }],
        volumes: vec![
            claim("data"),
            VolumeStats { name: "scratch".into(), fs: fs(5), claim: None },
            claim("same-claim"),
        ],
        ..Summary::default()
    }
}

pub(crate) fn reconciled() -> Reconciled {
    let guar = Reconciliation {
        top: Some(usage(16_000_000, 24 << 20)),
        top_of: SourceKind::MetricsApi,
        containers: vec![ContainerTop { name: "mix".into(), usage: usage(16_000_000, 24 << 20) }],
        differences: vec![
            difference(
                View::Top,
                SourceKind::MetricsApi,
                Resource::Cpu,
                (16_000_000, 15_000_000),
                Some(Cause::Stale),
            ),
            difference(View::Top, SourceKind::MetricsApi, Resource::Memory, (24 << 20, 24 << 20), None),
            difference(View::Pod, SourceKind::Kubelet, Resource::Memory, (1, 4), Some(Cause::Unexplained)),
        ],
        ..Reconciliation::default()
    };
    let far = Reconciliation { source: SourceKind::Kubelet, ..Reconciliation::default() };
    let pod = |uid: &str, values| PodReconciliation { uid: PodUid(uid.into()), info: None, values };
    Reconciled {
        taken: at(12_000),
        pods: vec![pod(UID, guar), pod(FOREIGN, far)],
        node: Some(Reconciliation {
            top: Some(usage(1_283_411_902, 506_658_816)),
            top_of: SourceKind::MetricsApi,
            ..Reconciliation::default()
        }),
        summary: Some(Arc::new(summary())),
        choices: vec![Choice { value: "cpu", source: SourceKind::Cgroup, reason: "best" }],
        ..Reconciled::default()
    }
}
