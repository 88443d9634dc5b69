//! Nodes and pods to records.

use super::objects::{
    Amounts, ConditionLine, Container, ContainerStatus, NodeSpec, NodeStatus, Object, PodSpec, PodStatus,
};
use super::selectors::SelectorFilter;
use crate::model::inventory::{
    Condition, ConditionStatus, ContainerRecord, NodeAmounts, NodeRecord, PodRecord, StateRecord,
};
use crate::model::quantity::Quantity;
use crate::model::workload::{self, Phase, Resources};

pub(super) fn node(object: Object<NodeSpec, NodeStatus>) -> NodeRecord {
    let status = object.status.unwrap_or_default();
    let annotations = object.metadata.annotations.as_ref();
    let cluster = annotations.and_then(|annotations| annotations.cluster_namespace.as_deref());
    NodeRecord {
        name: object.metadata.named(),
        cluster_namespace: cluster.unwrap_or_default().into(),
        kubelet_version: status.node_info.kubelet_version.into(),
        capacity: node_amounts(&status.capacity),
        allocatable: node_amounts(&status.allocatable),
        is_unschedulable: object.spec.unwrap_or_default().unschedulable,
        conditions: conditions(status.conditions),
    }
}

pub(super) fn pod(object: Object<PodSpec, PodStatus>, filter: &SelectorFilter) -> PodRecord {
    let (spec, status) = (object.spec.unwrap_or_default(), object.status.unwrap_or_default());
    let statuses = &status.container_statuses;
    let containers = spec.containers.iter().map(|container| {
        let status = statuses.iter().find(|status| status.name == container.name);
        container_record(container, status)
    });
    PodRecord {
        name: object.metadata.named(),
        containers: containers.collect(),
        node: spec.node_name.into(),
        phase: Phase::from_name(&status.phase),
        reason: status.reason.into(),
        node_selectors: filter.pick(spec.node_selector.as_ref()),
        conditions: conditions(status.conditions),
    }
}

fn container_record(container: &Container, status: Option<&ContainerStatus>) -> ContainerRecord {
    let state = status.map(|status| &status.state);
    let (state, reason) = match state {
        Some(state) if state.running.is_some() => (StateRecord::Running, None),
        Some(state) if state.terminated.is_some() => (StateRecord::Terminated, state.terminated.as_ref()),
        Some(state) if state.waiting.is_some() => (StateRecord::Waiting, state.waiting.as_ref()),
        _ => (StateRecord::Unknown, None),
    };
    ContainerRecord {
        name: container.name.as_str().into(),
        image: container.image.as_str().into(),
        state,
        state_reason: reason.map(|reason| reason.reason.as_str()).unwrap_or_default().into(),
        is_ready: status.is_some_and(|status| status.ready),
        restarts: status.map(|status| status.restart_count),
        resources: Resources {
            requests: amounts(container.resources.requests.as_ref()),
            limits: amounts(container.resources.limits.as_ref()),
        },
    }
}

fn conditions(lines: Vec<ConditionLine>) -> Vec<Condition> {
    let condition = |line: ConditionLine| Condition {
        kind: line.kind.into(),
        status: ConditionStatus::from_name(&line.status),
    };
    lines.into_iter().map(condition).collect()
}

fn quantity(table: &Amounts, name: &str) -> Option<Quantity> {
    table.get(name).and_then(|text| Quantity::parse(text))
}

fn amounts(table: Option<&Amounts>) -> workload::Amounts {
    let Some(table) = table else { return workload::Amounts::default() };
    workload::Amounts {
        cpu_millicores: quantity(table, "cpu").map(Quantity::millis),
        memory_bytes: quantity(table, "memory").map(Quantity::units),
    }
}

fn node_amounts(table: &Amounts) -> NodeAmounts {
    NodeAmounts {
        cpu_millicores: quantity(table, "cpu").map(Quantity::millis),
        memory_bytes: quantity(table, "memory").map(Quantity::units),
        pods: quantity(table, "pods").map(Quantity::units),
    }
}
