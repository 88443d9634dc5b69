//! One unit's figures, in the units that their names say.

use std::time::{Duration, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::bound::{self, Bound};
use super::pod::{AmountsRow, TopRow};
use crate::model::field::{Field, Limit, Values};
use crate::model::identity::{ContainerRole, UnitKind};
use crate::model::snapshot::Snapshot;
use crate::model::unit::{Pace, Unit, memory_usage_bytes};

/// One cgroup.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Row {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The pod's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod: Option<String>,
    /// The pod's UID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// The container's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// The container's part in its pod: app, init, sidecar or ephemeral.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub qos: Option<String>,
    /// Below the cgroup2 mount.
    pub path: String,
    pub kind: String,
    /// Where its numbers come from: `cgroup`, `kubelet`, `metrics_api` or `node_agent`.
    #[serde(default)]
    pub source: String,
    /// What `kubectl top` prints.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top: Option<TopRow>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests: Option<AmountsRow>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<AmountsRow>,
    /// A container's own; a pod's sum.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restarts: Option<u64>,
    pub cpu: Cpu,
    pub memory: Memory,
    /// OOM deaths over the cgroup's life.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oom_kills: Option<u64>,
    #[serde(default)]
    pub psi: Psi,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pids: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_seconds: Option<f64>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cpu {
    /// When the counter was read: RFC 3339 with microseconds, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_at: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage_seconds: Option<f64>,
    /// Mean over the last second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub live_cores: Option<f64>,
    /// Half-width of the interval in which the true rate lies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_cores: Option<f64>,
    #[serde(default)]
    pub windows: Vec<CpuWindow>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throttled_seconds: Option<f64>,
    /// Share of all enforcement periods so far in which the quota ran out: nr_throttled / nr_periods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throttled_percent: Option<f64>,
    /// `null` means no quota.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "bound::read")]
    pub quota_cores: Option<Bound<f64>>,
}

/// CPU use inside one sliding window, in cores.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CpuWindow {
    pub window_seconds: f64,
    pub mean_cores: f64,
    pub max_cores: f64,
    pub p50_cores: f64,
    pub p95_cores: f64,
    pub p99_cores: f64,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Memory {
    /// When it was read: RFC 3339 with microseconds, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_at: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub working_set_bytes: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage_bytes: Option<u64>,
    /// The limit; `null` means no limit.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "bound::read")]
    pub max_bytes: Option<Bound<u64>>,
    #[serde(default)]
    pub windows: Vec<MemoryWindow>,
    /// How the windows' maxima were found: kernel or sampled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak_method: Option<String>,
}

/// The largest memory.current inside one sliding window.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MemoryWindow {
    pub window_seconds: f64,
    pub max_bytes: u64,
}

/// Share of the last ten seconds in which some task waited, in percent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Psi {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_some_avg10: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_some_avg10: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub io_some_avg10: Option<f64>,
}

impl Row {
    pub(super) fn of(unit: &Unit, snapshot: &Snapshot) -> Row {
        let identity = unit.identity.as_deref();
        let pod = identity.and_then(|identity| identity.pod.as_deref());
        let container = identity.and_then(|identity| identity.container.as_deref());
        let (container_id, qos) = match &unit.cgroup.kind {
            UnitKind::Container { id, .. } => (Some(id.to_string()), None),
            UnitKind::Pod { qos, .. } | UnitKind::Qos(qos) => (None, Some(qos.name().to_owned())),
            _ => (None, None),
        };
        Row {
            namespace: pod.map(|pod| pod.namespace.to_string()),
            pod: pod.map(|pod| pod.name.to_string()),
            uid: unit.pod_uid().map(ToString::to_string),
            container: container.map(|container| container.name.to_string()),
            container_id,
            image: container.map(|container| container.image.to_string()),
            role: container.map(|container| role_name(container.role).to_owned()),
            qos,
            path: unit.cgroup.path.to_string(),
            kind: unit.cgroup.kind.name().to_owned(),
            source: unit.source.name().to_owned(),
            top: None,
            requests: container.and_then(|container| AmountsRow::of(container.resources.requests)),
            limits: container.and_then(|container| AmountsRow::of(container.resources.limits)),
            restarts: container.map(|container| u64::from(container.restart_count)),
            cpu: cpu(unit, snapshot),
            memory: memory(unit, snapshot),
            oom_kills: unit.oom_kills,
            psi: psi(&unit.values),
            pids: unit.values.get(Field::PidsCurrent),
            age_seconds: unit.created_wall_s.map(|made| age_seconds(snapshot.taken.wall_ns, made)),
        }
    }
}

/// To the millisecond. A clock that was set back makes no negative age.
fn age_seconds(wall_ns: i64, created_wall_s: f64) -> f64 {
    let age = (wall_ns as f64 / 1e9 - created_wall_s).max(0.0);
    (age * 1000.0).round() / 1000.0
}

fn read_at(unit: &Unit, pace: Pace) -> Option<String> {
    let since = Duration::from_nanos(u64::try_from(unit.stamp(pace)?.wall_ns).ok()?);
    Some(humantime::format_rfc3339_micros(UNIX_EPOCH + since).to_string())
}

fn cpu(unit: &Unit, snapshot: &Snapshot) -> Cpu {
    let values = &unit.values;
    let seconds = |field| values.get(field).map(|usec| usec as f64 / 1e6);
    let window = |(length, found): (&std::time::Duration, &Option<_>)| {
        let found: crate::model::window::WindowUse = (*found)?;
        Some(CpuWindow {
            window_seconds: length.as_secs_f64(),
            mean_cores: found.mean,
            max_cores: found.max,
            p50_cores: found.p50,
            p95_cores: found.p95,
            p99_cores: found.p99,
        })
    };
    Cpu {
        read_at: read_at(unit, Pace::Fast),
        usage_seconds: seconds(Field::UsageUsec),
        live_cores: unit.cpu.live.map(|rate| rate.cores),
        error_cores: unit.cpu.live.map(|rate| rate.error_cores),
        windows: snapshot.windows.iter().zip(&unit.cpu.windows).filter_map(window).collect(),
        throttled_seconds: seconds(Field::ThrottledUsec),
        throttled_percent: throttled_percent(values),
        quota_cores: quota_cores(values),
    }
}

/// Absent without a single period: a share of nothing is no number.
fn throttled_percent(values: &Values) -> Option<f64> {
    let periods = values.get(Field::NrPeriods).filter(|&periods| periods > 0)?;
    Some(values.get(Field::NrThrottled)? as f64 * 100.0 / periods as f64)
}

fn quota_cores(values: &Values) -> Option<Bound<f64>> {
    match values.limit(Field::CpuQuotaUsec)? {
        Limit::Max => Some(Bound::Unlimited),
        Limit::At(quota) => {
            let period = values.get(Field::CpuPeriodUsec).filter(|&period| period > 0)?;
            Some(Bound::At(quota as f64 / period as f64))
        }
    }
}

fn memory(unit: &Unit, snapshot: &Snapshot) -> Memory {
    let window = |(length, found): (&std::time::Duration, &Option<u64>)| {
        Some(MemoryWindow { window_seconds: length.as_secs_f64(), max_bytes: (*found)? })
    };
    Memory {
        read_at: read_at(unit, Pace::Memory),
        working_set_bytes: unit.memory.working_set_bytes,
        usage_bytes: memory_usage_bytes(&unit.values),
        max_bytes: unit.values.limit(Field::MemoryMax).map(Bound::from),
        windows: snapshot.windows.iter().zip(&unit.memory.window_max_bytes).filter_map(window).collect(),
        peak_method: unit.memory.peak_method.map(|method| method.name().to_owned()),
    }
}

fn psi(values: &Values) -> Psi {
    let percent = |field| values.get(field).map(|hundredths| hundredths as f64 / 100.0);
    Psi {
        cpu_some_avg10: percent(Field::CpuSomeAvg10),
        memory_some_avg10: percent(Field::MemorySomeAvg10),
        io_some_avg10: percent(Field::IoSomeAvg10),
    }
}

const fn role_name(role: ContainerRole) -> &'static str {
    match role {
        ContainerRole::App => "app",
        ContainerRole::Init => "init",
        ContainerRole::Sidecar => "sidecar",
        ContainerRole::Ephemeral => "ephemeral",
        ContainerRole::Sandbox => "sandbox",
    }
}
