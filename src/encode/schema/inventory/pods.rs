//! `kubernetes_pod_container` as kube_inventory has it: what a container is to do and does, and its pod's
//! conditions.

use super::{condition_fields, selector_tags, tags};
use crate::encode::schema::host::point::{Points, integer};
use crate::model::inventory::{ContainerRecord, PodRecord, StateRecord};

const POD_CONTAINER: &str = "kubernetes_pod_container";

pub(super) fn write_pod(pod: &PodRecord, points: &mut Points<'_, '_>) {
    for container in &pod.containers {
        write_container(pod, container, points);
    }
}

fn write_container(pod: &PodRecord, container: &ContainerRecord, points: &mut Points<'_, '_>) {
    let (image, version) = image_and_version(&container.image);
    let own = [
        ("container_name", &*container.name),
        ("namespace", &*pod.name.namespace),
        ("node_name", &*pod.node),
        ("pod_name", &*pod.name.name),
        ("image", image),
        ("version", version),
    ];
    for condition in &pod.conditions {
        let mut own = own.to_vec();
        own.extend([("status", condition.status.name()), ("condition", &*condition.kind)]);
        points.point(POD_CONTAINER, &own, |out| condition_fields(condition, out));
    }
    let (state, state_code) = state(container.state);
    let mut fixed = own.to_vec();
    let readiness = if container.is_ready { "ready" } else { "unready" };
    fixed.extend([("phase", pod.phase.name()), ("state", state), ("readiness", readiness)]);
    let selectors = selector_tags("node_selector_", &pod.node_selectors);
    let (requests, limits) = (&container.resources.requests, &container.resources.limits);
    points.point(POD_CONTAINER, &tags(&fixed, &selectors), |out| {
        integer(out, "restarts_total", container.restarts);
        out.integer("state_code", state_code);
        // An older name of state_reason.
        if container.state == StateRecord::Terminated {
            out.text("terminated_reason", &container.state_reason);
        }
        for (name, text) in [("state_reason", &container.state_reason), ("phase_reason", &pod.reason)] {
            if !text.is_empty() {
                out.text(name, text);
            }
        }
        integer(out, "resource_requests_millicpu_units", requests.cpu_millicores);
        integer(out, "resource_requests_memory_bytes", requests.memory_bytes);
        integer(out, "resource_limits_millicpu_units", limits.cpu_millicores);
        integer(out, "resource_limits_memory_bytes", limits.memory_bytes);
    });
}

fn state(state: StateRecord) -> (&'static str, u64) {
    match state {
        StateRecord::Running => ("running", 0),
        StateRecord::Terminated => ("terminated", 1),
        StateRecord::Waiting => ("waiting", 2),
        StateRecord::Unknown => ("unknown", 3),
    }
}

/// Telegraf's rule: what stands before the first colon, and what stands behind it where there is exactly one. A
/// registry with a port breaks it; so it does in Telegraf, whose tags these are.
fn image_and_version(image: &str) -> (&str, &str) {
    match image.split_once(':') {
        Some((name, version)) if !version.contains(':') => (name, version),
        Some((name, _)) => (name, ""),
        None => (image, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_cut_as_telegraf_cuts_them() {
        for (image, expected) in [
            ("web:1", ("web", "1")),
            ("web", ("web", "")),
            ("registry:5000/web:1", ("registry", "")),
            ("registry:5000/web", ("registry", "5000/web")),
        ] {
            assert_eq!(image_and_version(image), expected);
        }
    }
}
