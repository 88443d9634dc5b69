//! Who the points are of: the attributes of resources. What is not known is left out.

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};

use crate::encode::schema::otel::attribute::{
    CONTAINER_ID, CONTAINER_IMAGE_NAME, HOST_NAME, K8S_CLAIM_NAME, K8S_CONTAINER_NAME, K8S_NAMESPACE_NAME,
    K8S_NODE_NAME, K8S_POD_LABEL, K8S_POD_NAME, K8S_POD_UID, K8S_VOLUME_NAME, OWNERS, SERVICE_INSTANCE_ID,
    SERVICE_NAME, SERVICE_VERSION,
};
use crate::model::identity::{Identity, PodInfo, UnitKind};
use crate::model::kubelet::{PodStats, VolumeStats};
use crate::model::report::AgentReport;
use crate::model::unit::Unit;

pub(super) fn attribute(key: &str, value: &str) -> KeyValue {
    let value = AnyValue { value: Some(Value::StringValue(value.to_owned())) };
    KeyValue { key: key.to_owned(), value: Some(value), ..KeyValue::default() }
}

/// The agent itself.
pub(super) fn of_agent(report: &AgentReport, node: &str) -> Vec<KeyValue> {
    let mut attributes = vec![attribute(SERVICE_NAME, env!("CARGO_PKG_NAME"))];
    known(&mut attributes, SERVICE_VERSION, report.version);
    known(&mut attributes, SERVICE_INSTANCE_ID, node);
    known(&mut attributes, K8S_NODE_NAME, node);
    attributes
}

pub(super) fn of_node(node: &str) -> Vec<KeyValue> {
    let mut attributes = Vec::new();
    known(&mut attributes, K8S_NODE_NAME, node);
    known(&mut attributes, HOST_NAME, node);
    attributes
}

/// A pod or container.
pub(super) fn of_unit(unit: &Unit, node: &str) -> Vec<KeyValue> {
    let mut attributes = Vec::new();
    let identity = unit.identity.as_deref();
    let pod = identity.and_then(|identity| identity.pod.as_deref());
    known(&mut attributes, K8S_POD_UID, unit.pod_uid().map_or("", |uid| &*uid.0));
    if let Some(pod) = pod {
        of_pod(&mut attributes, pod);
    }
    known(&mut attributes, K8S_NODE_NAME, node);
    if let UnitKind::Container { id, .. } = &unit.cgroup.kind {
        of_container(&mut attributes, identity, &id.0);
    }
    attributes
}

pub(super) fn of_volume(
    volume: &VolumeStats,
    said: &PodStats,
    pod: Option<&PodInfo>,
    node: &str,
) -> Vec<KeyValue> {
    let mut attributes = Vec::new();
    known(&mut attributes, K8S_POD_UID, &said.uid.0);
    if let Some(pod) = pod {
        of_pod(&mut attributes, pod);
    } else {
        known(&mut attributes, K8S_NAMESPACE_NAME, &said.namespace);
        known(&mut attributes, K8S_POD_NAME, &said.name);
    }
    known(&mut attributes, K8S_NODE_NAME, node);
    known(&mut attributes, K8S_VOLUME_NAME, &volume.name);
    known(&mut attributes, K8S_CLAIM_NAME, volume.claim.as_ref().map_or("", |(_, claim)| claim));
    attributes
}

fn of_pod(attributes: &mut Vec<KeyValue>, pod: &PodInfo) {
    known(attributes, K8S_NAMESPACE_NAME, &pod.namespace);
    known(attributes, K8S_POD_NAME, &pod.name);
    let owner = pod.owner.as_ref();
    let owner = owner.and_then(|owner| Some((OWNERS.iter().find(|(kind, _)| *kind == &*owner.kind)?, owner)));
    if let Some(((_, key), owner)) = owner {
        known(attributes, key, &owner.name);
    }
    for (key, value) in &pod.labels {
        attributes.push(attribute(&format!("{K8S_POD_LABEL}{key}"), value));
    }
}

fn of_container(attributes: &mut Vec<KeyValue>, identity: Option<&Identity>, id: &str) {
    // What another source tells of has a name of our own making in place of the runtime's ID.
    if !id.contains("://") {
        known(attributes, CONTAINER_ID, id);
    }
    if let Some(container) = identity.and_then(|identity| identity.container.as_deref()) {
        known(attributes, K8S_CONTAINER_NAME, &container.name);
        known(attributes, CONTAINER_IMAGE_NAME, &container.image);
    }
}

fn known(attributes: &mut Vec<KeyValue>, key: &str, value: &str) {
    if !value.is_empty() {
        attributes.push(attribute(key, value));
    }
}
