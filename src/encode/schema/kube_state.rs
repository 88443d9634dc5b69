//! What the API says of pods under kube-state-metrics' names, by option: for a node without kube-state-metrics,
//! whose series these would double.
//!
//! As far as they mean the same. Left out: `kube_pod_owner` and `created_by_*`, which name the ReplicaSet where we
//! know the Deployment (`podometer_pod_info` has it); `kube_pod_init_container_*`; `host_ip`, `pod_ip` and
//! priorities. Source: kube-state-metrics `docs/metrics/workload/pod-metrics.md`.

use crate::encode::cluster::{Cluster, Pod};
use crate::model::identity::{ContainerInfo, ContainerRole, PodInfo};
use crate::model::workload::{Amounts, ContainerState, Phase};

use super::top::pod_labels;
use super::{EmitRow, SmallFamily, counter, gauge};

/// Sorted by name.
#[rustfmt::skip]
pub static FAMILIES: &[SmallFamily<Cluster>] = &[
    gauge("kube_pod_container_info", "Information about a container in a pod.", container_info),
    gauge("kube_pod_container_resource_limits", "The number of requested limit resource by a container.", |c, emit| amounts(c, emit, |container| container.resources.limits)),
    gauge("kube_pod_container_resource_requests", "The number of requested request resource by a container.", |c, emit| amounts(c, emit, |container| container.resources.requests)),
    gauge("kube_pod_container_status_last_terminated_reason", "The last reason the container was in terminated state.", |c, emit| reasons(c, emit, |container| &container.last_termination)),
    gauge("kube_pod_container_status_ready", "Whether the container's readiness check succeeded.", |c, emit| each(c, emit, |container| u32::from(container.is_ready))),
    counter("kube_pod_container_status_restarts_total", "The number of container restarts.", |c, emit| each(c, emit, |container| container.restart_count)),
    gauge("kube_pod_container_status_running", "Whether the container is running.", |c, emit| each(c, emit, |container| u32::from(matches!(container.state, ContainerState::Running { .. })))),
    gauge("kube_pod_container_status_waiting_reason", "The reason the container is in waiting state.", |c, emit| reasons(c, emit, waiting)),
    gauge("kube_pod_info", "Information about a pod.", pod_info),
    gauge("kube_pod_status_phase", "The pod's current phase.", phases),
];

/// Application containers, as kube-state-metrics has them under these names.
fn containers(cluster: &Cluster, mut row: impl FnMut(&Pod, &PodInfo, &ContainerInfo)) {
    for pod in &cluster.pods {
        let Some(info) = pod.info.as_deref() else { continue };
        for container in info.containers.iter().filter(|container| container.role == ContainerRole::App) {
            row(pod, info, container);
        }
    }
}

fn each(cluster: &Cluster, emit: &mut EmitRow<'_>, value: fn(&ContainerInfo) -> u32) {
    containers(cluster, |pod, _, container| {
        let [namespace, name, uid] = pod_labels(pod);
        emit(&[("container", &container.name), namespace, name, uid], f64::from(value(container)));
    });
}

fn amounts(cluster: &Cluster, emit: &mut EmitRow<'_>, of: fn(&ContainerInfo) -> Amounts) {
    containers(cluster, |pod, info, container| {
        let Amounts { cpu_millicores, memory_bytes } = of(container);
        let [namespace, name, uid] = pod_labels(pod);
        for (resource, unit, value) in [
            ("cpu", "core", cpu_millicores.map(|millicores| millicores as f64 / 1000.0)),
            ("memory", "byte", memory_bytes.map(|bytes| bytes as f64)),
        ] {
            if let Some(value) = value {
                let (of, node) = (("container", &*container.name), ("node", &*info.node));
                emit(&[of, namespace, node, name, ("resource", resource), uid, ("unit", unit)], value);
            }
        }
    });
}

fn waiting(container: &ContainerInfo) -> &str {
    match &container.state {
        ContainerState::Waiting { reason } => reason,
        _ => "",
    }
}

fn reasons(cluster: &Cluster, emit: &mut EmitRow<'_>, reason: fn(&ContainerInfo) -> &str) {
    containers(cluster, |pod, _, container| {
        let reason = reason(container);
        if !reason.is_empty() {
            let [namespace, name, uid] = pod_labels(pod);
            emit(&[("container", &container.name), namespace, name, ("reason", reason), uid], 1.0);
        }
    });
}

fn container_info(cluster: &Cluster, emit: &mut EmitRow<'_>) {
    containers(cluster, |pod, _, container| {
        let [namespace, name, uid] = pod_labels(pod);
        let labels = [
            ("container", &*container.name),
            ("image", &*container.image),
            ("image_id", &*container.image_id),
            namespace,
            name,
            uid,
        ];
        emit(&labels, 1.0);
    });
}

fn pod_info(cluster: &Cluster, emit: &mut EmitRow<'_>) {
    for pod in &cluster.pods {
        let Some(info) = pod.info.as_deref() else { continue };
        let host_network = if info.host_network { "true" } else { "false" };
        let [namespace, name, uid] = pod_labels(pod);
        emit(&[("host_network", host_network), namespace, ("node", &info.node), name, uid], 1.0);
    }
}

fn phases(cluster: &Cluster, emit: &mut EmitRow<'_>) {
    for pod in &cluster.pods {
        let Some(info) = pod.info.as_deref() else { continue };
        let [namespace, name, uid] = pod_labels(pod);
        for phase in Phase::ALL {
            let is_in = f64::from(u8::from(info.phase == phase));
            emit(&[namespace, ("phase", phase.name()), name, uid], is_in);
        }
    }
}
