//! From the rows of the node agent's document to units that keep its own times.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use thiserror::Error;

use crate::encode::document::{Bound, PodRow, PodsDocument, Row};
use crate::model::field::{Field, Values};
use crate::model::identity::{
    Cgroup, ContainerId, ContainerInfo, ContainerRole, Identity, PodInfo, PodUid, QosClass, Runtime, UnitKind,
};
use crate::model::reconciled::SourceKind;
use crate::model::stamp::{Bracket, Stamp};
use crate::model::unit::{CpuUse, MAX_WINDOWS, MemoryUse, Pace, PeakMethod, Unit, UnitId};
use crate::model::window::{Rate, WindowUse};

/// A document from which no unit of the pod can be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NoUnits {
    #[error("the document holds another pod than the one asked for")]
    OtherPod,
    #[error(
        "the document has no whole pod: the agent there sees less than its node (is it a sidecar itself?)"
    )]
    NotWhole,
}

/// The pod and its containers. Wall clock times become boot times by `now`, the same instant on both clocks.
pub(super) fn units_from(
    document: &PodsDocument,
    uid: &PodUid,
    now: Stamp,
    windows: &[Duration],
) -> Result<Vec<Unit>, NoUnits> {
    let pod = document.pods.first().ok_or(NoUnits::NotWhole)?;
    if pod.row.uid.as_deref() != Some(&*uid.0) {
        return Err(NoUnits::OtherPod);
    }
    let qos = qos(pod.row.qos.as_deref()).ok_or(NoUnits::NotWhole)?;
    let info = Arc::new(info(document, pod));
    let maker = Maker { now, windows, info, taken_s: seconds(&document.taken) };
    let pod_kind = UnitKind::Pod { uid: uid.clone(), qos };
    let mut units = vec![maker.unit(&pod.row, pod_kind, None)];
    for row in &pod.containers {
        let Some(id) = &row.container_id else { continue };
        let id = ContainerId(id.as_str().into());
        let kind = UnitKind::Container { id, pod: Some(uid.clone()), runtime: Runtime::Unnamed };
        units.push(maker.unit(row, kind, Some(0)));
    }
    Ok(units)
}

/// What all units of one document have in common.
struct Maker<'a> {
    now: Stamp,
    windows: &'a [Duration],
    info: Arc<PodInfo>,
    taken_s: Option<f64>,
}

impl Maker<'_> {
    fn unit(&self, row: &Row, kind: UnitKind, parent: Option<u32>) -> Unit {
        let mut read_at = [None; Pace::COUNT];
        read_at[Pace::Fast as usize] = self.bracket(row.cpu.read_at.as_deref());
        read_at[Pace::Memory as usize] = self.bracket(row.memory.read_at.as_deref());
        let container = row.container.as_ref().map(|name| {
            Arc::new(ContainerInfo {
                name: name.as_str().into(),
                image: row.image.as_deref().unwrap_or_default().into(),
                role: role(row.role.as_deref()),
                ..ContainerInfo::default()
            })
        });
        Unit {
            id: UnitId(stable_id(&self.info.uid, row.container_id.as_deref().unwrap_or_default())),
            cgroup: Arc::new(Cgroup { path: row.path.as_str().into(), kind }),
            identity: Some(Arc::new(Identity { pod: Some(self.info.clone()), container })),
            source: SourceKind::NodeAgent,
            parent,
            created_wall_s: self.taken_s.zip(row.age_seconds).map(|(taken, age)| taken - age),
            gone: false,
            values: values(row),
            read_at,
            cpu: self.cpu(row),
            memory: self.memory(row),
            oom_kills: row.oom_kills,
            io: Vec::new(),
            hugetlb: Vec::new(),
            network: None,
        }
    }

    fn bracket(&self, time: Option<&str>) -> Option<Bracket> {
        let wall_ns = (seconds_exact(time?)?.as_nanos()).try_into().ok()?;
        let ago = self.now.wall_ns.saturating_sub(wall_ns).max(0) as u64;
        Some(Bracket { after: Stamp { boot_ns: self.now.boot_ns.saturating_sub(ago), wall_ns }, width_ns: 0 })
    }

    fn cpu(&self, row: &Row) -> CpuUse {
        let mut windows = [None; MAX_WINDOWS];
        for (place, length) in self.places() {
            let same = row.cpu.windows.iter().find(|window| is_same(window.window_seconds, length));
            windows[place] = same.map(|window| WindowUse {
                mean: window.mean_cores,
                max: window.max_cores,
                p50: window.p50_cores,
                p95: window.p95_cores,
                p99: window.p99_cores,
                samples: 0,
            });
        }
        let live = row.cpu.live_cores.map(|cores| Rate {
            cores,
            window_ns: 1_000_000_000,
            error_cores: row.cpu.error_cores.unwrap_or_default(),
        });
        CpuUse { live, windows, histogram: None }
    }

    fn memory(&self, row: &Row) -> MemoryUse {
        let mut window_max_bytes = [None; MAX_WINDOWS];
        for (place, length) in self.places() {
            let same = row.memory.windows.iter().find(|window| is_same(window.window_seconds, length));
            window_max_bytes[place] = same.map(|window| window.max_bytes);
        }
        let methods = [PeakMethod::Kernel, PeakMethod::Sampled];
        let peak_method = row
            .memory
            .peak_method
            .as_ref()
            .and_then(|name| methods.into_iter().find(|method| method.name() == name));
        MemoryUse { working_set_bytes: row.memory.working_set_bytes, window_max_bytes, peak_method }
    }

    fn places(&self) -> impl Iterator<Item = (usize, f64)> {
        self.windows.iter().map(Duration::as_secs_f64).enumerate().take(MAX_WINDOWS)
    }
}

fn values(row: &Row) -> Values {
    let mut values = Values::default();
    let mut set = |field, value: Option<u64>| {
        if let Some(value) = value {
            values.set(field, value);
        }
    };
    // Microseconds stand in the document as seconds; rounding brings them back exactly.
    set(Field::UsageUsec, row.cpu.usage_seconds.map(|seconds| (seconds * 1e6).round() as u64));
    set(Field::MemoryCurrent, row.memory.usage_bytes);
    set(Field::PidsCurrent, row.pids);
    match row.memory.max_bytes {
        Some(Bound::At(bytes)) => values.set(Field::MemoryMax, bytes),
        Some(Bound::Unlimited) => values.set_max(Field::MemoryMax),
        None => {}
    }
    values
}

fn info(document: &PodsDocument, pod: &PodRow) -> PodInfo {
    let text = |text: &Option<String>| text.as_deref().unwrap_or_default().into();
    PodInfo {
        namespace: text(&pod.row.namespace),
        name: text(&pod.row.pod),
        uid: text(&pod.row.uid),
        node: document.node.as_str().into(),
        ..PodInfo::default()
    }
}

fn qos(name: Option<&str>) -> Option<QosClass> {
    let classes = [QosClass::Guaranteed, QosClass::Burstable, QosClass::BestEffort];
    classes.into_iter().find(|class| Some(class.name()) == name)
}

fn role(name: Option<&str>) -> ContainerRole {
    match name {
        Some("init") => ContainerRole::Init,
        Some("sidecar") => ContainerRole::Sidecar,
        Some("ephemeral") => ContainerRole::Ephemeral,
        _ => ContainerRole::App,
    }
}

/// The same for the same container of the same pod, and never one of our own units': those count from zero.
/// FNV-1a.
fn stable_id(uid: &str, container: &str) -> u64 {
    let bytes =
        [SourceKind::NodeAgent.name(), uid, container].into_iter().flat_map(|part| part.bytes().chain([0]));
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    hash | 1 << 63
}

fn is_same(seconds: f64, length: f64) -> bool {
    (seconds - length).abs() < 1e-3
}

fn seconds_exact(time: &str) -> Option<Duration> {
    let time: SystemTime = humantime::parse_rfc3339(time).ok()?;
    time.duration_since(UNIX_EPOCH).ok()
}

fn seconds(time: &str) -> Option<f64> {
    seconds_exact(time).map(|since| since.as_secs_f64())
}

#[cfg(test)]
#[path = "units_tests.rs"]
mod tests;
