//! The fields of `kubernetes_pod` that come from beyond its cgroup: `kubectl top`'s numbers and how ours differ
//! from them, requests and limits, and use over them.

use crate::encode::cluster::{Cluster, Pod};
use crate::encode::influx::{Key, LineWriter, plain_key};
use crate::model::reconciled::{Resource, View};

type Row = (Key, fn(&Pod) -> Option<u64>);
type FloatRow = (Key, fn(&Pod) -> Option<f64>);

const INTEGERS: &[Row] = &[
    (plain_key!("top_cpu_usage_nanocores"), |pod| pod.top?.usage.cpu_nanocores),
    (plain_key!("top_memory_working_set_bytes"), |pod| pod.top?.usage.memory_bytes),
    // As kube_inventory names them.
    (plain_key!("resource_requests_millicpu_units"), |pod| sums(pod)?.requests.cpu_millicores),
    (plain_key!("resource_requests_memory_bytes"), |pod| sums(pod)?.requests.memory_bytes),
    (plain_key!("resource_limits_millicpu_units"), |pod| sums(pod)?.limits.cpu_millicores),
    (plain_key!("resource_limits_memory_bytes"), |pod| sums(pod)?.limits.memory_bytes),
];

const FLOATS: &[FloatRow] = &[
    (plain_key!("top_window_seconds"), |pod| Some(pod.top?.usage.window_ns as f64 / 1e9)),
    (plain_key!("cpu_request_utilization"), |pod| pod.utilization.cpu_request.ratio()),
    (plain_key!("cpu_limit_utilization"), |pod| pod.utilization.cpu_limit.ratio()),
    (plain_key!("memory_request_utilization"), |pod| pod.utilization.memory_request.ratio()),
    (plain_key!("memory_limit_utilization"), |pod| pod.utilization.memory_limit.ratio()),
    (plain_key!("cpu_limit_coverage"), |pod| pod.coverage.cpu),
    (plain_key!("memory_limit_coverage"), |pod| pod.coverage.memory),
];

/// Appends the fields of one pod. Differences are those of `top` from the source whose window it has.
pub(super) fn fields(writer: &mut LineWriter<'_>, cluster: &Cluster, pod: &Pod) {
    for (key, value) in INTEGERS {
        if let Some(value) = value(pod) {
            writer.plain_integer(key, value);
        }
    }
    for (key, value) in FLOATS {
        if let Some(value) = value(pod) {
            writer.plain_float(key, value);
        }
    }
    let Some(top) = pod.top else { return };
    writer.text("top_of", top.of.name());
    let differences = cluster.values_of(pod).map(|values| values.differences.as_slice()).unwrap_or_default();
    for (resource, value, cause) in [
        (Resource::Cpu, "drift_cpu_nanocores", "drift_cpu_cause"),
        (Resource::Memory, "drift_memory_bytes", "drift_memory_cause"),
    ] {
        let mut of_top = differences.iter().filter(|each| each.view == View::Top && each.against == top.of);
        let Some(found) = of_top.find(|each| each.resource == resource) else { continue };
        if let (Some(ours), Some(theirs)) = (found.ours, found.theirs) {
            let difference = i128::from(ours) - i128::from(theirs);
            writer.signed(value, i64::try_from(difference).unwrap_or(i64::MAX));
        }
        if let Some(found) = found.cause {
            writer.text(cause, found.name());
        }
    }
}

fn sums(pod: &Pod) -> Option<&crate::model::workload::Resources> {
    pod.info.as_deref().map(|info| &info.resources.sums)
}
