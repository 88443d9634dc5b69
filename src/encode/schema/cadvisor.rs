//! cAdvisor's `container_*` families, as far as cgroup v2 holds them.
//!
//! Left out: what needs a process walk (`container_processes`, sockets, file descriptors, ulimits), a file
//! system (`container_fs_usage_bytes`, inodes), what cAdvisor serves as a constant 0 under cgroup v2
//! (`container_memory_failcnt`, load averages, tasks), and the v1 block statistics.
//! Source of names and meanings: cAdvisor `lib/metrics/prometheus.go`, and a recorded kubelet 1.36.

use crate::model::field::Field;
use crate::model::kubelet::NetworkStats;
use crate::model::reconciled::SourceKind;
use crate::model::unit::{Interface, IoDevice, Pace, Unit, memory_usage_bytes};

use super::Kind;
use super::family::{
    Emit, Number, RowContext, Rows, UnitFamily, When, Who, if_quota, limit_or_zero, micros, number,
};

const FAST: When = When::Read(Pace::Fast);
const MEMORY: When = When::Read(Pace::Memory);
const SLOW: When = When::Read(Pace::Slow);

// Names that another page serves with other labels.
pub const CPU_USAGE: &str = "container_cpu_usage_seconds_total";
pub const MEMORY_WORKING_SET: &str = "container_memory_working_set_bytes";
pub const START_TIME: &str = "container_start_time_seconds";

const fn counter(
    name: &'static str,
    help: &'static str,
    when: When,
    value: fn(&Unit) -> Option<Number>,
) -> UnitFamily {
    UnitFamily::counter(name, help, Who::Cadvisor, when, value)
}

const fn gauge(
    name: &'static str,
    help: &'static str,
    when: When,
    value: fn(&Unit) -> Option<Number>,
) -> UnitFamily {
    UnitFamily::gauge(name, help, Who::Cadvisor, when, value)
}

const fn many(
    name: &'static str,
    help: &'static str,
    who: Who,
    when: When,
    rows: fn(&Unit, &RowContext<'_>, &mut Emit<'_>),
) -> UnitFamily {
    UnitFamily { name, help, kind: Kind::Counter, who, when, rows: Rows::Many(rows) }
}

/// Sorted by name.
#[rustfmt::skip]
pub static FAMILIES: &[UnitFamily] = &[
    many("container_blkio_device_usage_total", "Bytes moved to and from block devices.", Who::Cadvisor, SLOW, blkio_usage),
    counter("container_cpu_cfs_burst_periods_total", "Enforcement periods in which burst was used.", FAST, |u| if_quota(u, number(&u.values, Field::NrBursts))),
    counter("container_cpu_cfs_burst_seconds_total", "CPU time used above the quota by burst.", FAST, |u| if_quota(u, micros(&u.values, Field::BurstUsec))),
    counter("container_cpu_cfs_periods_total", "Enforcement periods of the CPU quota.", FAST, |u| if_quota(u, number(&u.values, Field::NrPeriods))),
    counter("container_cpu_cfs_throttled_periods_total", "Enforcement periods in which the CPU quota ran out.", FAST, |u| if_quota(u, number(&u.values, Field::NrThrottled))),
    counter("container_cpu_cfs_throttled_seconds_total", "Time spent throttled by the CPU quota.", FAST, |u| if_quota(u, micros(&u.values, Field::ThrottledUsec))),
    counter("container_cpu_system_seconds_total", "CPU time spent in the kernel.", FAST, |u| micros(&u.values, Field::SystemUsec)),
    many(CPU_USAGE, "CPU time used.", Who::Cadvisor, FAST, cpu_usage),
    counter("container_cpu_user_seconds_total", "CPU time spent in user space.", FAST, |u| micros(&u.values, Field::UserUsec)),
    many("container_fs_reads_bytes_total", "Bytes read from the device.", Who::Cadvisor, SLOW, |u, c, emit| by_device(u, c, emit, |io| io.rbytes)),
    many("container_fs_reads_total", "Reads from the device.", Who::Cadvisor, SLOW, |u, c, emit| by_device(u, c, emit, |io| io.rios)),
    many("container_fs_writes_bytes_total", "Bytes written to the device.", Who::Cadvisor, SLOW, |u, c, emit| by_device(u, c, emit, |io| io.wbytes)),
    many("container_fs_writes_total", "Writes to the device.", Who::Cadvisor, SLOW, |u, c, emit| by_device(u, c, emit, |io| io.wios)),
    UnitFamily { name: "container_last_seen", help: "When the cgroup was last seen, in seconds since the epoch.", kind: Kind::Gauge, who: Who::Cadvisor, when: When::Taken, rows: Rows::Many(last_seen) },
    gauge("container_memory_cache", "Page cache, tmpfs included.", MEMORY, |u| number(&u.values, Field::FileCache)),
    counter("container_memory_events_high_total", "Times that memory.high throttled the cgroup.", SLOW, |u| number(&u.values, Field::EventsHigh)),
    counter("container_memory_events_max_total", "Times that use was about to go over memory.max.", SLOW, |u| number(&u.values, Field::EventsMax)),
    many("container_memory_failures_total", "Page faults.", Who::Cadvisor, MEMORY, page_faults),
    gauge("container_memory_file_dirty_bytes", "Page cache not yet written back.", MEMORY, |u| number(&u.values, Field::FileDirty)),
    gauge("container_memory_file_writeback_bytes", "Page cache being written back.", MEMORY, |u| number(&u.values, Field::FileWriteback)),
    gauge("container_memory_kernel_usage", "Kernel memory.", MEMORY, |u| number(&u.values, Field::Kernel)),
    gauge("container_memory_mapped_file", "Mapped page cache.", MEMORY, |u| number(&u.values, Field::FileMapped)),
    gauge("container_memory_max_usage_bytes", "Largest memory use since the cgroup was made.", MEMORY, |u| number(&u.values, Field::MemoryPeak)),
    counter("container_memory_pgscan_total", "Pages scanned by reclaim.", MEMORY, |u| number(&u.values, Field::Pgscan)),
    counter("container_memory_pgsteal_total", "Pages reclaimed.", MEMORY, |u| number(&u.values, Field::Pgsteal)),
    gauge("container_memory_rss", "Anonymous memory.", MEMORY, |u| number(&u.values, Field::Anon)),
    gauge("container_memory_swap", "Swap in use.", SLOW, |u| number(&u.values, Field::SwapCurrent)),
    gauge("container_memory_total_active_file_bytes", "Page cache on the active list.", MEMORY, |u| number(&u.values, Field::ActiveFile)),
    gauge("container_memory_total_inactive_file_bytes", "Page cache on the inactive list.", MEMORY, |u| number(&u.values, Field::InactiveFile)),
    gauge("container_memory_usage_bytes", "Memory in use, page cache included.", MEMORY, |u| memory_usage_bytes(&u.values).map(Number::Integer)),
    gauge(MEMORY_WORKING_SET, "Memory in use without inactive page cache.", MEMORY, |u| u.memory.working_set_bytes.map(Number::Integer)),
    counter("container_memory_workingset_refault_anon_total", "Refaults of anonymous pages.", MEMORY, |u| number(&u.values, Field::WorkingsetRefaultAnon)),
    counter("container_memory_workingset_refault_file_total", "Refaults of page cache.", MEMORY, |u| number(&u.values, Field::WorkingsetRefaultFile)),
    many("container_network_receive_bytes_total", "Bytes received.", Who::CadvisorPods, SLOW, |u, c, emit| by_interface(u, c, emit, |i| i.rx_bytes, |n| n.rx_bytes)),
    many("container_network_receive_errors_total", "Errors while receiving.", Who::CadvisorPods, SLOW, |u, c, emit| by_interface(u, c, emit, |i| i.rx_errors, |n| n.rx_errors)),
    many("container_network_receive_packets_dropped_total", "Packets dropped while receiving.", Who::CadvisorPods, SLOW, |u, c, emit| by_interface(u, c, emit, |i| i.rx_dropped, |_| None)),
    many("container_network_receive_packets_total", "Packets received.", Who::CadvisorPods, SLOW, |u, c, emit| by_interface(u, c, emit, |i| i.rx_packets, |_| None)),
    many("container_network_transmit_bytes_total", "Bytes transmitted.", Who::CadvisorPods, SLOW, |u, c, emit| by_interface(u, c, emit, |i| i.tx_bytes, |n| n.tx_bytes)),
    many("container_network_transmit_errors_total", "Errors while transmitting.", Who::CadvisorPods, SLOW, |u, c, emit| by_interface(u, c, emit, |i| i.tx_errors, |n| n.tx_errors)),
    many("container_network_transmit_packets_dropped_total", "Packets dropped while transmitting.", Who::CadvisorPods, SLOW, |u, c, emit| by_interface(u, c, emit, |i| i.tx_dropped, |_| None)),
    many("container_network_transmit_packets_total", "Packets transmitted.", Who::CadvisorPods, SLOW, |u, c, emit| by_interface(u, c, emit, |i| i.tx_packets, |_| None)),
    counter("container_oom_events_total", "OOM deaths, one per event.", SLOW, |u| u.oom_kills.map(Number::Integer)),
    counter("container_pressure_cpu_stalled_seconds_total", "Time in which all tasks waited for CPU.", SLOW, |u| micros(&u.values, Field::CpuFullTotal)),
    counter("container_pressure_cpu_waiting_seconds_total", "Time in which some task waited for CPU.", SLOW, |u| micros(&u.values, Field::CpuSomeTotal)),
    counter("container_pressure_io_stalled_seconds_total", "Time in which all tasks waited for IO.", SLOW, |u| micros(&u.values, Field::IoFullTotal)),
    counter("container_pressure_io_waiting_seconds_total", "Time in which some task waited for IO.", SLOW, |u| micros(&u.values, Field::IoSomeTotal)),
    counter("container_pressure_memory_stalled_seconds_total", "Time in which all tasks waited for memory.", SLOW, |u| micros(&u.values, Field::MemoryFullTotal)),
    counter("container_pressure_memory_waiting_seconds_total", "Time in which some task waited for memory.", SLOW, |u| micros(&u.values, Field::MemorySomeTotal)),
    gauge("container_spec_cpu_period", "CPU quota period in microseconds.", When::Never, |u| number(&u.values, Field::CpuPeriodUsec)),
    gauge("container_spec_cpu_quota", "CPU quota in microseconds per period; no row without a quota.", When::Never, |u| number(&u.values, Field::CpuQuotaUsec)),
    gauge("container_spec_cpu_shares", "CPU shares, from cpu.weight by cAdvisor's linear formula.", When::Never, cpu_shares),
    gauge("container_spec_memory_limit_bytes", "Memory limit; 0 is none.", When::Never, |u| limit_or_zero(&u.values, Field::MemoryMax)),
    gauge("container_spec_memory_reservation_limit_bytes", "Protected memory (memory.min).", When::Never, |u| limit_or_zero(&u.values, Field::MemoryMin)),
    gauge("container_spec_memory_swap_limit_bytes", "Swap limit; 0 is none, or no swap at all.", When::Never, |u| limit_or_zero(&u.values, Field::SwapMax)),
    gauge(START_TIME, "When the cgroup was made, in seconds since the epoch.", When::Never, |u| u.created_wall_s.map(Number::Float)),
    gauge("container_threads", "Threads running.", SLOW, |u| number(&u.values, Field::PidsCurrent)),
    gauge("container_threads_max", "Largest allowed number of threads; 0 is no limit.", SLOW, |u| limit_or_zero(&u.values, Field::PidsMax)),
];

fn cpu_usage(unit: &Unit, _: &RowContext<'_>, emit: &mut Emit<'_>) {
    if let Some(usage) = micros(&unit.values, Field::UsageUsec) {
        emit(&[("cpu", "total")], usage);
    }
}

fn last_seen(_: &Unit, context: &RowContext<'_>, emit: &mut Emit<'_>) {
    emit(&[], Number::Integer((context.snapshot.taken.wall_ns / 1_000_000_000).unsigned_abs()));
}

/// The family's meaning is cAdvisor's: it inverts the linear mapping of shares to weight. Runtimes that write
/// weights by the newer quadratic mapping make it differ from the request, there as here.
/// Source: cAdvisor `container/common/helpers.go`; a recorded kubelet 1.36 (weight 14 is 342, 29 is 736).
fn cpu_shares(unit: &Unit) -> Option<Number> {
    let weight = unit.values.get(Field::CpuWeight)?;
    Some(Number::Integer(2 + weight.checked_sub(1)? * 262_142 / 9_999))
}

fn page_faults(unit: &Unit, _: &RowContext<'_>, emit: &mut Emit<'_>) {
    for (failure_type, field) in [("pgfault", Field::Pgfault), ("pgmajfault", Field::Pgmajfault)] {
        if let Some(count) = number(&unit.values, field) {
            // memory.stat of cgroup v2 is hierarchical, so that both scopes are one number.
            for scope in ["container", "hierarchy"] {
                emit(&[("failure_type", failure_type), ("scope", scope)], count);
            }
        }
    }
}

pub(super) fn by_device(
    unit: &Unit,
    context: &RowContext<'_>,
    emit: &mut Emit<'_>,
    value: fn(&IoDevice) -> Option<u64>,
) {
    for io in &unit.io {
        if let Some(number) = value(io) {
            emit(&[("device", &context.devices.label(io))], Number::Integer(number));
        }
    }
}

fn blkio_usage(unit: &Unit, context: &RowContext<'_>, emit: &mut Emit<'_>) {
    for io in &unit.io {
        let device = context.devices.label(io);
        let (major, minor) = (io.major.to_string(), io.minor.to_string());
        for (operation, bytes) in [("Read", io.rbytes), ("Write", io.wbytes)] {
            if let Some(bytes) = bytes {
                let labels =
                    [("device", &*device), ("major", &*major), ("minor", &*minor), ("operation", operation)];
                emit(&labels, Number::Integer(bytes));
            }
        }
    }
}

/// The interfaces of the pod's network namespace; where they cannot be read, the kubelet's default interface
/// instead, as a series of its own. The kubelet counts bytes and errors alone.
fn by_interface(
    unit: &Unit,
    context: &RowContext<'_>,
    emit: &mut Emit<'_>,
    value: fn(&Interface) -> u64,
    said: fn(&NetworkStats) -> Option<u64>,
) {
    if let Some(interfaces) = &unit.network {
        for interface in interfaces.iter() {
            emit(&[("interface", &interface.name)], Number::Integer(value(interface)));
        }
        return;
    }
    let Some(cluster) = context.cluster.filter(|_| !context.is_stamped) else { return };
    let Some(pod) = unit.pod_uid().and_then(|uid| cluster.said(uid)) else { return };
    if let Some(count) = said(&pod.network) {
        let labels = [("interface", &*pod.network.name), ("source", SourceKind::Kubelet.name())];
        // A unit that is not ours names its source already.
        let labels = if unit.source == SourceKind::Cgroup { &labels[..] } else { &labels[..1] };
        emit(labels, Number::Integer(count));
    }
}
