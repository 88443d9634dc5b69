//! What of an object is read: the fields that a record needs, and nothing else. Every field may be absent.
//!
//! Kubernetes leaves out counts that are zero wherever it writes a status, so within a status a missing count is a
//! zero that was said.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use serde::Deserialize;

use crate::model::inventory::ObjectName;

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Metadata {
    pub(super) name: String,
    pub(super) namespace: String,
    pub(super) creation_timestamp: Option<Time>,
    pub(super) generation: Option<i64>,
    pub(super) annotations: Option<Annotations>,
}

impl Metadata {
    pub(super) fn named(&self) -> ObjectName {
        ObjectName {
            namespace: self.namespace.as_str().into(),
            name: self.name.as_str().into(),
            created_ns: self.creation_timestamp.as_ref().map(|time| time.0.as_second() * 1_000_000_000),
            generation: self.generation,
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Annotations {
    #[serde(rename = "cluster.x-k8s.io/cluster-namespace")]
    pub(super) cluster_namespace: Option<String>,
}

/// An object of any kind, by its specification and status.
#[derive(Debug, Deserialize)]
pub(super) struct Object<Spec, Status> {
    #[serde(default)]
    pub(super) metadata: Metadata,
    #[serde(default = "none")]
    pub(super) spec: Option<Spec>,
    #[serde(default = "none")]
    pub(super) status: Option<Status>,
}

fn none<T>() -> Option<T> {
    None
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct ConditionLine {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) status: String,
}

/// Amounts as text, by resource name.
pub(super) type Amounts = BTreeMap<String, String>;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct NodeSpec {
    pub(super) unschedulable: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct NodeStatus {
    pub(super) capacity: Amounts,
    pub(super) allocatable: Amounts,
    pub(super) conditions: Vec<ConditionLine>,
    pub(super) node_info: NodeInfo,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct NodeInfo {
    pub(super) kubelet_version: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct PodSpec {
    pub(super) node_name: String,
    pub(super) node_selector: Option<BTreeMap<String, String>>,
    pub(super) containers: Vec<Container>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Container {
    pub(super) name: String,
    pub(super) image: String,
    pub(super) resources: ResourceTable,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ResourceTable {
    pub(super) requests: Option<Amounts>,
    pub(super) limits: Option<Amounts>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct PodStatus {
    pub(super) phase: String,
    pub(super) reason: String,
    pub(super) conditions: Vec<ConditionLine>,
    pub(super) container_statuses: Vec<ContainerStatus>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct ContainerStatus {
    pub(super) name: String,
    pub(super) ready: bool,
    pub(super) restart_count: u64,
    pub(super) state: State,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct State {
    pub(super) running: Option<Reason>,
    pub(super) terminated: Option<Reason>,
    pub(super) waiting: Option<Reason>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Reason {
    pub(super) reason: String,
}

/// Specification of a workload or claim.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct WorkloadSpec {
    pub(super) replicas: Option<i64>,
    pub(super) storage_class_name: Option<String>,
    pub(super) selector: Option<LabelSelector>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct LabelSelector {
    pub(super) match_labels: Option<BTreeMap<String, String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct DeploymentStatus {
    pub(super) available_replicas: i64,
    pub(super) unavailable_replicas: i64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct StatefulSetStatus {
    pub(super) replicas: i64,
    pub(super) current_replicas: i64,
    pub(super) ready_replicas: i64,
    pub(super) updated_replicas: i64,
    pub(super) observed_generation: i64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct DaemonSetStatus {
    pub(super) current_number_scheduled: i64,
    pub(super) desired_number_scheduled: i64,
    pub(super) number_available: i64,
    pub(super) number_misscheduled: i64,
    pub(super) number_ready: i64,
    pub(super) number_unavailable: i64,
    pub(super) updated_number_scheduled: i64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ClaimStatus {
    pub(super) phase: String,
}
