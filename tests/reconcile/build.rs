//! Snapshots by hand.

use std::sync::Arc;
use std::time::Duration;

use podometer::model::field::{Field, Values};
use podometer::model::identity::{Cgroup, Identity, UnitKind};
use podometer::model::snapshot::Snapshot;
use podometer::model::stamp::{Bracket, Stamp};
use podometer::model::unit::{CpuUse, MemoryUse, Pace, Unit, UnitId, working_set_bytes};
use podometer::model::window::{Rate, WindowUse};

/// One cgroup's reading.
#[derive(Clone, Debug)]
pub(crate) struct Reading {
    pub(crate) id: u64,
    pub(crate) kind: UnitKind,
    pub(crate) identity: Option<Arc<Identity>>,
    pub(crate) at: Stamp,
    pub(crate) values: Values,
    /// Mean cores over the last second and the first window.
    pub(crate) live: Option<f64>,
    pub(crate) window: Option<f64>,
    pub(crate) created_wall_s: Option<f64>,
    pub(crate) gone: bool,
}

pub(crate) fn unit(reading: Reading) -> Unit {
    let bracket = Some(Bracket { after: reading.at, width_ns: 0 });
    let rate = |cores| Rate { cores, window_ns: 1_000_000_000, error_cores: 0.0 };
    let mut windows = [None; 4];
    windows[0] = reading.window.map(|mean| WindowUse { mean, max: mean, ..WindowUse::default() });
    Unit {
        id: UnitId(reading.id),
        cgroup: Arc::new(Cgroup { path: format!("/{}", reading.id).into(), kind: reading.kind }),
        identity: reading.identity,
        source: podometer::model::reconciled::SourceKind::Cgroup,
        parent: None,
        created_wall_s: reading.created_wall_s,
        gone: reading.gone,
        read_at: [bracket; Pace::COUNT],
        cpu: CpuUse { live: reading.live.map(rate), windows, histogram: None },
        memory: MemoryUse { working_set_bytes: working_set_bytes(&reading.values), ..MemoryUse::default() },
        values: reading.values,
        oom_kills: None,
        io: Vec::new(),
        hugetlb: Vec::new(),
        network: None,
    }
}

pub(crate) fn snapshot(seq: u64, taken: Stamp, units: Vec<Unit>) -> Snapshot {
    Snapshot {
        seq,
        taken,
        windows: Arc::new([Duration::from_secs(15), Duration::from_mins(1)]),
        units,
        node_name: "vm".into(),
        ..Snapshot::default()
    }
}

pub(crate) fn values(usage_usec: u64, memory_current: u64, inactive_file: u64) -> Values {
    let mut values = Values::default();
    values.set(Field::UsageUsec, usage_usec);
    values.set(Field::MemoryCurrent, memory_current);
    values.set(Field::InactiveFile, inactive_file);
    values
}
