//! Reads pods as the kubelet's `/pods` and the API server write them: thin and borrowed.
//!
//! Only the fields that name and describe a cgroup are taken; everything else is skipped by the parser. Every
//! field may be absent or null. A list is handed on pod by pod, so that it is never held parsed as a whole.

use serde::Deserialize;

use super::text::{Pairs, Text, null_is_default};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Pod<'a> {
    #[serde(borrow)]
    pub(super) metadata: Metadata<'a>,
    #[serde(borrow)]
    pub(super) spec: Spec<'a>,
    #[serde(borrow)]
    pub(super) status: Status<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Metadata<'a> {
    #[serde(borrow)]
    pub(super) name: Text<'a>,
    #[serde(borrow)]
    pub(super) namespace: Text<'a>,
    #[serde(borrow)]
    pub(super) uid: Text<'a>,
    #[serde(borrow)]
    pub(super) resource_version: Text<'a>,
    #[serde(borrow)]
    pub(super) labels: Pairs<'a>,
    #[serde(borrow)]
    pub(super) annotations: Pairs<'a>,
    #[serde(borrow, deserialize_with = "null_is_default")]
    pub(super) owner_references: Vec<OwnerReference<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct OwnerReference<'a> {
    #[serde(borrow)]
    pub(super) kind: Text<'a>,
    #[serde(borrow)]
    pub(super) name: Text<'a>,
    pub(super) controller: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Spec<'a> {
    #[serde(borrow)]
    pub(super) node_name: Text<'a>,
    pub(super) host_network: Option<bool>,
    #[serde(borrow, deserialize_with = "null_is_default")]
    pub(super) init_containers: Vec<Container<'a>>,
    #[serde(borrow, deserialize_with = "null_is_default")]
    pub(super) containers: Vec<Container<'a>>,
    #[serde(borrow, deserialize_with = "null_is_default")]
    pub(super) ephemeral_containers: Vec<Container<'a>>,
    /// What the RuntimeClass costs by itself.
    #[serde(borrow)]
    pub(super) overhead: Option<Amounts<'a>>,
    /// Of the pod as a whole (Kubernetes 1.34).
    #[serde(borrow)]
    pub(super) resources: Option<Resources<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Container<'a> {
    #[serde(borrow)]
    pub(super) name: Text<'a>,
    #[serde(borrow)]
    pub(super) image: Text<'a>,
    #[serde(borrow)]
    pub(super) restart_policy: Text<'a>,
    #[serde(borrow)]
    pub(super) resources: Option<Resources<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Resources<'a> {
    #[serde(borrow)]
    pub(super) requests: Option<Amounts<'a>>,
    #[serde(borrow)]
    pub(super) limits: Option<Amounts<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Amounts<'a> {
    #[serde(borrow)]
    pub(super) cpu: Text<'a>,
    #[serde(borrow)]
    pub(super) memory: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Status<'a> {
    #[serde(borrow)]
    pub(super) phase: Text<'a>,
    #[serde(borrow)]
    pub(super) reason: Text<'a>,
    #[serde(borrow)]
    pub(super) qos_class: Text<'a>,
    #[serde(borrow)]
    pub(super) start_time: Text<'a>,
    #[serde(borrow, deserialize_with = "null_is_default")]
    pub(super) conditions: Vec<Condition<'a>>,
    #[serde(borrow, deserialize_with = "null_is_default")]
    pub(super) init_container_statuses: Vec<ContainerStatus<'a>>,
    #[serde(borrow, deserialize_with = "null_is_default")]
    pub(super) container_statuses: Vec<ContainerStatus<'a>>,
    #[serde(borrow, deserialize_with = "null_is_default")]
    pub(super) ephemeral_container_statuses: Vec<ContainerStatus<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Condition<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Text<'a>,
    #[serde(borrow)]
    pub(super) status: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct ContainerStatus<'a> {
    #[serde(borrow)]
    pub(super) name: Text<'a>,
    #[serde(borrow)]
    pub(super) image: Text<'a>,
    #[serde(borrow, rename = "imageID")]
    pub(super) image_id: Text<'a>,
    #[serde(borrow, rename = "containerID")]
    pub(super) container_id: Text<'a>,
    pub(super) restart_count: Option<u32>,
    pub(super) ready: Option<bool>,
    #[serde(borrow)]
    pub(super) state: Option<State<'a>>,
    #[serde(borrow)]
    pub(super) last_state: Option<State<'a>>,
    /// What the kubelet has promised, exactly.
    #[serde(borrow)]
    pub(super) allocated_resources: Option<Amounts<'a>>,
    /// What the runtime has applied; its requests come back rounded from a CPU weight.
    #[serde(borrow)]
    pub(super) resources: Option<Resources<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct State<'a> {
    #[serde(borrow)]
    pub(super) waiting: Option<Waiting<'a>>,
    #[serde(borrow)]
    pub(super) running: Option<Running<'a>>,
    #[serde(borrow)]
    pub(super) terminated: Option<Terminated<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Waiting<'a> {
    #[serde(borrow)]
    pub(super) reason: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Running<'a> {
    #[serde(borrow)]
    pub(super) started_at: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Terminated<'a> {
    #[serde(borrow)]
    pub(super) reason: Text<'a>,
    #[serde(borrow)]
    pub(super) finished_at: Text<'a>,
    #[serde(borrow, rename = "containerID")]
    pub(super) container_id: Text<'a>,
    pub(super) exit_code: Option<i32>,
}
