//! What the API says of pods, in names of our own: who they belong to, and use over requests and limits.

use crate::encode::cluster::{Cluster, Utilization};

use super::top::pod_labels;
use super::{EmitRow, SmallFamily, gauge};

/// Sorted by name. Ratios are of the last second's CPU and of the working set; without the bound there is none.
#[rustfmt::skip]
pub static FAMILIES: &[SmallFamily<Cluster>] = &[
    gauge("podometer_container_cpu_limit_utilization_ratio", "CPU use of the last second over the container's limit.", |c, emit| of_containers(c, emit, |u| u.cpu_limit.ratio())),
    gauge("podometer_container_cpu_request_utilization_ratio", "CPU use of the last second over the container's request.", |c, emit| of_containers(c, emit, |u| u.cpu_request.ratio())),
    gauge("podometer_container_memory_limit_utilization_ratio", "Working set over the container's limit.", |c, emit| of_containers(c, emit, |u| u.memory_limit.ratio())),
    gauge("podometer_container_memory_request_utilization_ratio", "Working set over the container's request.", |c, emit| of_containers(c, emit, |u| u.memory_request.ratio())),
    gauge("podometer_pod_cpu_limit_utilization_ratio", "CPU use of the last second over limits, of the containers that have one.", |c, emit| of_pods(c, emit, |u| u.cpu_limit.ratio())),
    gauge("podometer_pod_cpu_request_utilization_ratio", "CPU use of the last second over requests, of the containers that have one.", |c, emit| of_pods(c, emit, |u| u.cpu_request.ratio())),
    gauge("podometer_pod_info", "Always 1; the labels say which workload a pod belongs to and where it runs.", info),
    gauge("podometer_pod_limit_coverage_ratio", "Share of the pod's containers that set a limit; below 1 the pod as a whole has none.", coverage),
    gauge("podometer_pod_memory_limit_utilization_ratio", "Working set over limits, of the containers that have one.", |c, emit| of_pods(c, emit, |u| u.memory_limit.ratio())),
    gauge("podometer_pod_memory_request_utilization_ratio", "Working set over requests, of the containers that have one.", |c, emit| of_pods(c, emit, |u| u.memory_request.ratio())),
];

fn of_pods(cluster: &Cluster, emit: &mut EmitRow<'_>, ratio: fn(&Utilization) -> Option<f64>) {
    for pod in &cluster.pods {
        if let Some(ratio) = ratio(&pod.utilization) {
            emit(&pod_labels(pod), ratio);
        }
    }
}

fn of_containers(cluster: &Cluster, emit: &mut EmitRow<'_>, ratio: fn(&Utilization) -> Option<f64>) {
    for pod in &cluster.pods {
        let [namespace, name, uid] = pod_labels(pod);
        for container in &pod.containers {
            if let Some(ratio) = ratio(&container.utilization) {
                emit(&[("container", &container.name), namespace, name, uid], ratio);
            }
        }
    }
}

fn coverage(cluster: &Cluster, emit: &mut EmitRow<'_>) {
    for pod in &cluster.pods {
        let [namespace, name, uid] = pod_labels(pod);
        for (resource, share) in [("cpu", pod.coverage.cpu), ("memory", pod.coverage.memory)] {
            if let Some(share) = share {
                emit(&[namespace, name, ("resource", resource), uid], share);
            }
        }
    }
}

fn info(cluster: &Cluster, emit: &mut EmitRow<'_>) {
    for pod in &cluster.pods {
        let Some(info) = pod.info.as_deref() else { continue };
        let (kind, owner) = info.owner.as_ref().map_or(("", ""), |owner| (&*owner.kind, &*owner.name));
        let [namespace, name, uid] = pod_labels(pod);
        let labels = [
            namespace,
            ("node", &*info.node),
            ("owner_kind", kind),
            ("owner_name", owner),
            name,
            ("qos", info.qos.map_or("", crate::model::identity::QosClass::name)),
            uid,
        ];
        emit(&labels, 1.0);
    }
}
