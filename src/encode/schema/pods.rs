//! Our own families of pods, containers and plain units: what nobody else has.
//!
//! One scheme for all three: `podometer_{pod,container,unit}_<what>_<statistic>_<unit>`, the unit last. Without
//! a statistic a value is the newest: `cpu_usage_cores` is the mean of the last second.

use crate::model::field::Field;
use crate::model::unit::{Hugetlb, Pace, Unit};
use crate::model::window::WindowUse;

use super::Kind;
use super::cadvisor::by_device;
use super::family::{
    Emit, Number, RowContext, Rows, UnitFamily, When, Who, if_quota, limit_or_zero, micros, number,
};

const FAST: When = When::Read(Pace::Fast);
const MEMORY: When = When::Read(Pace::Memory);
const SLOW: When = When::Read(Pace::Slow);

const fn many(
    name: &'static str,
    help: &'static str,
    kind: Kind,
    who: Who,
    when: When,
    rows: fn(&Unit, &RowContext<'_>, &mut Emit<'_>),
) -> UnitFamily {
    UnitFamily { name, help, kind, who, when, rows: Rows::Many(rows) }
}

/// Pods: pressure in the style of `container_pressure_*`, for the pod as a whole.
#[rustfmt::skip]
pub static PODS: &[UnitFamily] = &[
    UnitFamily::counter("pod_pressure_cpu_stalled_seconds_total", "Time in which all tasks of the pod waited for CPU.", Who::Pods, SLOW, |u| micros(&u.values, Field::CpuFullTotal)),
    UnitFamily::counter("pod_pressure_cpu_waiting_seconds_total", "Time in which some task of the pod waited for CPU.", Who::Pods, SLOW, |u| micros(&u.values, Field::CpuSomeTotal)),
    UnitFamily::counter("pod_pressure_io_stalled_seconds_total", "Time in which all tasks of the pod waited for IO.", Who::Pods, SLOW, |u| micros(&u.values, Field::IoFullTotal)),
    UnitFamily::counter("pod_pressure_io_waiting_seconds_total", "Time in which some task of the pod waited for IO.", Who::Pods, SLOW, |u| micros(&u.values, Field::IoSomeTotal)),
    UnitFamily::counter("pod_pressure_memory_stalled_seconds_total", "Time in which all tasks of the pod waited for memory.", Who::Pods, SLOW, |u| micros(&u.values, Field::MemoryFullTotal)),
    UnitFamily::counter("pod_pressure_memory_waiting_seconds_total", "Time in which some task of the pod waited for memory.", Who::Pods, SLOW, |u| micros(&u.values, Field::MemorySomeTotal)),
    UnitFamily::gauge("podometer_pod_cgroup_descendants", "Live cgroups below the pod.", Who::Pods, SLOW, |u| number(&u.values, Field::NrDescendants)),
    UnitFamily::gauge("podometer_pod_cgroup_dying_descendants", "Deleted cgroups below the pod that the kernel still holds.", Who::Pods, SLOW, |u| number(&u.values, Field::NrDyingDescendants)),
    UnitFamily::counter("podometer_pod_cpu_burst_seconds_total", "CPU time used above the quota of the pod by burst.", Who::Pods, FAST, |u| if_quota(u, micros(&u.values, Field::BurstUsec))),
    UnitFamily::counter("podometer_pod_cpu_periods_total", "Enforcement periods of the CPU quota of the pod.", Who::Pods, FAST, |u| if_quota(u, number(&u.values, Field::NrPeriods))),
    UnitFamily::counter("podometer_pod_cpu_throttled_periods_total", "Enforcement periods in which the CPU quota of the pod ran out.", Who::Pods, FAST, |u| if_quota(u, number(&u.values, Field::NrThrottled))),
    UnitFamily::counter("podometer_pod_cpu_throttled_seconds_total", "Time that the pod spent throttled by its own CPU quota.", Who::Pods, FAST, |u| if_quota(u, micros(&u.values, Field::ThrottledUsec))),
    many("podometer_pod_hugetlb_failures_total", "Huge pages refused by the limit.", Kind::Counter, Who::Pods, SLOW, |u, _, emit| by_page_size(u, emit, |h| h.events_max)),
    many("podometer_pod_hugetlb_usage_bytes", "Huge pages in use.", Kind::Gauge, Who::Pods, SLOW, |u, _, emit| by_page_size(u, emit, |h| h.current)),
    many("podometer_pod_io_read_bytes_total", "Bytes read.", Kind::Counter, Who::Pods, SLOW, |u, c, emit| by_device(u, c, emit, |io| io.rbytes)),
    many("podometer_pod_io_reads_total", "Reads.", Kind::Counter, Who::Pods, SLOW, |u, c, emit| by_device(u, c, emit, |io| io.rios)),
    many("podometer_pod_io_write_bytes_total", "Bytes written.", Kind::Counter, Who::Pods, SLOW, |u, c, emit| by_device(u, c, emit, |io| io.wbytes)),
    many("podometer_pod_io_writes_total", "Writes.", Kind::Counter, Who::Pods, SLOW, |u, c, emit| by_device(u, c, emit, |io| io.wios)),
    UnitFamily::gauge("podometer_pod_memory_limit_bytes", "Memory limit of the pod; 0 is none.", Who::Pods, SLOW, |u| limit_or_zero(&u.values, Field::MemoryMax)),
    UnitFamily::gauge("podometer_pod_memory_usage_bytes", "Memory in use by the pod, page cache included.", Who::Pods, MEMORY, |u| number(&u.values, Field::MemoryCurrent)),
    UnitFamily::counter("podometer_pod_oom_kills_total", "OOM deaths in the pod, one per event, restarts of its containers survived.", Who::Pods, SLOW, |u| u.oom_kills.map(Number::Integer)),
    UnitFamily::gauge("podometer_pod_pids", "Threads running in the pod.", Who::Pods, SLOW, |u| number(&u.values, Field::PidsCurrent)),
    UnitFamily::gauge("podometer_pod_pids_limit", "Largest allowed number of threads; 0 is no limit.", Who::Pods, SLOW, |u| limit_or_zero(&u.values, Field::PidsMax)),
];

/// Use over time of pods.
#[rustfmt::skip]
pub static POD_USE: &[UnitFamily] = &[
    UnitFamily { name: "podometer_pod_cpu_cores", help: "CPU use of each sampling step, in cores.", kind: Kind::Histogram, who: Who::Pods, when: FAST, rows: Rows::Histogram { of: |u| u.cpu.histogram.as_deref(), classic: true } },
    UnitFamily::gauge("podometer_pod_cpu_usage_cores", "CPU use in the last second.", Who::Pods, FAST, |u| u.cpu.live.map(|rate| Number::Float(rate.cores))),
    UnitFamily::gauge("podometer_pod_cpu_usage_error_cores", "Bound on the error of the CPU use in the last second.", Who::Pods, FAST, |u| u.cpu.live.map(|rate| Number::Float(rate.error_cores))),
    many("podometer_pod_cpu_usage_max_cores", "Largest CPU use of any sampling step in the window.", Kind::Gauge, Who::Pods, FAST, |u, c, emit| by_window(u, c, emit, |w| w.max)),
    many("podometer_pod_cpu_usage_mean_cores", "Mean CPU use in the window.", Kind::Gauge, Who::Pods, FAST, |u, c, emit| by_window(u, c, emit, |w| w.mean)),
    many("podometer_pod_cpu_usage_p50_cores", "Median CPU use of the sampling steps in the window.", Kind::Gauge, Who::Pods, FAST, |u, c, emit| by_window(u, c, emit, |w| w.p50)),
    many("podometer_pod_cpu_usage_p95_cores", "95th percentile of CPU use of the sampling steps in the window.", Kind::Gauge, Who::Pods, FAST, |u, c, emit| by_window(u, c, emit, |w| w.p95)),
    many("podometer_pod_cpu_usage_p99_cores", "99th percentile of CPU use of the sampling steps in the window.", Kind::Gauge, Who::Pods, FAST, |u, c, emit| by_window(u, c, emit, |w| w.p99)),
    many("podometer_pod_memory_max_bytes", "Largest memory use in the window, and how it was found.", Kind::Gauge, Who::Pods, MEMORY, memory_max),
];

/// Use over time of containers.
#[rustfmt::skip]
pub static CONTAINER_USE: &[UnitFamily] = &[
    UnitFamily { name: "podometer_container_cpu_cores", help: "CPU use of each sampling step, in cores.", kind: Kind::Histogram, who: Who::Containers, when: FAST, rows: Rows::Histogram { of: |u| u.cpu.histogram.as_deref(), classic: false } },
    UnitFamily::gauge("podometer_container_cpu_usage_cores", "CPU use in the last second.", Who::Containers, FAST, |u| u.cpu.live.map(|rate| Number::Float(rate.cores))),
    UnitFamily::gauge("podometer_container_cpu_usage_error_cores", "Bound on the error of the CPU use in the last second.", Who::Containers, FAST, |u| u.cpu.live.map(|rate| Number::Float(rate.error_cores))),
    many("podometer_container_cpu_usage_max_cores", "Largest CPU use of any sampling step in the window.", Kind::Gauge, Who::Containers, FAST, |u, c, emit| by_window(u, c, emit, |w| w.max)),
    many("podometer_container_cpu_usage_mean_cores", "Mean CPU use in the window.", Kind::Gauge, Who::Containers, FAST, |u, c, emit| by_window(u, c, emit, |w| w.mean)),
    many("podometer_container_cpu_usage_p50_cores", "Median CPU use of the sampling steps in the window.", Kind::Gauge, Who::Containers, FAST, |u, c, emit| by_window(u, c, emit, |w| w.p50)),
    many("podometer_container_cpu_usage_p95_cores", "95th percentile of CPU use of the sampling steps in the window.", Kind::Gauge, Who::Containers, FAST, |u, c, emit| by_window(u, c, emit, |w| w.p95)),
    many("podometer_container_cpu_usage_p99_cores", "99th percentile of CPU use of the sampling steps in the window.", Kind::Gauge, Who::Containers, FAST, |u, c, emit| by_window(u, c, emit, |w| w.p99)),
    many("podometer_container_memory_max_bytes", "Largest memory use in the window, and how it was found.", Kind::Gauge, Who::Containers, MEMORY, memory_max),
];

/// Use over time of units outside of pods.
#[rustfmt::skip]
pub static UNIT_USE: &[UnitFamily] = &[
    UnitFamily::gauge("podometer_unit_cpu_usage_cores", "CPU use in the last second.", Who::PlainUnits, FAST, |u| u.cpu.live.map(|rate| Number::Float(rate.cores))),
    UnitFamily::gauge("podometer_unit_cpu_usage_error_cores", "Bound on the error of the CPU use in the last second.", Who::PlainUnits, FAST, |u| u.cpu.live.map(|rate| Number::Float(rate.error_cores))),
    many("podometer_unit_cpu_usage_max_cores", "Largest CPU use of any sampling step in the window.", Kind::Gauge, Who::PlainUnits, FAST, |u, c, emit| by_window(u, c, emit, |w| w.max)),
    many("podometer_unit_cpu_usage_mean_cores", "Mean CPU use in the window.", Kind::Gauge, Who::PlainUnits, FAST, |u, c, emit| by_window(u, c, emit, |w| w.mean)),
    many("podometer_unit_cpu_usage_p50_cores", "Median CPU use of the sampling steps in the window.", Kind::Gauge, Who::PlainUnits, FAST, |u, c, emit| by_window(u, c, emit, |w| w.p50)),
    many("podometer_unit_cpu_usage_p95_cores", "95th percentile of CPU use of the sampling steps in the window.", Kind::Gauge, Who::PlainUnits, FAST, |u, c, emit| by_window(u, c, emit, |w| w.p95)),
    many("podometer_unit_cpu_usage_p99_cores", "99th percentile of CPU use of the sampling steps in the window.", Kind::Gauge, Who::PlainUnits, FAST, |u, c, emit| by_window(u, c, emit, |w| w.p99)),
    many("podometer_unit_memory_max_bytes", "Largest memory use in the window, and how it was found.", Kind::Gauge, Who::PlainUnits, MEMORY, memory_max),
];

fn by_window(unit: &Unit, context: &RowContext<'_>, emit: &mut Emit<'_>, value: fn(&WindowUse) -> f64) {
    for (window, used) in context.windows.iter().zip(&unit.cpu.windows) {
        if let Some(used) = used {
            emit(&[("window", window)], Number::Float(value(used)));
        }
    }
}

fn memory_max(unit: &Unit, context: &RowContext<'_>, emit: &mut Emit<'_>) {
    let Some(method) = unit.memory.peak_method else { return };
    for (window, &largest) in context.windows.iter().zip(&unit.memory.window_max_bytes) {
        if let Some(bytes) = largest {
            emit(&[("method", method.name()), ("window", window)], Number::Integer(bytes));
        }
    }
}

fn by_page_size(unit: &Unit, emit: &mut Emit<'_>, value: fn(&Hugetlb) -> Option<u64>) {
    for pages in &unit.hugetlb {
        if let Some(number) = value(pages) {
            emit(&[("page_size", &pages.page_size)], Number::Integer(number));
        }
    }
}
