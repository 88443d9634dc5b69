//! What only the kubelet knows: file systems of containers, pods, volumes and the node.
//!
//! Under cAdvisor's and the kubelet's own names where they have one (not `container_fs_inodes_total`, a gauge named
//! like a counter). The kubelet measures these once a minute or
//! less often; a summary that is too old is not served at all.

use std::collections::HashSet;

use crate::encode::cluster::Cluster;
use crate::model::kubelet::{ContainerStats, FsStats, PodStats, Summary};

use super::{EmitRow, SmallFamily, gauge};

type Read = fn(&FsStats) -> Option<u64>;

/// Sorted by name.
#[rustfmt::skip]
pub static FAMILIES: &[SmallFamily<Cluster>] = &[
    gauge("container_fs_inodes_free", "Free inodes of the file system that the container writes to.", |c, emit| containers(c, emit, |of| of.rootfs.inodes_free)),
    gauge("container_fs_limit_bytes", "Size of the file system that the container writes to.", |c, emit| containers(c, emit, |of| of.rootfs.capacity_bytes)),
    gauge("container_fs_usage_bytes", "Bytes in the container's writable layer.", |c, emit| containers(c, emit, |of| of.rootfs.used_bytes)),
    gauge("kubelet_volume_stats_available_bytes", "[ALPHA] Number of available bytes in the volume", |c, emit| claims(c, emit, |fs| fs.available_bytes)),
    gauge("kubelet_volume_stats_capacity_bytes", "[ALPHA] Capacity in bytes of the volume", |c, emit| claims(c, emit, |fs| fs.capacity_bytes)),
    gauge("kubelet_volume_stats_inodes", "[ALPHA] Maximum number of inodes in the volume", |c, emit| claims(c, emit, |fs| fs.inodes)),
    gauge("kubelet_volume_stats_inodes_free", "[ALPHA] Number of free inodes in the volume", |c, emit| claims(c, emit, |fs| fs.inodes_free)),
    gauge("kubelet_volume_stats_inodes_used", "[ALPHA] Number of used inodes in the volume", |c, emit| claims(c, emit, |fs| fs.inodes_used)),
    gauge("kubelet_volume_stats_used_bytes", "[ALPHA] Number of used bytes in the volume", |c, emit| claims(c, emit, |fs| fs.used_bytes)),
    gauge("podometer_container_fs_inodes", "Inodes of the file system that the container writes to.", |c, emit| containers(c, emit, |of| of.rootfs.inodes)),
    gauge("podometer_container_logs_usage_bytes", "Bytes in the container's log files.", |c, emit| containers(c, emit, |of| of.logs.used_bytes)),
    gauge("podometer_node_fs_available_bytes", "Bytes left on a file system of the kubelet.", |c, emit| node(c, emit, |fs| fs.available_bytes)),
    gauge("podometer_node_fs_capacity_bytes", "Size of a file system of the kubelet.", |c, emit| node(c, emit, |fs| fs.capacity_bytes)),
    gauge("podometer_node_fs_inodes", "Inodes of a file system of the kubelet.", |c, emit| node(c, emit, |fs| fs.inodes)),
    gauge("podometer_node_fs_inodes_free", "Free inodes of a file system of the kubelet.", |c, emit| node(c, emit, |fs| fs.inodes_free)),
    gauge("podometer_node_fs_used_bytes", "Bytes used by the node as a whole, by images or by containers.", |c, emit| node(c, emit, |fs| fs.used_bytes)),
    gauge("podometer_pod_ephemeral_storage_available_bytes", "Bytes left on the file system of the pod's ephemeral storage.", |c, emit| ephemeral(c, emit, |fs| fs.available_bytes)),
    gauge("podometer_pod_ephemeral_storage_capacity_bytes", "Size of the file system of the pod's ephemeral storage.", |c, emit| ephemeral(c, emit, |fs| fs.capacity_bytes)),
    gauge("podometer_pod_ephemeral_storage_inodes_used", "Inodes used by the pod's ephemeral storage.", |c, emit| ephemeral(c, emit, |fs| fs.inodes_used)),
    gauge("podometer_pod_ephemeral_storage_used_bytes", "Bytes used by the pod's writable layers, logs and emptyDir volumes.", |c, emit| ephemeral(c, emit, |fs| fs.used_bytes)),
    gauge("podometer_pod_volume_available_bytes", "Bytes left in a volume.", |c, emit| volumes(c, emit, |fs| fs.available_bytes)),
    gauge("podometer_pod_volume_capacity_bytes", "Size of a volume.", |c, emit| volumes(c, emit, |fs| fs.capacity_bytes)),
    gauge("podometer_pod_volume_inodes", "Inodes of a volume.", |c, emit| volumes(c, emit, |fs| fs.inodes)),
    gauge("podometer_pod_volume_inodes_free", "Free inodes of a volume.", |c, emit| volumes(c, emit, |fs| fs.inodes_free)),
    gauge("podometer_pod_volume_inodes_used", "Used inodes of a volume.", |c, emit| volumes(c, emit, |fs| fs.inodes_used)),
    gauge("podometer_pod_volume_used_bytes", "Bytes used in a volume.", |c, emit| volumes(c, emit, |fs| fs.used_bytes)),
];

fn summary(cluster: &Cluster) -> Option<&Summary> {
    cluster.reconciled.as_deref()?.summary.as_deref()
}

fn pods(cluster: &Cluster) -> impl Iterator<Item = (&Summary, &PodStats)> {
    summary(cluster).into_iter().flat_map(|summary| summary.pods.iter().map(move |pod| (summary, pod)))
}

fn labels(pod: &PodStats) -> [(&'static str, &str); 3] {
    [("namespace", &pod.namespace), ("pod", &pod.name), ("uid", &pod.uid.0)]
}

fn containers(cluster: &Cluster, emit: &mut EmitRow<'_>, read: fn(&ContainerStats) -> Option<u64>) {
    for (summary, pod) in pods(cluster) {
        let [namespace, name, uid] = labels(pod);
        for container in summary.containers_of(pod) {
            if let Some(value) = read(container) {
                emit(&[("container", &container.name), namespace, name, uid], value as f64);
            }
        }
    }
}

fn ephemeral(cluster: &Cluster, emit: &mut EmitRow<'_>, read: Read) {
    for (_, pod) in pods(cluster) {
        if let Some(value) = read(&pod.ephemeral_storage) {
            emit(&labels(pod), value as f64);
        }
    }
}

fn volumes(cluster: &Cluster, emit: &mut EmitRow<'_>, read: Read) {
    for (summary, pod) in pods(cluster) {
        let [namespace, name, uid] = labels(pod);
        for volume in summary.volumes_of(pod) {
            if let Some(value) = read(&volume.fs) {
                emit(&[namespace, name, uid, ("volume", &volume.name)], value as f64);
            }
        }
    }
}

/// One row a claim, however many pods use it.
fn claims(cluster: &Cluster, emit: &mut EmitRow<'_>, read: Read) {
    let mut seen = HashSet::new();
    for (summary, pod) in pods(cluster) {
        for volume in summary.volumes_of(pod) {
            let Some((namespace, claim)) = &volume.claim else { continue };
            if let Some(value) = read(&volume.fs).filter(|_| seen.insert((namespace, claim))) {
                emit(&[("namespace", namespace), ("persistentvolumeclaim", claim)], value as f64);
            }
        }
    }
}

fn node(cluster: &Cluster, emit: &mut EmitRow<'_>, read: Read) {
    let Some(node) = summary(cluster).map(|summary| &summary.node) else { return };
    for (fs, stats) in [("container", &node.container_fs), ("image", &node.image_fs), ("root", &node.fs)] {
        if let Some(value) = read(stats) {
            emit(&[("fs", fs)], value as f64);
        }
    }
}
