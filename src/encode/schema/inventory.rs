//! Telegraf's kube_inventory measurements: kubernetes_daemonset, _deployment, _node, _persistentvolumeclaim,
//! _pod_container, _statefulset.
//!
//! Measurements, tags, fields and types are those of Telegraf's `plugins/inputs/kube_inventory`. One difference is
//! meant: what the API server does not say is left out, never written as 0.

mod nodes;
mod pods;
mod workloads;

use crate::encode::influx::LineWriter;
use crate::encode::schema::host::point::Points;
use crate::model::inventory::{Condition, ConditionStatus, Inventory, Selectors};

/// Writes one reading. `tags` come after `host`; a point's own tags win over them.
pub fn write(inventory: &Inventory, host: &str, tags: &[(String, String)], out: &mut LineWriter<'_>) {
    let mut points = Points::new(out, host, tags, inventory.taken.wall_ns);
    for set in inventory.daemon_sets.iter().flatten() {
        workloads::write_daemon_set(set, &mut points);
    }
    for deployment in inventory.deployments.iter().flatten() {
        workloads::write_deployment(deployment, &mut points);
    }
    if let Some(nodes) = &inventory.nodes {
        nodes::write_nodes(nodes, inventory.has_all_nodes, &mut points);
    }
    for claim in inventory.claims.iter().flatten() {
        workloads::write_claim(claim, &mut points);
    }
    for pod in inventory.pods.iter().flatten() {
        pods::write_pod(pod, &mut points);
    }
    for set in inventory.stateful_sets.iter().flatten() {
        workloads::write_stateful_set(set, &mut points);
    }
}

/// `status_condition` and `ready` of a condition's own point.
fn condition_fields(condition: &Condition, out: &mut LineWriter<'_>) {
    let code = match condition.status {
        ConditionStatus::False => 0,
        ConditionStatus::True => 1,
        ConditionStatus::Unknown => 2,
    };
    let is_ready = &*condition.kind == "Ready" && condition.status == ConditionStatus::True;
    out.integer("status_condition", code);
    out.integer("ready", u64::from(is_ready));
}

/// Selectors as tags with `prefix` before their keys.
fn selector_tags(prefix: &str, selectors: &Selectors) -> Vec<(String, String)> {
    selectors.iter().map(|(key, value)| (format!("{prefix}{key}"), value.to_string())).collect()
}

/// Own tags of a point: `fixed`, then selectors.
fn tags<'a>(fixed: &[(&'a str, &'a str)], selectors: &'a [(String, String)]) -> Vec<(&'a str, &'a str)> {
    let selectors = selectors.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    fixed.iter().copied().chain(selectors).collect()
}

fn signed(out: &mut LineWriter<'_>, name: &str, value: Option<i64>) {
    if let Some(value) = value {
        out.signed(name, value);
    }
}
