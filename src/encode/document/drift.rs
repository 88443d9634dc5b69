//! The JSON document of /api/v1/drift: for each pod our values beside the others', how they differ, and why.

use serde::{Deserialize, Serialize};

use super::pod::instant;
use crate::encode::cluster::{Cluster, Pod};
use crate::model::reconciled::{Cause, Difference, Reconciliation, Resource, Usage, View};
use crate::model::snapshot::Snapshot;

/// Far more pods than a node holds; a whole cluster is asked for by namespace.
const MAX_PODS: usize = 2000;

/// Which pods are shown. An empty word is refused: it would show nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DriftFilter {
    pub namespace: Option<String>,
    /// A pod's name or UID.
    pub pod: Option<String>,
    /// Only pods with a difference of this cause, and only these differences.
    pub cause: Option<String>,
}

/// The answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DriftDocument {
    pub node: String,
    /// RFC 3339 with milliseconds, UTC.
    pub taken: String,
    /// True where more pods matched than are shown.
    #[serde(default)]
    pub truncated: bool,
    /// How many differences there are by cause, over all pods that matched. `none` counts those that agree.
    pub causes: Causes,
    /// The node itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node_values: Option<DriftRow>,
    /// Largest share of difference first.
    #[serde(default)]
    pub pods: Vec<DriftRow>,
}

/// Counts in the order of the list of causes.
pub type Causes = std::collections::BTreeMap<String, u64>;

/// A pod, or the node.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DriftRow {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// Where its series come from.
    pub source: String,
    /// Containers summed, at the time and window of `top_of`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top: Option<UsageRow>,
    pub top_of: String,
    /// The pod's own cgroup over the first configured window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_cgroup: Option<UsageRow>,
    /// The last second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub live: Option<UsageRow>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kubelet: Option<UsageRow>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metrics_api: Option<UsageRow>,
    #[serde(default)]
    pub differences: Vec<DifferenceRow>,
}

/// CPU and memory of one span of time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct UsageRow {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_cores: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
    pub at: String,
    pub age_seconds: f64,
    pub window_seconds: f64,
}

/// One of our values beside one of another source's.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DifferenceRow {
    /// Which of ours: `top`, `pod` or `live`.
    pub view: String,
    pub against: String,
    /// `cpu` in cores, `memory` in bytes.
    pub resource: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ours: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub theirs: Option<f64>,
    /// Ours minus theirs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub difference: Option<f64>,
    /// Ours over theirs minus one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ratio: Option<f64>,
    /// Absent where the two agree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
}

impl DriftFilter {
    /// What is wrong with it, and what is allowed.
    pub fn problem(&self) -> Option<String> {
        let empty = [("namespace", &self.namespace), ("pod", &self.pod), ("cause", &self.cause)];
        if let Some((key, _)) = empty.iter().find(|(_, value)| value.as_deref() == Some("")) {
            return Some(format!("{key}: is empty; leave it out to see all"));
        }
        let known = Cause::ALL.map(Cause::name);
        let cause = self.cause.as_deref().filter(|cause| !known.contains(cause))?;
        Some(format!("cause: {cause:?} is none; allowed: {}", known.join(", ")))
    }

    fn takes_pod(&self, pod: &Pod) -> bool {
        let namespace = self.namespace.as_deref().is_none_or(|wanted| wanted == pod.namespace());
        namespace && self.pod.as_deref().is_none_or(|wanted| wanted == pod.name() || *wanted == *pod.uid.0)
    }

    fn takes(&self, difference: &Difference) -> bool {
        let cause = difference.cause.map(Cause::name);
        self.cause.as_deref().is_none_or(|wanted| cause == Some(wanted))
    }
}

/// The document of one snapshot. Empty of pods while nothing was compared yet.
pub fn drift(snapshot: &Snapshot, filter: &DriftFilter) -> DriftDocument {
    let cluster = Cluster::of(snapshot);
    let now_ms = snapshot.taken.wall_ms();
    let mut document = DriftDocument {
        node: snapshot.node_name.to_string(),
        taken: instant(now_ms),
        causes: Cause::ALL.iter().map(|cause| (cause.name().to_owned(), 0)).collect(),
        ..DriftDocument::default()
    };
    document.causes.insert("none".to_owned(), 0);
    let mut pods: Vec<(f64, DriftRow)> = Vec::new();
    for pod in cluster.pods.iter().filter(|pod| filter.takes_pod(pod)) {
        let Some(values) = cluster.values_of(pod) else { continue };
        let taken = values.differences.iter().filter(|each| filter.takes(each));
        if filter.cause.is_some() && taken.clone().next().is_none() {
            continue;
        }
        for each in taken {
            let cause = each.cause.map_or("none", Cause::name);
            *document.causes.entry(cause.to_owned()).or_default() += 1;
        }
        let mut row = DriftRow::of(values, filter, now_ms);
        row.namespace = Some(pod.namespace().to_owned()).filter(|name| !name.is_empty());
        row.pod = Some(pod.name().to_owned()).filter(|name| !name.is_empty());
        row.uid = Some(pod.uid.to_string());
        pods.push((row.largest(), row));
    }
    pods.sort_by(|(a, left), (b, right)| b.total_cmp(a).then_with(|| left.uid.cmp(&right.uid)));
    document.truncated = pods.len() > MAX_PODS;
    document.pods = pods.into_iter().take(MAX_PODS).map(|(_, row)| row).collect();
    if *filter == DriftFilter::default() {
        let node = snapshot.reconciled.as_deref().and_then(|reconciled| reconciled.node.as_ref());
        document.node_values = node.map(|values| DriftRow::of(values, filter, now_ms));
    }
    document
}

/// Where `top` differs from what another source says.
pub(super) fn of_top(values: &Reconciliation) -> Vec<DifferenceRow> {
    let of_top = values.differences.iter().filter(|each| each.view == View::Top && each.cause.is_some());
    of_top.map(DifferenceRow::from).collect()
}

impl DriftRow {
    fn of(values: &Reconciliation, filter: &DriftFilter, now_ms: i64) -> DriftRow {
        let usage = |usage: Option<Usage>| usage.map(|usage| UsageRow::of(usage, now_ms));
        let differences = values.differences.iter().filter(|each| filter.takes(each));
        DriftRow {
            source: values.source.name().to_owned(),
            top: usage(values.top),
            top_of: values.top_of.name().to_owned(),
            own_cgroup: usage(values.pod),
            live: usage(values.live),
            kubelet: usage(values.kubelet),
            metrics_api: usage(values.metrics_api),
            differences: differences.map(DifferenceRow::from).collect(),
            ..DriftRow::default()
        }
    }

    /// The largest share by which it differs; pods without any come last.
    fn largest(&self) -> f64 {
        let ratios =
            self.differences.iter().filter(|each| each.cause.is_some()).filter_map(|each| each.ratio);
        ratios.map(f64::abs).fold(-1.0, f64::max)
    }
}

impl UsageRow {
    fn of(usage: Usage, now_ms: i64) -> UsageRow {
        UsageRow {
            cpu_cores: usage.cpu_nanocores.map(|nanocores| nanocores as f64 / 1e9),
            memory_bytes: usage.memory_bytes,
            at: instant(usage.at_ms),
            age_seconds: now_ms.saturating_sub(usage.at_ms).max(0) as f64 / 1000.0,
            window_seconds: usage.window_ns as f64 / 1e9,
        }
    }
}

impl From<&Difference> for DifferenceRow {
    fn from(difference: &Difference) -> DifferenceRow {
        let scale = if difference.resource == Resource::Cpu { 1e9 } else { 1.0 };
        let value = |raw: Option<u64>| raw.map(|raw| raw as f64 / scale);
        DifferenceRow {
            view: difference.view.name().to_owned(),
            against: difference.against.name().to_owned(),
            resource: difference.resource.name().to_owned(),
            ours: value(difference.ours),
            theirs: value(difference.theirs),
            difference: difference.signed(),
            ratio: difference.ratio(),
            cause: difference.cause.map(|cause| cause.name().to_owned()),
            detail: difference.detail.to_string(),
        }
    }
}

#[cfg(test)]
mod tests;
