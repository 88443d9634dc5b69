use std::sync::Arc;

use super::*;
use crate::model::field::{Field, Values};
use crate::model::identity::{
    Cgroup, ContainerId, ContainerInfo, ContainerRole, Identity, PodInfo, PodUid, QosClass, Runtime,
};
use crate::model::stamp::Stamp;
use crate::model::unit::{CpuUse, MemoryUse, PeakMethod, UnitId};
use crate::model::window::{Rate, WindowUse};

fn unit(path: &str, kind: UnitKind, parent: Option<u32>) -> Unit {
    Unit {
        id: UnitId(0),
        cgroup: Arc::new(Cgroup { path: path.into(), kind }),
        identity: None,
        source: crate::model::reconciled::SourceKind::Cgroup,
        parent,
        created_wall_s: None,
        gone: false,
        values: Values::default(),
        read_at: [None; 3],
        cpu: CpuUse::default(),
        memory: MemoryUse::default(),
        oom_kills: None,
        io: Vec::new(),
        hugetlb: Vec::new(),
        network: None,
    }
}

fn container(path: &str, id: &str, pod: Option<&str>, parent: Option<u32>) -> Unit {
    let pod = pod.map(|uid| PodUid(uid.into()));
    let kind = UnitKind::Container { id: ContainerId(id.into()), pod, runtime: Runtime::Containerd };
    unit(path, kind, parent)
}

fn named(name: &str, role: ContainerRole) -> Arc<Identity> {
    let info = ContainerInfo {
        name: name.into(),
        image: "reg/app:1".into(),
        role,
        restart_count: 0,
        ..ContainerInfo::default()
    };
    let pod = PodInfo { namespace: "shop".into(), name: "cart-0".into(), ..PodInfo::default() };
    Arc::new(Identity { pod: Some(Arc::new(pod)), container: Some(Arc::new(info)) })
}

fn snapshot() -> Snapshot {
    let pod_kind = UnitKind::Pod { uid: PodUid("u1".into()), qos: QosClass::Burstable };
    let mut units = vec![
        unit("/", UnitKind::Root, None),
        unit("/kubepods", UnitKind::AllPods, Some(0)),
        unit("/kubepods/podu1", pod_kind, Some(1)),
        container("/kubepods/podu1/c1", "c1", Some("u1"), Some(2)),
        container("/kubepods/podu1/c2", "c2", Some("u1"), Some(2)),
        container("/kubepods/podu1/c3", "c3", Some("u1"), Some(2)),
        unit("/kubepods/podu1/c1/inner", UnitKind::Other, Some(3)),
        container("/system.slice/docker-d1.scope", "d1", None, Some(0)),
        unit("/system.slice/gone.service", UnitKind::Service, Some(0)),
    ];
    units[3].identity = Some(named("app", ContainerRole::App));
    units[4].identity = Some(named("pause", ContainerRole::Sandbox));
    units[8].gone = true;

    let app = &mut units[3];
    app.created_wall_s = Some(1_700_000_000.0);
    for (field, value) in [
        (Field::UsageUsec, 2_500_000),
        (Field::NrPeriods, 200),
        (Field::NrThrottled, 50),
        (Field::ThrottledUsec, 1_250_000),
        (Field::CpuQuotaUsec, 50_000),
        (Field::CpuPeriodUsec, 100_000),
        (Field::MemoryCurrent, 3 << 20),
        (Field::CpuSomeAvg10, 1234),
        (Field::PidsCurrent, 7),
    ] {
        app.values.set(field, value);
    }
    app.values.set_max(Field::MemoryMax);
    app.cpu.live = Some(Rate { cores: 0.25, window_ns: 1_000_000_000, error_cores: 0.001 });
    app.cpu.windows[0] = Some(WindowUse { mean: 0.2, max: 1.0, p50: 0.1, p95: 0.5, p99: 0.75, samples: 150 });
    app.memory = MemoryUse {
        working_set_bytes: Some(2 << 20),
        window_max_bytes: [Some(4 << 20), None, None, None],
        peak_method: Some(PeakMethod::Sampled),
    };
    app.oom_kills = Some(1);
    Snapshot {
        taken: Stamp { boot_ns: 0, wall_ns: 1_700_000_060_123_456_789 },
        windows: vec![Duration::from_secs(15), Duration::from_mins(1)].into(),
        units,
        node_name: "node-1".into(),
        ..Snapshot::default()
    }
}

#[test]
fn every_unit_has_one_place() {
    let document = pods(&snapshot());
    assert_eq!((document.node.as_str(), document.taken.as_str()), ("node-1", "2023-11-14T22:14:20.123Z"));
    assert_eq!(document.root.as_ref().unwrap().path, "/");
    let ids = |rows: &[Row]| rows.iter().filter_map(|row| row.container_id.clone()).collect::<Vec<_>>();
    assert_eq!(document.pods.len(), 1);
    assert_eq!(ids(&document.pods[0].containers), ["c1", "c3"], "the pause container is no row");
    let paths: Vec<&str> = document.units.iter().map(|row| row.path.as_str()).collect();
    assert_eq!(paths, ["/kubepods", "/system.slice/docker-d1.scope"], "neither inner nor gone cgroups");
}

#[test]
fn a_full_row_and_an_empty_one() {
    let document = pods(&snapshot());
    let row = |index: usize| serde_json::to_value(&document.pods[0].containers[index]).unwrap();
    assert_eq!(
        row(0),
        serde_json::json!({
            "namespace": "shop", "pod": "cart-0", "uid": "u1", "container": "app", "container_id": "c1",
            "image": "reg/app:1", "role": "app", "path": "/kubepods/podu1/c1", "kind": "container",
            "source": "cgroup", "restarts": 0,
            "top": {"cpu_cores": 0.2, "memory_bytes": 2_097_152, "at": "2023-11-14T22:14:20.123Z",
                    "window_seconds": 15.0, "of": "cgroup"},
            "cpu": {
                "usage_seconds": 2.5, "live_cores": 0.25, "error_cores": 0.001,
                "windows": [{"window_seconds": 15.0, "mean_cores": 0.2, "max_cores": 1.0, "p50_cores": 0.1,
                             "p95_cores": 0.5, "p99_cores": 0.75}],
                "throttled_seconds": 1.25, "throttled_percent": 25.0, "quota_cores": 0.5,
            },
            "memory": {
                "working_set_bytes": 2_097_152, "usage_bytes": 3_145_728, "max_bytes": null,
                "windows": [{"window_seconds": 15.0, "max_bytes": 4_194_304}], "peak_method": "sampled",
            },
            "oom_kills": 1, "psi": {"cpu_some_avg10": 12.34}, "pids": 7, "age_seconds": 60.123,
        })
    );
    assert_eq!(
        row(1),
        serde_json::json!({
            "uid": "u1", "container_id": "c3", "path": "/kubepods/podu1/c3", "kind": "container",
            "source": "cgroup",
            "cpu": {"windows": []}, "memory": {"windows": []}, "psi": {},
        }),
        "what was not read is not there"
    );
}

#[test]
fn the_document_survives_its_own_json() {
    let document = pods(&snapshot());
    let text = serde_json::to_string(&document).unwrap();
    assert_eq!(serde_json::from_str::<PodsDocument>(&text).unwrap(), document);
}
