//! A node with one of each: root, slice, service, named and unnamed pods, sandbox, docker container.

use std::sync::Arc;
use std::time::Duration;

use podometer::encode::prometheus::{Encoder, Format, LabelCache, Options, Page};
use podometer::model::field::Field;
use podometer::model::histogram::NativeHistogram;
use podometer::model::identity::{
    Cgroup, ContainerId, ContainerInfo, ContainerRole, Identity, PodUid, QosClass, Runtime, UnitKind,
};
use podometer::model::ledger::Ledger;
use podometer::model::node::{Disk, Machine, Memory, Node};
use podometer::model::report::{
    AgentReport, Lifetime, ProcessStats, ServerStats, SinkReport, SinkState, SourceReport, SourceState,
    SpoolReport,
};
use podometer::model::scraped::{Content, Kind, NginxStatus, Reading, Target};
use podometer::model::snapshot::{SamplerStats, Snapshot};
use podometer::model::stamp::{Bracket, Stamp};
use podometer::model::unit::{
    CpuUse, Hugetlb, Interface, IoDevice, MemoryUse, PeakMethod, Unit, UnitId, memory_usage_bytes,
    working_set_bytes,
};
use podometer::model::window::{Rate, WindowUse};
use podometer::model::workload::Resources;

#[path = "sample_cluster.rs"]
mod cluster;

pub(crate) const UID: &str = "63f8f95c-2cab-4e91-8271-232b018ec34d";

/// One document, whole.
pub(crate) fn document(snapshot: &Arc<Snapshot>, page: Page, format: Format, options: Options) -> Vec<u8> {
    let plan = LabelCache::new(format).plan(Arc::clone(snapshot), page);
    let mut out = Vec::new();
    Encoder::new(plan, Arc::new(report()), format, options).finish(&mut out);
    out
}

pub(crate) fn text(page: Page, format: Format) -> String {
    String::from_utf8(document(&snapshot(), page, format, Options::default())).unwrap()
}

fn scraped(name: &str, content: Content) -> Arc<Reading> {
    let kind = if matches!(content, Content::Nginx(_)) { Kind::Nginx } else { Kind::Jolokia };
    Arc::new(Reading {
        target: Arc::new(Target { name: name.into(), kind, ..Target::default() }),
        taken: Some(Stamp::default()),
        duration: Some(Duration::from_millis(3)),
        content: Some(content),
        samples: 7,
        faults: 2,
    })
}

fn nginx() -> NginxStatus {
    NginxStatus {
        accepts: Some(11),
        active: Some(4),
        handled: Some(10),
        reading: Some(1),
        requests: Some(30),
        waiting: Some(2),
        writing: Some(1),
    }
}

pub(crate) fn report() -> AgentReport {
    AgentReport {
        scope: "node",
        version: "0.1.0",
        process: ProcessStats {
            cpu_seconds: Some(1.25),
            resident_bytes: Some(9_000_000),
            start_time_seconds: Some(1_795_222_000.5),
            open_files: Some(321),
            max_files: Some(1024),
        },
        server: ServerStats {
            requests: vec![("/metrics", 12)],
            errors: vec![("401", 1)],
            response_bytes: 4096,
            compressions: 2,
            compressions_shared: 3,
            connections: 1,
            cut_off: vec![("slow_reader", 1)],
        },
        sources: vec![SourceReport {
            name: "cgroup",
            state: SourceState::Degraded,
            reason: "no_io_controller",
            age_seconds: Some(0.5),
            duration_seconds: Some(0.004),
            faults: 0,
            serves: "cpu,memory".to_owned(),
        }],
        sinks: vec![SinkReport {
            kind: "influxdb",
            name: "influx \"main\"".to_owned(),
            state: SinkState::Retrying,
            message: "connection refused".to_owned(),
            ledger: Ledger {
                produced: 10,
                acknowledged: 6,
                rejected: vec![("field_type_conflict", 1)],
                queued: 2,
                dropped: vec![("queue_full", 1)],
            },
            filtered: 3,
            requests: 9,
            errors: 4,
            retries: 3,
            acknowledged_bytes: 600,
            memory_points: 1,
            memory_bytes: 100,
            buffer_points_limit: 1000,
            write_time_ns: Some(2_500_000),
            spool: Some(SpoolReport {
                is_open: true,
                message: String::new(),
                bytes: 4096,
                segments: 1,
                points: 1,
                quarantined_bytes: 64,
                lifetime: Some(Lifetime { produced: 20, acknowledged: 15, rejected: 2, dropped: 1 }),
            }),
        }],
        scraped: vec![scraped("web", Content::Nginx(nginx())), scraped("app", Content::Points(Vec::new()))],
    }
}

pub(crate) fn snapshot() -> Arc<Snapshot> {
    let pod = Arc::new(cluster::pod_info());
    let named = |name: &str, role| {
        let container = ContainerInfo {
            name: name.into(),
            image: "lab.local/load:1".into(),
            role,
            resources: if role == ContainerRole::App { cluster::resources() } else { Resources::default() },
            ..ContainerInfo::default()
        };
        Arc::new(Identity { pod: Some(Arc::clone(&pod)), container: Some(Arc::new(container)) })
    };
    let in_pod = |id: &str, uid: &str| UnitKind::Container {
        id: ContainerId(id.repeat(64).into()),
        pod: Some(PodUid(uid.into())),
        runtime: Runtime::Containerd,
    };
    let pod_kind = |uid: &str| UnitKind::Pod { uid: PodUid(uid.into()), qos: QosClass::Guaranteed };

    let mut root = unit(1, "/", UnitKind::Root);
    root.values.clear_file(podometer::model::field::File::MemoryCurrent);
    root.values.clear(Field::CpuQuotaUsec);
    root.memory.working_set_bytes = working_set_bytes(&root.values);

    let mut guar = unit(3, "/kubepods.slice/pod-guar", pod_kind(UID));
    guar.identity = Some(Arc::new(Identity { pod: Some(Arc::clone(&pod)), container: None }));
    guar.network =
        Some(Arc::new(vec![Interface { name: "eth0".into(), rx_bytes: 8446, ..Interface::default() }]));
    guar.hugetlb =
        vec![Hugetlb { page_size: "2MB".into(), current: Some(0), max: None, events_max: Some(1) }];

    let mut mix = unit(4, "/kubepods.slice/pod-guar/a", in_pod("a", UID));
    mix.identity = Some(named("mix", ContainerRole::App));
    let mut pause = unit(5, "/kubepods.slice/pod-guar/b", in_pod("b", UID));
    pause.identity = Some(named("POD", ContainerRole::Sandbox));

    let unknown = "0ad1f6a8-0000-4000-8000-000000000000";
    let mut bare = unit(7, "/kubepods.slice/pod-bare/c", in_pod("c", unknown));
    bare.values = podometer::model::field::Values::default();
    bare.values.set(Field::UsageUsec, 40_000);
    bare.cpu = CpuUse::default();
    bare.memory = MemoryUse::default();
    bare.oom_kills = None;
    bare.io.clear();

    let docker =
        UnitKind::Container { id: ContainerId("d".repeat(64).into()), pod: None, runtime: Runtime::Docker };
    let units = vec![
        root,
        unit(2, "/kubepods.slice", UnitKind::AllPods),
        guar,
        mix,
        pause,
        unit(6, "/kubepods.slice/pod-bare", pod_kind(unknown)),
        bare,
        unit(8, "/system.slice/ssh.service", UnitKind::Service),
        unit(9, "/system.slice/a\\x2d\"quoted\".service", UnitKind::Service),
        unit(10, "/system.slice/docker-d.scope", docker),
        cluster::foreign(),
    ];
    Arc::new(Snapshot {
        seq: 7,
        taken: at(12_596),
        windows: Arc::new([Duration::from_secs(15), Duration::from_millis(1500)]),
        units,
        node: Some(Arc::new(node())),
        node_name: "n1".into(),
        reconciled: Some(Arc::new(cluster::reconciled())),
        sampler: SamplerStats {
            ticks: 70,
            intervals: [Duration::from_millis(100); 3],
            ..SamplerStats::default()
        },
        ..Snapshot::default()
    })
}

/// Little of a node: the machine, a disk that the units know by its number, one family in mixed case.
fn node() -> Node {
    let disk = Disk { name: "vda".into(), major: 254, minor: 0, reads: 11, ..Disk::default() };
    Node {
        machine: Machine {
            logical_cpus: Some(2),
            boot_id: Some("b".into()),
            machine_id: Some("m".into()),
            ..Machine::default()
        },
        memory: Memory { mem_total: Some(8_000_000_000), ..Memory::default() },
        disks: vec![disk],
        ..Node::default()
    }
}

pub(crate) fn at(ms: u64) -> Stamp {
    Stamp { boot_ns: ms * 1_000_000, wall_ns: (1_795_222_700_000 + ms as i64) * 1_000_000 }
}

/// A unit with values that differ by its number.
pub(crate) fn unit(id: u64, path: &str, kind: UnitKind) -> Unit {
    let mut values = podometer::model::field::Values::default();
    for (field, number) in [
        (Field::UsageUsec, 1_895_809),
        (Field::UserUsec, 292_438),
        (Field::SystemUsec, 1_603_370),
        (Field::NrPeriods, 54),
        (Field::NrThrottled, 31),
        (Field::ThrottledUsec, 1_441_831),
        (Field::NrBursts, 0),
        (Field::BurstUsec, 0),
        (Field::MemoryCurrent, 66_531_328),
        (Field::Anon, 24_000_000),
        (Field::FileCache, 41_943_040),
        (Field::InactiveFile, 41_943_040),
        (Field::ActiveFile, 0),
        (Field::Pgfault, 1614),
        (Field::Pgmajfault, 0),
        (Field::MemoryPeak, 67_272_704),
        (Field::EventsHigh, 0),
        (Field::EventsMax, 2),
        (Field::SwapCurrent, 0),
        (Field::CpuSomeTotal, 5_503_968),
        (Field::CpuFullTotal, 5_183_044),
        (Field::PidsCurrent, 1),
        (Field::NrDescendants, 3),
        (Field::NrDyingDescendants, 0),
        (Field::CpuQuotaUsec, 20_000),
        (Field::CpuPeriodUsec, 100_000),
        (Field::CpuWeight, 29),
        (Field::MemoryMax, 134_217_728),
        (Field::MemoryMin, 0),
    ] {
        values.set(field, number + if number > 1000 { id } else { 0 });
    }
    values.set_max(Field::SwapMax);
    values.set_max(Field::PidsMax);
    values.set(Field::CpuWeight, 29);
    values.set(Field::CpuPeriodUsec, 100_000);
    let mut histogram = NativeHistogram::default();
    for cores in [0.0, 0.25, 0.26, 1.0, 3.5] {
        histogram.observe(cores);
    }
    let read = |pace: u64| Some(Bracket { after: at(1000 * pace + id), width_ns: 2000 });
    Unit {
        id: UnitId(id),
        cgroup: Arc::new(Cgroup { path: path.into(), kind }),
        identity: None,
        source: podometer::model::reconciled::SourceKind::Cgroup,
        parent: None,
        created_wall_s: Some(1_795_222_466.25 + id as f64),
        gone: false,
        memory: MemoryUse {
            working_set_bytes: memory_usage_bytes(&values).and(working_set_bytes(&values)),
            window_max_bytes: [Some(67_000_000), None, None, None],
            peak_method: Some(PeakMethod::Kernel),
        },
        values,
        read_at: [read(0), read(1), read(2)],
        cpu: CpuUse {
            live: Some(Rate { cores: 0.125, window_ns: 1_000_000_000, error_cores: 0.000_001 }),
            windows: [
                Some(WindowUse { mean: 0.1, max: 1.0, p50: 0.05, p95: 0.5, p99: 0.9, samples: 150 }),
                None,
                None,
                None,
            ],
            histogram: Some(Box::new(histogram)),
        },
        oom_kills: Some(0),
        io: vec![IoDevice {
            major: 254,
            minor: 0,
            rbytes: Some(0),
            wbytes: Some(41_951_232),
            ..IoDevice::default()
        }],
        hugetlb: Vec::new(),
        network: None,
    }
}

/// The same with every field of every file set, so that every family has a row.
pub(crate) fn full() -> Arc<Snapshot> {
    let mut snapshot = (*snapshot()).clone();
    // No node has both a root and a blind sidecar's leaf, but every family needs a row.
    snapshot.units.push(unit(12, "/own", UnitKind::OwnContainer));
    snapshot.sampler.denied_siblings = Some(1);
    for unit in &mut snapshot.units {
        for &field in Field::ALL {
            unit.values.set(field, 7);
        }
        unit.io[..].iter_mut().for_each(|io| (io.rios, io.wios) = (Some(1), Some(2)));
    }
    Arc::new(snapshot)
}

/// All that can be switched on.
pub(crate) fn everything() -> Options {
    Options { kube_state_metrics_names: true, short_names: true, ..Options::default() }
}
