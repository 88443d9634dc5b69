//! Reads a pod list: the kubelet's `/pods` or the API server's, thin and borrowed.
//!
//! Only the fields that name a cgroup are taken; everything else is skipped by the parser. Every field may be
//! absent. A pod without UID is left out.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::Deserialize;
use thiserror::Error;

/// A document that is no pod list.
#[derive(Debug, Error)]
#[error("{place}: is not a Kubernetes pod list: {error}")]
pub struct PodsError {
    /// The file or address it came from.
    pub place: String,
    pub error: serde_json::Error,
}

#[derive(Debug, Deserialize)]
pub(super) struct PodList<'a> {
    #[serde(borrow)]
    pub(super) items: Vec<Pod<'a>>,
}

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
#[serde(default)]
pub(super) struct Metadata<'a> {
    #[serde(borrow)]
    pub(super) name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) namespace: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) uid: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) labels: Option<HashMap<Cow<'a, str>, Cow<'a, str>>>,
    #[serde(borrow)]
    pub(super) annotations: Option<Annotations<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Annotations<'a> {
    /// Set on a static pod: the UID that its cgroup carries.
    #[serde(borrow, rename = "kubernetes.io/config.hash")]
    pub(super) config_hash: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "kubernetes.io/config.mirror")]
    pub(super) config_mirror: Option<Cow<'a, str>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Spec<'a> {
    #[serde(borrow)]
    pub(super) node_name: Option<Cow<'a, str>>,
    pub(super) host_network: Option<bool>,
    #[serde(borrow)]
    pub(super) init_containers: Option<Vec<SpecContainer<'a>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct SpecContainer<'a> {
    #[serde(borrow)]
    pub(super) name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) restart_policy: Option<Cow<'a, str>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Status<'a> {
    #[serde(borrow)]
    pub(super) start_time: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) container_statuses: Option<Vec<ContainerStatus<'a>>>,
    #[serde(borrow)]
    pub(super) init_container_statuses: Option<Vec<ContainerStatus<'a>>>,
    #[serde(borrow)]
    pub(super) ephemeral_container_statuses: Option<Vec<ContainerStatus<'a>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct ContainerStatus<'a> {
    #[serde(borrow)]
    pub(super) name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) image: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "containerID")]
    pub(super) container_id: Option<Cow<'a, str>>,
    pub(super) restart_count: Option<u32>,
    #[serde(borrow)]
    pub(super) last_state: Option<LastState<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct LastState<'a> {
    #[serde(borrow)]
    pub(super) terminated: Option<Terminated<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Terminated<'a> {
    #[serde(borrow, rename = "containerID")]
    pub(super) container_id: Option<Cow<'a, str>>,
}

/// Parses a pod list; `place` names it in errors.
pub(super) fn parse<'a>(place: &str, text: &'a [u8]) -> Result<PodList<'a>, PodsError> {
    serde_json::from_slice(text).map_err(|error| PodsError { place: place.to_owned(), error })
}
