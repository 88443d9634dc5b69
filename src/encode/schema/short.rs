//! Bare names that some stacks' own exporters serve and their dashboards ask for, by option.
//!
//! CPU and memory are `kubectl top`'s: these exporters were scripts around it. One row a name: of two pods of one
//! name the later one.

use std::collections::BTreeMap;

use crate::encode::cluster::{Cluster, Pod, Top};
use crate::model::workload::Phase;

use super::top::{bytes, cores};
use super::{EmitRow, SmallFamily, gauge};

/// Sorted by name.
#[rustfmt::skip]
pub static FAMILIES: &[SmallFamily<Cluster>] = &[
    gauge("ha_cpu_usage_millicores", "CPU use of the pod, in thousandths of a core.", |c, emit| of_pods(c, emit, |top| cores(top).map(|cores| cores * 1000.0))),
    gauge("ha_memory_usage_bytes", "Working set of the pod.", |c, emit| of_pods(c, emit, bytes)),
    gauge("namespace_pod_count", "Pods of the namespace on this node.", |c, emit| of_namespaces(c, emit, |_| true)),
    gauge("namespace_running_pods", "Pods of the namespace on this node that are in the phase Running.", |c, emit| of_namespaces(c, emit, |pod| pod.info.as_ref().is_some_and(|info| info.phase == Phase::Running))),
    gauge("pod_cpu_usage_cores", "CPU use of the pod.", |c, emit| of_pods(c, emit, cores)),
    gauge("pod_info", "Always 1; the labels say where the pod runs and in which phase it is.", info),
    gauge("pod_memory_usage_bytes", "Working set of the pod.", |c, emit| of_pods(c, emit, bytes)),
];

/// Pods with a name, by namespace and name.
fn named(cluster: &Cluster) -> BTreeMap<(&str, &str), &Pod> {
    let named = cluster.pods.iter().filter(|pod| !pod.name().is_empty());
    named.map(|pod| ((pod.namespace(), pod.name()), pod)).collect()
}

fn of_pods(cluster: &Cluster, emit: &mut EmitRow<'_>, value: fn(&Top) -> Option<f64>) {
    for ((namespace, name), pod) in named(cluster) {
        if let Some(value) = pod.top.as_ref().and_then(value) {
            emit(&[("namespace", namespace), ("pod", name)], value);
        }
    }
}

fn of_namespaces(cluster: &Cluster, emit: &mut EmitRow<'_>, takes: fn(&Pod) -> bool) {
    let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
    for ((namespace, _), pod) in named(cluster) {
        *counts.entry(namespace).or_default() += u32::from(takes(pod));
    }
    for (namespace, count) in counts {
        emit(&[("namespace", namespace)], f64::from(count));
    }
}

fn info(cluster: &Cluster, emit: &mut EmitRow<'_>) {
    for ((namespace, name), pod) in named(cluster) {
        let Some(info) = pod.info.as_deref() else { continue };
        let phase = ("phase", info.phase.name());
        emit(&[("namespace", namespace), ("node", &info.node), phase, ("pod", name)], 1.0);
    }
}
