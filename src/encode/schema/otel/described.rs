//! What Kubernetes says of a container, pod or node, and use over what it allows.

use super::attribute::{STATUS_REASON, STATUS_STATE};
use super::read::{put, read_ns};
use super::row::{Emit, Value};
use super::subject::Subject;
use crate::encode::cluster::Share;
use crate::model::identity::{ContainerInfo, ContainerRole};
use crate::model::unit::Pace;
use crate::model::workload::{Amounts, ContainerState, Resources};

const STATES: [&str; 3] = ["waiting", "running", "terminated"];

/// Use over a bound of the resource's containers.
pub(super) fn share(subject: &Subject<'_>, emit: &mut Emit<'_>, pace: Pace, share: Share) {
    if let (Some(unit), Some(ratio)) = (subject.unit, share.ratio()) {
        put(subject, emit, &[], Value::Float(ratio), read_ns(unit, pace, subject));
    }
}

/// Use over the bound of a pod all of whose containers set it: kubeletstats gives no other.
pub(super) fn pod_share(
    subject: &Subject<'_>,
    emit: &mut Emit<'_>,
    pace: Pace,
    used: Share,
    bound: fn(&Resources) -> Option<u64>,
) {
    let Some(pod) = subject.pod else { return };
    let beside = |each: &&ContainerInfo| matches!(each.role, ContainerRole::App | ContainerRole::Sidecar);
    let mut containers = pod.containers.iter().map(|each| &**each).filter(beside).peekable();
    if containers.peek().is_some() && containers.all(|each| bound(&each.resources).is_some()) {
        share(subject, emit, pace, used);
    }
}

/// What was asked for or allowed, as it is now.
pub(super) fn amount(
    subject: &Subject<'_>,
    emit: &mut Emit<'_>,
    of: fn(&Resources) -> &Amounts,
    value: fn(&Amounts) -> Option<Value>,
) {
    if let Some(value) = subject.container.and_then(|container| value(of(&container.resources))) {
        emit(&[], value, subject.shared.snapshot.taken.wall_ns);
    }
}

pub(super) fn allocatable(subject: &Subject<'_>, emit: &mut Emit<'_>, value: fn(&Amounts) -> Option<Value>) {
    if let Some(value) = subject.allocatable.as_ref().and_then(value) {
        emit(&[], value, subject.shared.snapshot.taken.wall_ns);
    }
}

pub(super) fn cores(amounts: &Amounts) -> Option<Value> {
    amounts.cpu_millicores.map(|millicores| Value::Float(millicores as f64 / 1000.0))
}

pub(super) fn bytes(amounts: &Amounts) -> Option<Value> {
    amounts.memory_bytes.map(Value::Integer)
}

pub(super) fn described(subject: &Subject<'_>, emit: &mut Emit<'_>, value: fn(&ContainerInfo) -> u64) {
    if let Some(container) = subject.container {
        emit(&[], Value::Integer(value(container)), subject.shared.snapshot.taken.wall_ns);
    }
}

/// 1 for the state that the container is in, 0 for the others.
pub(super) fn state(subject: &Subject<'_>, emit: &mut Emit<'_>) {
    let Some(current) = subject.container.map(|container| container.state.name()) else { return };
    for state in STATES.into_iter().filter(|_| STATES.contains(&current)) {
        let is = u64::from(state == current);
        emit(&[(STATUS_STATE, state)], Value::Integer(is), subject.shared.snapshot.taken.wall_ns);
    }
}

/// 1 for the reason that Kubernetes gives now. The list of reasons is open, so there are no zeros for the others.
pub(super) fn reason(subject: &Subject<'_>, emit: &mut Emit<'_>) {
    let state = subject.container.map(|container| &container.state);
    let Some(ContainerState::Waiting { reason } | ContainerState::Terminated { reason, .. }) = state else {
        return;
    };
    if !reason.is_empty() {
        emit(&[(STATUS_REASON, reason)], Value::Integer(1), subject.shared.snapshot.taken.wall_ns);
    }
}
