//! Deployments, stateful sets, daemon sets and claims to records.

use super::objects::{
    ClaimStatus, DaemonSetStatus, DeploymentStatus, Object, StatefulSetStatus, WorkloadSpec,
};
use super::selectors::SelectorFilter;
use crate::model::inventory::{ClaimRecord, DaemonSetRecord, DeploymentRecord, Selectors, StatefulSetRecord};

pub(super) fn deployment(
    object: &Object<WorkloadSpec, DeploymentStatus>,
    filter: &SelectorFilter,
) -> DeploymentRecord {
    let status = object.status.as_ref();
    DeploymentRecord {
        name: object.metadata.named(),
        selectors: selectors(object.spec.as_ref(), filter),
        replicas_available: status.map(|status| status.available_replicas),
        replicas_unavailable: status.map(|status| status.unavailable_replicas),
    }
}

pub(super) fn stateful_set(
    object: &Object<WorkloadSpec, StatefulSetStatus>,
    filter: &SelectorFilter,
) -> StatefulSetRecord {
    let status = object.status.as_ref();
    StatefulSetRecord {
        name: object.metadata.named(),
        selectors: selectors(object.spec.as_ref(), filter),
        replicas: status.map(|status| status.replicas),
        replicas_current: status.map(|status| status.current_replicas),
        replicas_ready: status.map(|status| status.ready_replicas),
        replicas_updated: status.map(|status| status.updated_replicas),
        spec_replicas: object.spec.as_ref().and_then(|spec| spec.replicas),
        observed_generation: status.map(|status| status.observed_generation),
    }
}

pub(super) fn daemon_set(
    object: &Object<WorkloadSpec, DaemonSetStatus>,
    filter: &SelectorFilter,
) -> DaemonSetRecord {
    let status = object.status.as_ref();
    DaemonSetRecord {
        name: object.metadata.named(),
        selectors: selectors(object.spec.as_ref(), filter),
        current_number_scheduled: status.map(|status| status.current_number_scheduled),
        desired_number_scheduled: status.map(|status| status.desired_number_scheduled),
        number_available: status.map(|status| status.number_available),
        number_misscheduled: status.map(|status| status.number_misscheduled),
        number_ready: status.map(|status| status.number_ready),
        number_unavailable: status.map(|status| status.number_unavailable),
        updated_number_scheduled: status.map(|status| status.updated_number_scheduled),
    }
}

pub(super) fn claim(object: Object<WorkloadSpec, ClaimStatus>, filter: &SelectorFilter) -> ClaimRecord {
    let spec = object.spec.as_ref();
    let class = spec.and_then(|spec| spec.storage_class_name.as_deref());
    ClaimRecord {
        name: object.metadata.named(),
        phase: object.status.unwrap_or_default().phase.into(),
        storage_class: class.unwrap_or_default().into(),
        selectors: selectors(spec, filter),
    }
}

fn selectors(spec: Option<&WorkloadSpec>, filter: &SelectorFilter) -> Selectors {
    let selector = spec.and_then(|spec| spec.selector.as_ref());
    filter.pick(selector.and_then(|selector| selector.match_labels.as_ref()))
}
