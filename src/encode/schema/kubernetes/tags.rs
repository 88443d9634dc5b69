//! Measurements and tags, escaped once per unit.

use crate::encode::influx::{Prefixes, append_tag, escape};
use crate::model::identity::{Identity, PodInfo, UnitKind};
use crate::model::reconciled::SourceKind;
use crate::model::unit::Unit;

pub(super) const POD_CONTAINER: &str = "kubernetes_pod_container";
pub(super) const POD_NETWORK: &str = "kubernetes_pod_network";
pub(super) const POD_VOLUME: &str = "kubernetes_pod_volume";
pub(super) const SYSTEM_CONTAINER: &str = "kubernetes_system_container";
pub(super) const NODE: &str = "kubernetes_node";
/// Ours: Telegraf has no measurement of the pod's own cgroup.
pub(super) const POD: &str = "kubernetes_pod";
/// Ours: the agent's own container, where nothing more of its pod can be seen.
pub(super) const OWN_CONTAINER: &str = "podometer_own_container";
/// Ours: every cgroup that is neither a pod nor in one.
pub(super) const UNIT: &str = "podometer_unit";

/// Tags of these measurements; a pod label or a configured tag of the same name is left out.
pub const TAGS: &[&str] = &[
    "container_id",
    "container_name",
    "host",
    "image",
    "kind",
    "namespace",
    "node_name",
    "pod_name",
    "pod_uid",
    "qos_class",
    "source",
    "uid",
    "unit",
    "version",
    "volume_name",
];

/// Writes measurement and tags.
pub(super) struct Tags<'a> {
    pub(super) node: &'a str,
    pub(super) common: &'a [u8],
}

impl Tags<'_> {
    pub(super) fn prefixes(&self, unit: &Unit) -> Prefixes {
        let identity = unit.identity.as_deref();
        match &unit.cgroup.kind {
            UnitKind::Pod { uid, qos } => {
                let mut usage = self.start(POD);
                pod(&mut usage, identity, &uid.0, "");
                append_tag(&mut usage, "uid", &uid.0);
                append_tag(&mut usage, "qos_class", qos.name());
                source(&mut usage, unit);
                labels(&mut usage, identity);
                let of_pod = |measurement: &str| {
                    let mut prefix = self.start(measurement);
                    pod(&mut prefix, identity, &uid.0, "pod_uid");
                    labels(&mut prefix, identity);
                    prefix
                };
                let mut network = of_pod(POD_NETWORK);
                source(&mut network, unit);
                // Volumes have one source alone: the kubelet.
                let volume = Some(of_pod(POD_VOLUME).into());
                Prefixes { usage: Some(usage.into()), network: Some(network.into()), volume }
            }
            UnitKind::Container { id, pod: Some(uid), .. } => {
                let mut usage = self.start(POD_CONTAINER);
                pod(&mut usage, identity, &uid.0, "pod_uid");
                match identity.and_then(|identity| identity.container.as_deref()) {
                    Some(container) => {
                        append_tag(&mut usage, "container_name", &container.name);
                        append_tag(&mut usage, "image", &container.image);
                        append_tag(&mut usage, "version", version(&container.image).unwrap_or_default());
                    }
                    None => append_tag(&mut usage, "container_id", &id.0),
                }
                source(&mut usage, unit);
                labels(&mut usage, identity);
                Prefixes { usage: Some(usage.into()), ..Prefixes::default() }
            }
            UnitKind::PodNetwork { uid } => {
                let mut network = self.start(POD_NETWORK);
                pod(&mut network, identity, &uid.0, "pod_uid");
                labels(&mut network, identity);
                Prefixes { usage: None, network: Some(network.into()), volume: None }
            }
            UnitKind::OwnContainer => {
                let mut usage = Vec::new();
                escape(&mut usage, OWN_CONTAINER, b", ");
                usage.extend_from_slice(self.common);
                append_tag(&mut usage, "node_name", self.node);
                Prefixes { usage: Some(usage.into()), network: None, volume: None }
            }
            kind => {
                let mut usage = Vec::new();
                escape(&mut usage, UNIT, b", ");
                usage.extend_from_slice(self.common);
                append_tag(&mut usage, "unit", &unit.cgroup.path);
                append_tag(&mut usage, "kind", kind.name());
                if let UnitKind::Container { id, .. } = kind {
                    append_tag(&mut usage, "container_id", &id.0);
                }
                source(&mut usage, unit);
                Prefixes { usage: Some(usage.into()), ..Prefixes::default() }
            }
        }
    }

    fn start(&self, measurement: &str) -> Vec<u8> {
        let mut out = Vec::with_capacity(256);
        escape(&mut out, measurement, b", ");
        out.extend_from_slice(self.common);
        append_tag(&mut out, "node_name", self.node);
        out
    }
}

/// Namespace and name of the pod, or its UID under `uid_tag` while they are not known.
fn pod(out: &mut Vec<u8>, identity: Option<&Identity>, uid: &str, uid_tag: &str) {
    match pod_info(identity) {
        Some(pod) => {
            append_tag(out, "namespace", &pod.namespace);
            append_tag(out, "pod_name", &pod.name);
        }
        None => append_tag(out, uid_tag, uid),
    }
}

/// Who says so, where it is not read here: no series mixes sources.
fn source(out: &mut Vec<u8>, unit: &Unit) {
    if unit.source != SourceKind::Cgroup {
        append_tag(out, "source", unit.source.name());
    }
}

/// The allowed labels under their own keys; a tag of ours wins over a label of the same name.
fn labels(out: &mut Vec<u8>, identity: Option<&Identity>) {
    for (key, value) in pod_info(identity).map(|pod| pod.labels.as_slice()).unwrap_or_default() {
        if !TAGS.contains(&&**key) {
            append_tag(out, key, value);
        }
    }
}

fn pod_info(identity: Option<&Identity>) -> Option<&PodInfo> {
    identity.and_then(|identity| identity.pod.as_deref())
}

/// Telegraf's rule: the part behind the colon, where there is exactly one colon.
fn version(image: &str) -> Option<&str> {
    image.split_once(':').map(|(_, version)| version).filter(|version| !version.contains(':'))
}
