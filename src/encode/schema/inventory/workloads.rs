//! `kubernetes_daemonset`, `kubernetes_deployment`, `kubernetes_persistentvolumeclaim`, `kubernetes_statefulset`.

use super::{selector_tags, signed, tags};
use crate::encode::schema::host::point::Points;
use crate::model::inventory::{ClaimRecord, DaemonSetRecord, DeploymentRecord, StatefulSetRecord};

pub(super) fn write_daemon_set(set: &DaemonSetRecord, points: &mut Points<'_, '_>) {
    let selectors = selector_tags("selector_", &set.selectors);
    let own = [("daemonset_name", &*set.name.name), ("namespace", &*set.name.namespace)];
    points.point("kubernetes_daemonset", &tags(&own, &selectors), |out| {
        signed(out, "generation", set.name.generation);
        signed(out, "current_number_scheduled", set.current_number_scheduled);
        signed(out, "desired_number_scheduled", set.desired_number_scheduled);
        signed(out, "number_available", set.number_available);
        signed(out, "number_misscheduled", set.number_misscheduled);
        signed(out, "number_ready", set.number_ready);
        signed(out, "number_unavailable", set.number_unavailable);
        signed(out, "updated_number_scheduled", set.updated_number_scheduled);
        signed(out, "created", set.name.created_ns);
    });
}

pub(super) fn write_deployment(deployment: &DeploymentRecord, points: &mut Points<'_, '_>) {
    let selectors = selector_tags("selector_", &deployment.selectors);
    let own = [("deployment_name", &*deployment.name.name), ("namespace", &*deployment.name.namespace)];
    points.point("kubernetes_deployment", &tags(&own, &selectors), |out| {
        signed(out, "replicas_available", deployment.replicas_available);
        signed(out, "replicas_unavailable", deployment.replicas_unavailable);
        signed(out, "created", deployment.name.created_ns);
    });
}

pub(super) fn write_stateful_set(set: &StatefulSetRecord, points: &mut Points<'_, '_>) {
    let selectors = selector_tags("selector_", &set.selectors);
    let own = [("statefulset_name", &*set.name.name), ("namespace", &*set.name.namespace)];
    points.point("kubernetes_statefulset", &tags(&own, &selectors), |out| {
        signed(out, "created", set.name.created_ns);
        signed(out, "generation", set.name.generation);
        signed(out, "replicas", set.replicas);
        signed(out, "replicas_current", set.replicas_current);
        signed(out, "replicas_ready", set.replicas_ready);
        signed(out, "replicas_updated", set.replicas_updated);
        signed(out, "spec_replicas", set.spec_replicas);
        signed(out, "observed_generation", set.observed_generation);
    });
}

pub(super) fn write_claim(claim: &ClaimRecord, points: &mut Points<'_, '_>) {
    let selectors = selector_tags("selector_", &claim.selectors);
    let own = [
        ("pvc_name", &*claim.name.name),
        ("namespace", &*claim.name.namespace),
        ("phase", &*claim.phase),
        ("storageclass", &*claim.storage_class),
    ];
    let phase_type = match &*claim.phase {
        "Bound" => 0,
        "Lost" => 1,
        "Pending" => 2,
        _ => 3,
    };
    points.point("kubernetes_persistentvolumeclaim", &tags(&own, &selectors), |out| {
        out.integer("phase_type", phase_type);
    });
}
