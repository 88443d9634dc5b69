//! A pod's row: the cgroup's figures, what Kubernetes says beside them, and what `kubectl top` prints.

use std::time::{Duration, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::drift::{self, DifferenceRow};
use super::row::Row;
use crate::encode::cluster::{Cluster, Top};
use crate::model::identity::{PodInfo, PodUid};
use crate::model::workload::Amounts;

/// A pod with its containers. The pause container is part of the pod's figures and no row of its own.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PodRow {
    #[serde(flatten)]
    pub row: Row,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<OwnerRow>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<String>,
    /// How many of its containers set a limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit_coverage: Option<CoverageRow>,
    /// Where `top` differs from what another source says, and why. `/api/v1/drift` has all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<DifferenceRow>,
    #[serde(default)]
    pub containers: Vec<Row>,
}

/// CPU and memory as `kubectl top` has them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TopRow {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_cores: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
    /// End of the window; RFC 3339, UTC.
    pub at: String,
    pub window_seconds: f64,
    /// Whose time and window it has: `metrics_api`, `kubelet`, or `cgroup` for our own.
    pub of: String,
}

/// Requests, limits, or what a node has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AmountsRow {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_millicores: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
}

/// The workload that a pod belongs to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnerRow {
    pub kind: String,
    pub name: String,
}

/// Shares of containers with a limit; below 1 the pod as a whole has none.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CoverageRow {
    pub cpu: f64,
    pub memory: f64,
}

impl PodRow {
    /// Adds what the cgroup does not know.
    pub(super) fn complete(&mut self, cluster: &Cluster) {
        let Some(uid) = self.row.uid.as_deref() else { return };
        let Some(pod) = cluster.pod(&PodUid(uid.into())) else { return };
        self.row.top = pod.top.map(TopRow::from);
        for row in &mut self.containers {
            let name = row.container.as_deref().or(row.container_id.as_deref());
            let found = pod.containers.iter().find(|container| Some(&*container.name) == name);
            row.top = found.and_then(|container| container.top).map(TopRow::from);
        }
        self.differences = cluster.values_of(pod).map(drift::of_top).unwrap_or_default();
        if let Some(info) = pod.info.as_deref() {
            self.describe(info);
        }
        self.limit_coverage =
            pod.coverage.cpu.zip(pod.coverage.memory).map(|(cpu, memory)| CoverageRow { cpu, memory });
    }

    fn describe(&mut self, info: &PodInfo) {
        let owner = |owner: &crate::model::workload::Owner| OwnerRow {
            kind: owner.kind.to_string(),
            name: owner.name.to_string(),
        };
        self.owner = info.owner.as_ref().map(owner);
        self.phase = Some(info.phase.name().to_owned());
        self.row.requests = AmountsRow::of(info.resources.sums.requests);
        self.row.limits = AmountsRow::of(info.resources.sums.limits);
        let restarts = info.containers.iter().map(|container| u64::from(container.restart_count));
        self.row.restarts = (!info.containers.is_empty()).then(|| restarts.sum());
    }
}

impl From<Top> for TopRow {
    fn from(top: Top) -> TopRow {
        TopRow {
            cpu_cores: top.usage.cpu_nanocores.map(|nanocores| nanocores as f64 / 1e9),
            memory_bytes: top.usage.memory_bytes,
            at: instant(top.usage.at_ms),
            window_seconds: top.usage.window_ns as f64 / 1e9,
            of: top.of.name().to_owned(),
        }
    }
}

impl TopRow {
    /// As metrics-server counts; exact, since a double holds every count below 2^53.
    pub fn nanocores(&self) -> Option<u64> {
        self.cpu_cores.map(|cores| (cores * 1e9).round() as u64)
    }
}

impl AmountsRow {
    /// `None` where nothing is set.
    pub(super) fn of(amounts: Amounts) -> Option<AmountsRow> {
        let Amounts { cpu_millicores, memory_bytes } = amounts;
        (amounts != Amounts::default()).then_some(AmountsRow { cpu_millicores, memory_bytes })
    }
}

/// RFC 3339 with milliseconds, UTC.
pub(super) fn instant(ms: i64) -> String {
    let since = Duration::from_millis(u64::try_from(ms).unwrap_or(0));
    humantime::format_rfc3339_millis(UNIX_EPOCH + since).to_string()
}
