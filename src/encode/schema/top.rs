//! What `kubectl top` prints, from our own counters: containers summed, at the time and over the window of the
//! source that `of` names. Another source is another series, so that no series changes its window unseen.

use crate::encode::cluster::{Cluster, Pod, Top};

use super::{EmitRow, SmallFamily, gauge};

/// Sorted by name. A container's time and window are its pod's.
#[rustfmt::skip]
pub static FAMILIES: &[SmallFamily<Cluster>] = &[
    gauge("podometer_container_top_cpu_usage_cores", "CPU use that kubectl top prints for the container, before rounding.", |c, emit| of_containers(c, emit, cores)),
    gauge("podometer_container_top_memory_working_set_bytes", "Memory that kubectl top prints for the container, before rounding.", |c, emit| of_containers(c, emit, bytes)),
    gauge("podometer_node_top_age_seconds", "How long ago the window of the node's values ended.", |c, emit| of_node(c, emit, |top| Some(age(c, top)))),
    gauge("podometer_node_top_cpu_usage_cores", "CPU use that kubectl top prints for the node, before rounding.", |c, emit| of_node(c, emit, cores)),
    gauge("podometer_node_top_memory_working_set_bytes", "Memory that kubectl top prints for the node, before rounding.", |c, emit| of_node(c, emit, bytes)),
    gauge("podometer_node_top_window_seconds", "Length of the window of the node's values.", |c, emit| of_node(c, emit, window)),
    gauge("podometer_pod_top_age_seconds", "How long ago the window of the pod's values ended.", |c, emit| of_pods(c, emit, |top| Some(age(c, top)))),
    gauge("podometer_pod_top_cpu_usage_cores", "CPU use that kubectl top prints for the pod, before rounding.", |c, emit| of_pods(c, emit, cores)),
    gauge("podometer_pod_top_memory_working_set_bytes", "Memory that kubectl top prints for the pod, before rounding.", |c, emit| of_pods(c, emit, bytes)),
    gauge("podometer_pod_top_window_seconds", "Length of the window of the pod's values.", |c, emit| of_pods(c, emit, window)),
];

pub(super) fn cores(top: &Top) -> Option<f64> {
    top.usage.cpu_nanocores.map(|nanocores| nanocores as f64 / 1e9)
}

pub(super) fn bytes(top: &Top) -> Option<f64> {
    top.usage.memory_bytes.map(|bytes| bytes as f64)
}

#[allow(clippy::unnecessary_wraps, reason = "of the same type as the others")]
fn window(top: &Top) -> Option<f64> {
    Some(top.usage.window_ns as f64 / 1e9)
}

fn age(cluster: &Cluster, top: &Top) -> f64 {
    cluster.taken_ms.saturating_sub(top.usage.at_ms).max(0) as f64 / 1000.0
}

fn of_pods(cluster: &Cluster, emit: &mut EmitRow<'_>, value: impl Fn(&Top) -> Option<f64>) {
    for pod in &cluster.pods {
        let Some(top) = &pod.top else { continue };
        if let Some(value) = value(top) {
            let [namespace, name, uid] = pod_labels(pod);
            emit(&[namespace, ("of", top.of.name()), name, uid], value);
        }
    }
}

fn of_containers(cluster: &Cluster, emit: &mut EmitRow<'_>, value: fn(&Top) -> Option<f64>) {
    for pod in &cluster.pods {
        let [namespace, name, uid] = pod_labels(pod);
        for container in &pod.containers {
            let Some(top) = &container.top else { continue };
            if let Some(value) = value(top) {
                emit(&[("container", &container.name), namespace, ("of", top.of.name()), name, uid], value);
            }
        }
    }
}

fn of_node(cluster: &Cluster, emit: &mut EmitRow<'_>, value: impl Fn(&Top) -> Option<f64>) {
    // Only where there are pods: a plain host has nothing that kubectl could print.
    let Some(top) = cluster.node_top.as_ref().filter(|_| !cluster.pods.is_empty()) else { return };
    if let Some(value) = value(top) {
        emit(&[("of", top.of.name())], value);
    }
}

pub(super) fn pod_labels(pod: &Pod) -> [(&'static str, &str); 3] {
    [("namespace", pod.namespace()), ("pod", pod.name()), ("uid", &pod.uid.0)]
}
