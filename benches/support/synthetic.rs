//! A node of any size: pods of two containers each, all common fields set, values that differ by unit.

use std::sync::Arc;
use std::time::Duration;

use podometer::model::field::{Field, File, Values, fields_of};
use podometer::model::histogram::NativeHistogram;
use podometer::model::identity::{
    Cgroup, ContainerId, ContainerInfo, ContainerRole, Identity, PodInfo, PodUid, QosClass, Runtime, UnitKind,
};
use podometer::model::snapshot::Snapshot;
use podometer::model::stamp::{Bracket, Stamp};
use podometer::model::unit::{CpuUse, IoDevice, MemoryUse, PeakMethod, Unit, UnitId};
use podometer::model::window::{Rate, WindowUse};

/// A snapshot with this many pods.
pub(crate) fn snapshot(pods: u64, seq: u64) -> Snapshot {
    let mut units = vec![unit(1, "/".to_owned(), UnitKind::Root, None, seq)];
    for pod in 0..pods {
        let uid = format!("63f8f95c-2cab-4e91-8271-{pod:012x}");
        let path = format!(
            "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{}.slice",
            uid.replace('-', "_")
        );
        let info = Arc::new(PodInfo {
            namespace: format!("team-{}", pod % 20).into(),
            name: format!("service-{}-7d9f8b6c5-{pod:05x}", pod % 50).into(),
            uid: uid.as_str().into(),
            ..PodInfo::default()
        });
        let kind = UnitKind::Pod { uid: PodUid(uid.as_str().into()), qos: QosClass::Burstable };
        let identity = Identity { pod: Some(Arc::clone(&info)), container: None };
        units.push(unit(10 * pod + 10, path.clone(), kind, Some(Arc::new(identity)), seq));
        for name in ["app", "proxy"] {
            let id = 10 * pod + 11 + u64::from(name == "proxy");
            let runtime_id = format!("{id:064x}");
            let kind = UnitKind::Container {
                id: ContainerId(runtime_id.as_str().into()),
                pod: Some(PodUid(uid.as_str().into())),
                runtime: Runtime::Containerd,
            };
            let container = ContainerInfo {
                name: name.into(),
                image: format!("registry.example/team/{name}:1.{}", pod % 7).into(),
                role: ContainerRole::App,
                ..ContainerInfo::default()
            };
            let identity = Identity { pod: Some(Arc::clone(&info)), container: Some(Arc::new(container)) };
            let path = format!("{path}/cri-containerd-{runtime_id}.scope");
            units.push(unit(id, path, kind, Some(Arc::new(identity)), seq));
        }
    }
    Snapshot {
        seq,
        taken: stamp(seq),
        windows: Arc::new([Duration::from_secs(15), Duration::from_mins(1)]),
        units,
        ..Snapshot::default()
    }
}

fn stamp(seq: u64) -> Stamp {
    Stamp { boot_ns: seq * 100_000_000, wall_ns: 1_795_222_700_000_000_000 + (seq * 100_000_000) as i64 }
}

fn unit(id: u64, path: String, kind: UnitKind, identity: Option<Arc<Identity>>, seq: u64) -> Unit {
    let mut values = Values::default();
    for file in File::ALL {
        for (place, &field) in fields_of(file).iter().enumerate() {
            values.set(field, (id * 7_919 + seq * 131) * (place as u64 + 1) * 97 % 40_000_000_000);
        }
    }
    values.set_max(Field::SwapMax);
    let mut histogram = NativeHistogram::default();
    for sample in 0..40 {
        histogram.observe((id % 13 + sample) as f64 * 0.017);
    }
    let cores = (id % 997) as f64 / 311.0;
    let window = WindowUse {
        mean: cores,
        max: cores * 2.0,
        p50: cores,
        p95: cores * 1.5,
        p99: cores * 1.9,
        samples: 150,
    };
    Unit {
        id: UnitId(id),
        cgroup: Arc::new(Cgroup { path: path.into(), kind }),
        identity,
        source: podometer::model::reconciled::SourceKind::Cgroup,
        parent: None,
        created_wall_s: Some(1_795_222_466.25),
        gone: false,
        memory: MemoryUse {
            working_set_bytes: values.get(Field::MemoryCurrent),
            window_max_bytes: [Some(id * 4096), Some(id * 8192), None, None],
            peak_method: Some(PeakMethod::Sampled),
        },
        values,
        read_at: [Some(Bracket { after: stamp(seq), width_ns: 4000 }); 3],
        cpu: CpuUse {
            live: Some(Rate { cores, window_ns: 1_000_000_000, error_cores: 0.000_004 }),
            windows: [Some(window), Some(window), None, None],
            histogram: Some(Box::new(histogram)),
        },
        oom_kills: Some(id % 3),
        io: vec![IoDevice {
            major: 254,
            rbytes: Some(id),
            wbytes: Some(id * 3),
            rios: Some(1),
            wios: Some(2),
            ..IoDevice::default()
        }],
        hugetlb: Vec::new(),
        network: None,
    }
}
