//! The JSON document of /api/v1/pods, shared by the server and by `podometer top`.
//!
//! Units are in the names; what was not read is left out, never zero.

use std::time::{Duration, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::encode::cluster::Cluster;
use crate::model::identity::UnitKind;
use crate::model::snapshot::Snapshot;
use crate::model::unit::Unit;
use crate::model::workload::Amounts;

/// A limit that may be none.
mod bound;
/// The document of /api/v1/delivery.
mod delivery;
/// The document of /api/v1/drift.
mod drift;
/// What Kubernetes says of a pod, and `kubectl top`'s numbers.
mod pod;
/// One unit's figures.
mod row;

pub use bound::Bound;
pub use delivery::{Delivery, delivery};
pub use drift::{Causes, DifferenceRow, DriftDocument, DriftFilter, DriftRow, UsageRow, drift};
pub use pod::{AmountsRow, CoverageRow, OwnerRow, PodRow, TopRow};
pub use row::{Cpu, CpuWindow, Memory, MemoryWindow, Psi, Row};

/// Everything that runs on one node, at one instant.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PodsDocument {
    pub node: String,
    /// RFC 3339 with milliseconds, UTC.
    pub taken: String,
    /// What the rows stand for: node, pod, siblings, own_container or remote.
    #[serde(default)]
    pub scope: String,
    pub windows_seconds: Vec<f64>,
    /// The root cgroup: the node itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<Row>,
    /// Where the node's `top` differs from what another source says, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub root_differences: Vec<DifferenceRow>,
    /// What pods may use of the node: the base of `kubectl top nodes`' percentages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allocatable: Option<AmountsRow>,
    /// What the node has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capacity: Option<AmountsRow>,
    #[serde(default)]
    pub pods: Vec<PodRow>,
    /// Every other cgroup: slices, services, scopes, containers that belong to no pod.
    #[serde(default)]
    pub units: Vec<Row>,
}

/// The document of one snapshot. Units that are gone already are left out.
pub fn pods(snapshot: &Snapshot) -> PodsDocument {
    document_of(snapshot, &|_| true)
}

/// The document of one pod alone; `None` where nothing of it is known here.
pub fn pod(snapshot: &Snapshot, uid: &str) -> Option<PodsDocument> {
    let is_its = |unit: &Unit| unit.pod_uid().is_some_and(|own| *own.0 == *uid);
    let document = document_of(snapshot, &is_its);
    (!document.pods.is_empty() || !document.units.is_empty()).then_some(document)
}

fn document_of(snapshot: &Snapshot, is_wanted: &dyn Fn(&Unit) -> bool) -> PodsDocument {
    let mut document = PodsDocument {
        node: snapshot.node_name.to_string(),
        taken: rfc3339(snapshot.taken.wall_ns),
        scope: snapshot.scope.name().to_owned(),
        windows_seconds: snapshot.windows.iter().map(Duration::as_secs_f64).collect(),
        capacity: capacity(snapshot),
        ..PodsDocument::default()
    };
    let cluster = Cluster::of(snapshot);
    // Which pod row each unit of the snapshot stands in.
    let mut homes: Vec<Option<usize>> = Vec::with_capacity(snapshot.units.len());
    for unit in &snapshot.units {
        let parent = unit.parent.and_then(|parent| homes.get(parent as usize).copied().flatten());
        let is_wanted = is_wanted(unit);
        let home = if unit.is_pod() && is_wanted { Some(document.pods.len()) } else { parent };
        if unit.gone || !is_wanted {
            // Its children, if any, go with it.
            homes.push(parent);
            continue;
        }
        homes.push(home);
        place(&mut document, unit, home, snapshot);
    }
    for pod in &mut document.pods {
        pod.complete(&cluster);
    }
    if let Some(root) = &mut document.root {
        root.top = cluster.node_top.map(TopRow::from);
    }
    let node = cluster.reconciled.as_deref().and_then(|reconciled| reconciled.node.as_ref());
    document.root_differences = node.map(drift::of_top).unwrap_or_default();
    let allocatable = cluster.reconciled.as_deref().and_then(|reconciled| reconciled.node_allocatable);
    document.allocatable = allocatable.and_then(AmountsRow::of);
    document
}

/// All logical CPUs and all memory of the machine.
fn capacity(snapshot: &Snapshot) -> Option<AmountsRow> {
    let node = snapshot.node.as_deref()?;
    AmountsRow::of(Amounts {
        cpu_millicores: node.machine.logical_cpus.map(|cpus| u64::from(cpus) * 1000),
        memory_bytes: node.memory.mem_total,
    })
}

fn place(document: &mut PodsDocument, unit: &Unit, home: Option<usize>, snapshot: &Snapshot) {
    let row = || Row::of(unit, snapshot);
    match (&unit.cgroup.kind, home.and_then(|home| document.pods.get_mut(home))) {
        (UnitKind::Root, _) => document.root = Some(row()),
        (UnitKind::Pod { .. }, _) => document.pods.push(PodRow { row: row(), ..PodRow::default() }),
        (UnitKind::Container { .. }, Some(pod)) => {
            if !unit.is_sandbox() {
                pod.containers.push(row());
            }
        }
        // A network alone has no figure that a row shows; what a container makes inside of its own cgroup is part of
        // that container.
        (UnitKind::PodNetwork { .. }, _) | (_, Some(_)) => {}
        (_, None) => document.units.push(row()),
    }
}

fn rfc3339(wall_ns: i64) -> String {
    let since = Duration::from_nanos(u64::try_from(wall_ns).unwrap_or(0));
    humantime::format_rfc3339_millis(UNIX_EPOCH + since).to_string()
}

#[cfg(test)]
mod tests;
