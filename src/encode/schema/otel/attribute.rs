//! Names of attributes, of resources and of points. Sorted.
//!
//! Sources: semantic conventions `model/{container,disk,host,k8s,process,service}`, and kubeletstats for those of its
//! own networks, which have no prefix.

pub const CONTAINER_ID: &str = "container.id";
pub const CONTAINER_IMAGE_NAME: &str = "container.image.name";
pub(super) const DEVICE: &str = "system.device";
pub(super) const DIRECTION: &str = "direction";
pub(super) const DISK_DIRECTION: &str = "disk.io.direction";
pub(super) const FS_TYPE: &str = "k8s.container.ephemeral_storage.fs_type";
pub const HOST_NAME: &str = "host.name";
pub(super) const INTERFACE: &str = "interface";
pub const K8S_CLAIM_NAME: &str = "k8s.persistentvolumeclaim.name";
pub const K8S_CONTAINER_NAME: &str = "k8s.container.name";
pub const K8S_NAMESPACE_NAME: &str = "k8s.namespace.name";
pub const K8S_NODE_NAME: &str = "k8s.node.name";
/// A pod's labels follow.
pub const K8S_POD_LABEL: &str = "k8s.pod.label.";
pub const K8S_POD_NAME: &str = "k8s.pod.name";
pub const K8S_POD_UID: &str = "k8s.pod.uid";
pub const K8S_VOLUME_NAME: &str = "k8s.volume.name";
/// How a maximum was found.
pub(super) const METHOD: &str = "method";
/// What a task waits for.
pub(super) const RESOURCE: &str = "resource";
pub const SERVICE_INSTANCE_ID: &str = "service.instance.id";
pub const SERVICE_NAME: &str = "service.name";
pub const SERVICE_VERSION: &str = "service.version";
/// Who gave a value that was not read here.
pub(super) const SOURCE: &str = "source";
pub(super) const STALL: &str = "stall";
pub(super) const STATUS_REASON: &str = "k8s.container.status.reason";
pub(super) const STATUS_STATE: &str = "k8s.container.status.state";
/// Length of a window that ends at the point's time.
pub(super) const WINDOW: &str = "window";

/// The attribute that names a pod's workload, by the workload's kind.
pub const OWNERS: [(&str, &str); 7] = [
    ("CronJob", "k8s.cronjob.name"),
    ("DaemonSet", "k8s.daemonset.name"),
    ("Deployment", "k8s.deployment.name"),
    ("Job", "k8s.job.name"),
    ("ReplicaSet", "k8s.replicaset.name"),
    ("ReplicationController", "k8s.replicationcontroller.name"),
    ("StatefulSet", "k8s.statefulset.name"),
];

/// What the encoder itself puts on resources, beside owners and labels.
const OWN: [&str; 13] = [
    CONTAINER_ID,
    CONTAINER_IMAGE_NAME,
    HOST_NAME,
    K8S_CLAIM_NAME,
    K8S_CONTAINER_NAME,
    K8S_NAMESPACE_NAME,
    K8S_NODE_NAME,
    K8S_POD_NAME,
    K8S_POD_UID,
    K8S_VOLUME_NAME,
    SERVICE_INSTANCE_ID,
    SERVICE_NAME,
    SERVICE_VERSION,
];

/// Whether a resource may carry this attribute anyhow: the user's own must have other names.
pub fn is_reserved(key: &str) -> bool {
    OWN.contains(&key) || OWNERS.iter().any(|(_, owner)| *owner == key) || key.starts_with(K8S_POD_LABEL)
}
