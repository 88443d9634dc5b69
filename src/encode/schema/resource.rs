//! The kubelet's `/metrics/resource` families: node, pods and containers.
//!
//! The node and pod families and container swap stand on `/metrics` too; the other container families stand
//! there with cAdvisor's labels. HELP is the kubelet's own, for readers that compare it.
//! Source: kubelet `metrics/collectors/resource_metrics.go`, and a recorded kubelet 1.36.

use crate::model::field::Field;
use crate::model::node::Memory;
use crate::model::snapshot::Snapshot;
use crate::model::unit::{Pace, Unit};

use super::cadvisor::{CPU_USAGE, MEMORY_WORKING_SET, START_TIME};
use super::family::{Emit, Number, RowContext, Rows, UnitFamily, When, Who, limit_or_zero, micros, number};
use super::{Kind, SmallFamily};

const FAST: When = When::Read(Pace::Fast);
const MEMORY: When = When::Read(Pace::Memory);
const SLOW: When = When::Read(Pace::Slow);
const SWAP_LIMIT: &str = "container_swap_limit_bytes";
const SWAP_USAGE: &str = "container_swap_usage_bytes";

/// Node and pods: the same rows on `/metrics` and `/metrics/resource`.
#[rustfmt::skip]
pub static SHARED: &[UnitFamily] = &[
    UnitFamily::counter("node_cpu_usage_seconds_total", "[STABLE] Cumulative cpu time consumed by the node in core-seconds", Who::Node, FAST, cpu),
    UnitFamily::gauge("node_memory_working_set_bytes", "[STABLE] Current working set of the node in bytes", Who::Node, MEMORY, working_set),
    UnitFamily { name: "node_swap_usage_bytes", help: "[ALPHA] Current swap usage of the node in bytes. Reported only on non-windows systems", kind: Kind::Gauge, who: Who::Node, when: SLOW, rows: Rows::Many(node_swap) },
    UnitFamily::counter("pod_cpu_usage_seconds_total", "[STABLE] Cumulative cpu time consumed by the pod in core-seconds", Who::Pods, FAST, cpu),
    UnitFamily::gauge("pod_memory_working_set_bytes", "[STABLE] Current working set of the pod in bytes", Who::Pods, MEMORY, working_set),
    UnitFamily::gauge("pod_swap_usage_bytes", "[ALPHA] Current amount of the pod swap usage in bytes. Reported only on non-windows systems", Who::Pods, SLOW, swap),
];

/// Containers as `/metrics/resource` shows them.
#[rustfmt::skip]
pub static CONTAINERS: &[UnitFamily] = &[
    UnitFamily::counter(CPU_USAGE, "[STABLE] Cumulative cpu time consumed by the container in core-seconds", Who::Containers, FAST, cpu),
    UnitFamily::gauge(MEMORY_WORKING_SET, "[STABLE] Current working set of the container in bytes", Who::Containers, MEMORY, working_set),
    UnitFamily::gauge(START_TIME, "[STABLE] Start time of the container since unix epoch in seconds", Who::Containers, When::Never, |u| u.created_wall_s.map(Number::Float)),
    UnitFamily::gauge(SWAP_LIMIT, "[ALPHA] Current amount of the container swap limit in bytes. Reported only on non-windows systems", Who::Containers, SLOW, swap_limit),
    UnitFamily::gauge(SWAP_USAGE, "[ALPHA] Current amount of the container swap usage in bytes. Reported only on non-windows systems", Who::Containers, SLOW, swap),
];

/// Container swap as `/metrics` shows it.
#[rustfmt::skip]
pub static CONTAINER_SWAP: &[UnitFamily] = &[
    UnitFamily::gauge(SWAP_LIMIT, "Swap limit; 0 is none, or no swap at all.", Who::Cadvisor, SLOW, swap_limit),
    UnitFamily::gauge(SWAP_USAGE, "Swap in use.", Who::Cadvisor, SLOW, swap),
];

/// What the kubelet says of its own page. Stands on that page alone.
#[rustfmt::skip]
pub static SCRAPE: &[SmallFamily<Snapshot>] = &[
    SmallFamily { name: "resource_scrape_error", help: "[STABLE] 1 if there was an error while getting container metrics, 0 otherwise", kind: Kind::Gauge, rows: |s, emit| emit(&[], f64::from(u8::from(is_blind(s)))) },
];

/// True where not one CPU counter could be read.
fn is_blind(snapshot: &Snapshot) -> bool {
    !snapshot.units.iter().any(|unit| unit.values.get(Field::UsageUsec).is_some())
}

fn cpu(unit: &Unit) -> Option<Number> {
    micros(&unit.values, Field::UsageUsec)
}

fn working_set(unit: &Unit) -> Option<Number> {
    unit.memory.working_set_bytes.map(Number::Integer)
}

fn swap(unit: &Unit) -> Option<Number> {
    number(&unit.values, Field::SwapCurrent)
}

/// The root has no memory.swap.current: swap in use is what is not free.
/// Source: opencontainers cgroups v0.0.6 `rootStatsFromMeminfo`.
fn node_swap(unit: &Unit, context: &RowContext<'_>, emit: &mut Emit<'_>) {
    let memory = context.snapshot.node.as_deref().map(|node| &node.memory);
    let not_free = memory.and_then(Memory::swap_used);
    if let Some(bytes) = swap(unit).or(not_free.map(Number::Integer)) {
        emit(&[], bytes);
    }
}

fn swap_limit(unit: &Unit) -> Option<Number> {
    limit_or_zero(&unit.values, Field::SwapMax)
}
