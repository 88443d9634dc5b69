//! Our own container, where a private cgroup namespace shows that and nothing more.
//!
//! Names of their own and no labels: nothing that sums pods or containers can take these rows for one. A pod whose
//! sidecar looks at its own cgroup looks many times too small.

use crate::model::field::Field;
use crate::model::unit::Pace;

use super::family::{Number, UnitFamily, When, Who, if_quota, limit_or_zero, micros, number};

const FAST: When = When::Read(Pace::Fast);
const MEMORY: When = When::Read(Pace::Memory);
const SLOW: When = When::Read(Pace::Slow);

/// Sorted by name.
#[rustfmt::skip]
pub static OWN_CONTAINER: &[UnitFamily] = &[
    UnitFamily::gauge("podometer_own_container_cpu_usage_cores", "CPU use of the agent's own container in the last second; not the pod's.", Who::OwnContainer, FAST, |u| u.cpu.live.map(|rate| Number::Float(rate.cores))),
    UnitFamily::counter("podometer_own_container_cpu_usage_seconds_total", "CPU time used by the agent's own container; not the pod's.", Who::OwnContainer, FAST, |u| micros(&u.values, Field::UsageUsec)),
    UnitFamily::counter("podometer_own_container_cpu_throttled_seconds_total", "Time that the agent's own container spent throttled by its CPU quota.", Who::OwnContainer, FAST, |u| if_quota(u, micros(&u.values, Field::ThrottledUsec))),
    UnitFamily::gauge("podometer_own_container_memory_limit_bytes", "Memory limit of the agent's own container; 0 is none.", Who::OwnContainer, SLOW, |u| limit_or_zero(&u.values, Field::MemoryMax)),
    UnitFamily::gauge("podometer_own_container_memory_usage_bytes", "Memory in use by the agent's own container, page cache included; not the pod's.", Who::OwnContainer, MEMORY, |u| number(&u.values, Field::MemoryCurrent)),
    UnitFamily::gauge("podometer_own_container_memory_working_set_bytes", "Memory in use by the agent's own container without inactive page cache; not the pod's.", Who::OwnContainer, MEMORY, |u| u.memory.working_set_bytes.map(Number::Integer)),
    UnitFamily::counter("podometer_own_container_oom_kills_total", "OOM deaths in the agent's own container.", Who::OwnContainer, SLOW, |u| u.oom_kills.map(Number::Integer)),
    UnitFamily::gauge("podometer_own_container_pids", "Threads running in the agent's own container.", Who::OwnContainer, SLOW, |u| number(&u.values, Field::PidsCurrent)),
];
