//! How the rows read a cgroup, or what the kubelet says in its place, and the point's time and source.

use super::attribute::{METHOD, RESOURCE, SOURCE, STALL, WINDOW};
use super::row::{Emit, Value};
use super::subject::Subject;
use crate::model::field::{Field, Limit};
use crate::model::kubelet::{CpuStats, MemoryStats};
use crate::model::reconciled::SourceKind;
use crate::model::report::ProcessStats;
use crate::model::unit::{Pace, Unit, memory_usage_bytes};
use crate::model::window::WindowUse;

/// A point of the resource's own source. What is not read here is a series of its own, so that no counter goes on in
/// another source's numbers.
pub(super) fn put(
    subject: &Subject<'_>,
    emit: &mut Emit<'_>,
    attributes: &[(&'static str, &str)],
    value: Value,
    at_ns: i64,
) {
    if subject.source == SourceKind::Cgroup {
        return emit(attributes, value, at_ns);
    }
    let source = [(SOURCE, subject.source.name())];
    emit(&[attributes, &source].concat(), value, at_ns);
}

pub(super) fn seconds_ns(seconds: Option<i64>, subject: &Subject<'_>) -> i64 {
    seconds.map_or(subject.shared.fetched_ns, |seconds| seconds.saturating_mul(1_000_000_000))
}

pub(super) fn read_ns(unit: &Unit, pace: Pace, subject: &Subject<'_>) -> i64 {
    unit.stamp(pace).unwrap_or(subject.shared.snapshot.taken).wall_ns
}

/// A number of the unit.
pub(super) fn of_unit(
    subject: &Subject<'_>,
    emit: &mut Emit<'_>,
    pace: Pace,
    value: impl FnOnce(&Unit) -> Option<Value>,
) {
    if let Some(unit) = subject.unit
        && let Some(value) = value(unit)
    {
        put(subject, emit, &[], value, read_ns(unit, pace, subject));
    }
}

pub(super) fn number(unit: &Unit, field: Field) -> Option<Value> {
    unit.values.get(field).map(Value::Integer)
}

pub(super) fn seconds(unit: &Unit, field: Field) -> Option<Value> {
    unit.values.get(field).map(|usec| Value::Float(usec as f64 / 1e6))
}

/// A value that has a meaning only where a CPU quota is set.
pub(super) fn if_quota(unit: &Unit, value: Option<Value>) -> Option<Value> {
    unit.values.get(Field::CpuQuotaUsec).and(value)
}

pub(super) fn cpu_time(subject: &Subject<'_>, emit: &mut Emit<'_>) {
    of_unit(subject, emit, Pace::Fast, |unit| seconds(unit, Field::UsageUsec));
    said_cpu(subject, emit, |cpu| cpu.usage_core_nano_seconds);
}

/// The mean of the last second.
pub(super) fn cpu_usage(subject: &Subject<'_>, emit: &mut Emit<'_>) {
    of_unit(subject, emit, Pace::Fast, |unit| unit.cpu.live.map(|rate| Value::Float(rate.cores)));
    said_cpu(subject, emit, |cpu| cpu.usage_nano_cores);
}

/// Nanoseconds or nanocores.
fn said_cpu(subject: &Subject<'_>, emit: &mut Emit<'_>, value: fn(&CpuStats) -> Option<u64>) {
    if let (None, Some((cpu, _))) = (subject.unit, subject.said)
        && let Some(nano) = value(cpu)
    {
        put(subject, emit, &[], Value::Float(nano as f64 / 1e9), seconds_ns(cpu.time_s, subject));
    }
}

pub(super) fn memory(
    subject: &Subject<'_>,
    emit: &mut Emit<'_>,
    own: impl FnOnce(&Unit) -> Option<u64>,
    said: fn(&MemoryStats) -> Option<u64>,
) {
    of_unit(subject, emit, Pace::Memory, |unit| own(unit).map(Value::Integer));
    if let (None, Some((_, memory))) = (subject.unit, subject.said)
        && let Some(value) = said(memory)
    {
        put(subject, emit, &[], Value::Integer(value), seconds_ns(memory.time_s, subject));
    }
}

/// The limit minus the working set; absent without a limit. Source: kubelet `cadvisorInfoToMemoryStats`.
pub(super) fn memory_available(subject: &Subject<'_>, emit: &mut Emit<'_>) {
    let limit = subject.memory_limit_bytes;
    let own = |unit: &Unit| Some(limit?.saturating_sub(unit.memory.working_set_bytes?));
    memory(subject, emit, own, |memory| memory.available_bytes);
}

pub(super) fn memory_usage(subject: &Subject<'_>, emit: &mut Emit<'_>) {
    memory(subject, emit, |unit| memory_usage_bytes(&unit.values), |memory| memory.usage_bytes);
}

pub(super) fn working_set(subject: &Subject<'_>, emit: &mut Emit<'_>) {
    memory(subject, emit, |unit| unit.memory.working_set_bytes, |memory| memory.working_set_bytes);
}

pub(super) fn rss(subject: &Subject<'_>, emit: &mut Emit<'_>) {
    memory(subject, emit, |unit| unit.values.get(Field::Anon), |memory| memory.rss_bytes);
}

pub(super) fn page_faults(subject: &Subject<'_>, emit: &mut Emit<'_>) {
    memory(subject, emit, |unit| unit.values.get(Field::Pgfault), |memory| memory.page_faults);
}

pub(super) fn major_page_faults(subject: &Subject<'_>, emit: &mut Emit<'_>) {
    memory(subject, emit, |unit| unit.values.get(Field::Pgmajfault), |memory| memory.major_page_faults);
}

/// How long something has been there, at the newest reading of its CPU.
pub(super) fn uptime(subject: &Subject<'_>, emit: &mut Emit<'_>) {
    let Some(started) = subject.started_ns else { return };
    let at = subject.unit.map_or(subject.shared.snapshot.taken.wall_ns, |u| read_ns(u, Pace::Fast, subject));
    if at >= started {
        put(subject, emit, &[], Value::Float((at - started) as f64 / 1e9), at);
    }
}

pub(super) fn window(subject: &Subject<'_>, emit: &mut Emit<'_>, value: fn(&WindowUse) -> f64) {
    let Some(unit) = subject.unit else { return };
    for (window, used) in subject.shared.windows.iter().zip(&unit.cpu.windows) {
        if let Some(used) = used {
            let at = read_ns(unit, Pace::Fast, subject);
            put(subject, emit, &[(WINDOW, window)], Value::Float(value(used)), at);
        }
    }
}

pub(super) fn memory_max(subject: &Subject<'_>, emit: &mut Emit<'_>) {
    let Some((unit, method)) = subject.unit.and_then(|unit| Some((unit, unit.memory.peak_method?))) else {
        return;
    };
    for (window, largest) in subject.shared.windows.iter().zip(unit.memory.window_max_bytes) {
        if let Some(largest) = largest {
            let attributes = [(METHOD, method.name()), (WINDOW, &**window)];
            put(subject, emit, &attributes, Value::Integer(largest), read_ns(unit, Pace::Memory, subject));
        }
    }
}

/// Waiting: some task waited. Stalled: all of them did.
pub(super) fn pressure(subject: &Subject<'_>, emit: &mut Emit<'_>) {
    const FIELDS: [(Field, &str, &str); 6] = [
        (Field::CpuSomeTotal, "cpu", "waiting"),
        (Field::CpuFullTotal, "cpu", "stalled"),
        (Field::IoSomeTotal, "io", "waiting"),
        (Field::IoFullTotal, "io", "stalled"),
        (Field::MemorySomeTotal, "memory", "waiting"),
        (Field::MemoryFullTotal, "memory", "stalled"),
    ];
    let Some(unit) = subject.unit else { return };
    for (field, resource, stall) in FIELDS {
        if let Some(seconds) = seconds(unit, field) {
            let attributes = [(RESOURCE, resource), (STALL, stall)];
            put(subject, emit, &attributes, seconds, read_ns(unit, Pace::Slow, subject));
        }
    }
}

/// The agent's own process.
pub(super) fn process(subject: &Subject<'_>, emit: &mut Emit<'_>, value: fn(&ProcessStats) -> Option<Value>) {
    if let Some(value) = value(&subject.shared.report.process) {
        emit(&[], value, subject.shared.snapshot.taken.wall_ns);
    }
}

/// The memory limit of a unit; `None` where there is none.
pub fn memory_limit(unit: &Unit) -> Option<u64> {
    match unit.values.limit(Field::MemoryMax) {
        Some(Limit::At(bytes)) => Some(bytes),
        _ => None,
    }
}
