//! The kubelet's `/metrics/resource` families: node, pods and containers.
//!
//! The node and pod families and container swap stand on `/metrics` too; the other container families stand
//! there with cAdvisor's labels.
//! Source: kubelet `metrics/collectors/resource_metrics.go`, and a recorded kubelet 1.36.

use crate::model::field::Field;
use crate::model::unit::{Pace, Unit};

use super::cadvisor::{CPU_USAGE, MEMORY_WORKING_SET, START_TIME};
use super::family::{Number, UnitFamily, When, Who, limit_or_zero, micros, number};

const FAST: When = When::Read(Pace::Fast);
const MEMORY: When = When::Read(Pace::Memory);
const SLOW: When = When::Read(Pace::Slow);
const SWAP_LIMIT: &str = "container_swap_limit_bytes";
const SWAP_USAGE: &str = "container_swap_usage_bytes";

/// Node and pods: the same rows on `/metrics` and `/metrics/resource`.
#[rustfmt::skip]
pub static SHARED: &[UnitFamily] = &[
    UnitFamily::counter("node_cpu_usage_seconds_total", "CPU time used by the node.", Who::Node, FAST, cpu),
    UnitFamily::gauge("node_memory_working_set_bytes", "Memory in use on the node without inactive page cache.", Who::Node, MEMORY, working_set),
    UnitFamily::gauge("node_swap_usage_bytes", "Swap in use on the node.", Who::Node, SLOW, swap),
    UnitFamily::counter("pod_cpu_usage_seconds_total", "CPU time used by the pod's cgroup, its past containers included.", Who::Pods, FAST, cpu),
    UnitFamily::gauge("pod_memory_working_set_bytes", "Memory in use by the pod without inactive page cache.", Who::Pods, MEMORY, working_set),
    UnitFamily::gauge("pod_swap_usage_bytes", "Swap in use by the pod.", Who::Pods, SLOW, swap),
];

/// Containers as `/metrics/resource` shows them.
#[rustfmt::skip]
pub static CONTAINERS: &[UnitFamily] = &[
    UnitFamily::counter(CPU_USAGE, "CPU time used by the container.", Who::Containers, FAST, cpu),
    UnitFamily::gauge(MEMORY_WORKING_SET, "Memory in use by the container without inactive page cache.", Who::Containers, MEMORY, working_set),
    UnitFamily::gauge(START_TIME, "When the container was started, in seconds since the epoch.", Who::Containers, When::Never, |u| u.created_wall_s.map(Number::Float)),
    UnitFamily::gauge(SWAP_LIMIT, "Swap limit of the container; 0 is none, or no swap at all.", Who::Containers, SLOW, swap_limit),
    UnitFamily::gauge(SWAP_USAGE, "Swap in use by the container.", Who::Containers, SLOW, swap),
];

/// Container swap as `/metrics` shows it.
#[rustfmt::skip]
pub static CONTAINER_SWAP: &[UnitFamily] = &[
    UnitFamily::gauge(SWAP_LIMIT, "Swap limit; 0 is none, or no swap at all.", Who::Cadvisor, SLOW, swap_limit),
    UnitFamily::gauge(SWAP_USAGE, "Swap in use.", Who::Cadvisor, SLOW, swap),
];

fn cpu(unit: &Unit) -> Option<Number> {
    micros(&unit.values, Field::UsageUsec)
}

fn working_set(unit: &Unit) -> Option<Number> {
    unit.memory.working_set_bytes.map(Number::Integer)
}

fn swap(unit: &Unit) -> Option<Number> {
    number(&unit.values, Field::SwapCurrent)
}

fn swap_limit(unit: &Unit) -> Option<Number> {
    limit_or_zero(&unit.values, Field::SwapMax)
}
