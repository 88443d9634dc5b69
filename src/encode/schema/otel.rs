//! OpenTelemetry's names for containers, pods, the node, volumes and the agent itself.
//!
//! Where the collector's receiver kubeletstats and the semantic conventions differ, kubeletstats' name, type and
//! attributes are written, since dashboards ask for those (page faults are a gauge there). What neither has a name for
//! is below `podometer.`.
//! Sources: opentelemetry-collector-contrib `receiver/kubeletstatsreceiver/metadata.yaml`; semantic-conventions
//! `model/k8s/metrics.yaml` and `model/container/metrics.yaml`.

/// Names of attributes.
pub mod attribute;
/// What Kubernetes says.
mod described;
/// What the kubelet alone knows.
mod kubelet;
/// How cgroups are read.
mod read;
/// The form of a row.
mod row;
/// What rows are read from.
mod subject;
/// Networks and disks.
mod traffic;

use described::{allocatable, amount, bytes, cores, described, pod_share, reason, share, state};
use kubelet::{ephemeral_storage, fs, pids};
pub use read::memory_limit;
use read::{
    cpu_time, cpu_usage, if_quota, major_page_faults, memory_available, memory_max, memory_usage, number,
    of_unit, page_faults, pressure, process, rss, seconds, uptime, window, working_set,
};
pub use row::{Emit, Kind, Row, Value};
use row::{counter, gauge, up_down};
pub use subject::{Shared, Subject};
use traffic::{BYTES, ERRORS, disk_io, network};

use crate::model::field::Field;
use crate::model::unit::Pace;

/// The agent's own process. Sorted by name, as all of these.
#[rustfmt::skip]
pub static AGENT: &[Row] = &[
    counter("process.cpu.time", "s", "CPU time used by the agent.", |s, emit| process(s, emit, |p| p.cpu_seconds.map(Value::Float))),
    up_down("process.memory.usage", "By", "Memory of the agent that is in RAM.", |s, emit| process(s, emit, |p| p.resident_bytes.map(Value::Integer))),
    up_down("process.open_file_descriptor.count", "{file_descriptor}", "Files that the agent holds open.", |s, emit| process(s, emit, |p| p.open_files.map(Value::Integer))),
];

/// A container, of a pod or of a runtime alone.
#[rustfmt::skip]
pub static CONTAINER: &[Row] = &[
    counter("container.cpu.time", "s", "CPU time used on all CPUs since the container began.", cpu_time),
    gauge("container.cpu.usage", "{cpu}", "CPU use on all CPUs in the last second.", cpu_usage),
    counter("container.disk.io", "By", "Bytes read and written.", disk_io),
    gauge("container.filesystem.available", "By", "Bytes left on the file system that the container writes to.", |s, emit| fs(s, emit, |fs| fs.available_bytes)),
    gauge("container.filesystem.capacity", "By", "Size of the file system that the container writes to.", |s, emit| fs(s, emit, |fs| fs.capacity_bytes)),
    gauge("container.filesystem.usage", "By", "Bytes in the container's writable layer.", |s, emit| fs(s, emit, |fs| fs.used_bytes)),
    gauge("container.memory.available", "By", "Memory limit minus working set; absent without a limit.", memory_available),
    gauge("container.memory.major_page_faults", "1", "Page faults that were served from disk, since the container began.", major_page_faults),
    gauge("container.memory.page_faults", "1", "Page faults since the container began.", page_faults),
    gauge("container.memory.rss", "By", "Anonymous memory.", rss),
    gauge("container.memory.usage", "By", "Memory in use, page cache included.", memory_usage),
    gauge("container.memory.working_set", "By", "Memory in use without inactive page cache.", working_set),
    gauge("container.uptime", "s", "Time since the container began.", uptime),
    up_down("k8s.container.cpu.limit", "{cpu}", "CPU limit.", |s, emit| amount(s, emit, |r| &r.limits, cores)),
    up_down("k8s.container.cpu.request", "{cpu}", "CPU request.", |s, emit| amount(s, emit, |r| &r.requests, cores)),
    gauge("k8s.container.cpu_limit_utilization", "1", "CPU use over CPU limit.", |s, emit| share(s, emit, Pace::Fast, s.utilization.cpu_limit)),
    gauge("k8s.container.cpu_request_utilization", "1", "CPU use over CPU request.", |s, emit| share(s, emit, Pace::Fast, s.utilization.cpu_request)),
    up_down("k8s.container.ephemeral_storage.usage", "By", "Bytes in the container's writable layer and log files.", ephemeral_storage),
    up_down("k8s.container.memory.limit", "By", "Memory limit.", |s, emit| amount(s, emit, |r| &r.limits, bytes)),
    up_down("k8s.container.memory.request", "By", "Memory request.", |s, emit| amount(s, emit, |r| &r.requests, bytes)),
    gauge("k8s.container.memory_limit_utilization", "1", "Working set over memory limit.", |s, emit| share(s, emit, Pace::Memory, s.utilization.memory_limit)),
    gauge("k8s.container.memory_request_utilization", "1", "Working set over memory request.", |s, emit| share(s, emit, Pace::Memory, s.utilization.memory_request)),
    up_down("k8s.container.ready", "{container}", "1 where the container is ready for traffic.", |s, emit| described(s, emit, |c| u64::from(c.is_ready))),
    up_down("k8s.container.restart.count", "{restart}", "Restarts that Kubernetes still knows of.", |s, emit| described(s, emit, |c| u64::from(c.restart_count))),
    up_down("k8s.container.status.reason", "{container}", "1 for the reason of the container's state.", reason),
    up_down("k8s.container.status.state", "{container}", "1 for the state that the container is in.", state),
    gauge("podometer.container.cpu.max", "{cpu}", "Largest CPU use of any sampling step in the window.", |s, emit| window(s, emit, |w| w.max)),
    counter("podometer.container.cpu.throttled.time", "s", "Time spent throttled by the CPU quota.", |s, emit| of_unit(s, emit, Pace::Fast, |u| if_quota(u, seconds(u, Field::ThrottledUsec)))),
    gauge("podometer.container.memory.max", "By", "Largest memory use in the window, and how it was found.", memory_max),
    counter("podometer.container.oom.kills", "{kill}", "OOM deaths, one per event.", |s, emit| of_unit(s, emit, Pace::Slow, |u| u.oom_kills.map(Value::Integer))),
    counter("podometer.container.pressure.time", "s", "Time in which some task (waiting) or all tasks (stalled) waited for a resource.", pressure),
];

/// The node.
#[rustfmt::skip]
pub static NODE: &[Row] = &[
    up_down("k8s.node.cpu.allocatable", "{cpu}", "CPUs that pods may use.", |s, emit| allocatable(s, emit, cores)),
    counter("k8s.node.cpu.time", "s", "CPU time used on all CPUs since the node began.", cpu_time),
    gauge("k8s.node.cpu.usage", "{cpu}", "CPU use on all CPUs in the last second.", cpu_usage),
    gauge("k8s.node.filesystem.available", "By", "Bytes left on the kubelet's file system.", |s, emit| fs(s, emit, |fs| fs.available_bytes)),
    gauge("k8s.node.filesystem.capacity", "By", "Size of the kubelet's file system.", |s, emit| fs(s, emit, |fs| fs.capacity_bytes)),
    gauge("k8s.node.filesystem.usage", "By", "Bytes used on the kubelet's file system.", |s, emit| fs(s, emit, |fs| fs.used_bytes)),
    up_down("k8s.node.memory.allocatable", "By", "Memory that pods may use.", |s, emit| allocatable(s, emit, bytes)),
    gauge("k8s.node.memory.available", "By", "All memory minus working set.", memory_available),
    gauge("k8s.node.memory.major_page_faults", "1", "Page faults that were served from disk, since the node began.", major_page_faults),
    gauge("k8s.node.memory.page_faults", "1", "Page faults since the node began.", page_faults),
    gauge("k8s.node.memory.rss", "By", "Anonymous memory.", rss),
    gauge("k8s.node.memory.usage", "By", "Memory in use, page cache included.", memory_usage),
    gauge("k8s.node.memory.working_set", "By", "Memory in use without inactive page cache.", working_set),
    counter("k8s.node.network.errors", "1", "Errors of the network interface.", |s, emit| network(s, emit, &ERRORS)),
    counter("k8s.node.network.io", "By", "Bytes received and transmitted.", |s, emit| network(s, emit, &BYTES)),
    up_down("k8s.node.pid.limit", "{process}", "Largest process ID.", |s, emit| pids(s, emit, true)),
    up_down("k8s.node.pid.usage", "{process}", "Processes on the node.", |s, emit| pids(s, emit, false)),
    gauge("k8s.node.uptime", "s", "Time since the node began.", uptime),
];

/// The agent's own container, where nothing more of its pod can be seen: nothing that adds up containers or pods can
/// take it for one.
#[rustfmt::skip]
pub static OWN_CONTAINER: &[Row] = &[
    counter("podometer.own_container.cpu.throttled.time", "s", "Time that the agent's own container spent throttled by its CPU quota.", |s, emit| of_unit(s, emit, Pace::Fast, |u| if_quota(u, seconds(u, Field::ThrottledUsec)))),
    counter("podometer.own_container.cpu.time", "s", "CPU time used by the agent's own container; not the pod's.", cpu_time),
    gauge("podometer.own_container.cpu.usage", "{cpu}", "CPU use of the agent's own container in the last second; not the pod's.", cpu_usage),
    gauge("podometer.own_container.memory.usage", "By", "Memory in use by the agent's own container, page cache included; not the pod's.", memory_usage),
    gauge("podometer.own_container.memory.working_set", "By", "Memory in use by the agent's own container without inactive page cache; not the pod's.", working_set),
    gauge("podometer.own_container.pids", "{thread}", "Threads running in the agent's own container.", |s, emit| of_unit(s, emit, Pace::Slow, |u| number(u, Field::PidsCurrent))),
];

/// A pod as a whole.
#[rustfmt::skip]
pub static POD: &[Row] = &[
    counter("k8s.pod.cpu.time", "s", "CPU time used on all CPUs since the pod began.", cpu_time),
    gauge("k8s.pod.cpu.usage", "{cpu}", "CPU use on all CPUs in the last second.", cpu_usage),
    gauge("k8s.pod.cpu_limit_utilization", "1", "CPU use over CPU limits; absent where a container has none.", |s, emit| pod_share(s, emit, Pace::Fast, s.utilization.cpu_limit, |r| r.limits.cpu_millicores)),
    gauge("k8s.pod.cpu_request_utilization", "1", "CPU use over CPU requests; absent where a container has none.", |s, emit| pod_share(s, emit, Pace::Fast, s.utilization.cpu_request, |r| r.requests.cpu_millicores)),
    gauge("k8s.pod.filesystem.available", "By", "Bytes left on the file system of the pod's ephemeral storage.", |s, emit| fs(s, emit, |fs| fs.available_bytes)),
    gauge("k8s.pod.filesystem.capacity", "By", "Size of the file system of the pod's ephemeral storage.", |s, emit| fs(s, emit, |fs| fs.capacity_bytes)),
    gauge("k8s.pod.filesystem.usage", "By", "Bytes used by the pod's writable layers, logs and emptyDir volumes.", |s, emit| fs(s, emit, |fs| fs.used_bytes)),
    gauge("k8s.pod.memory.available", "By", "Memory limit minus working set; absent without a limit.", memory_available),
    gauge("k8s.pod.memory.major_page_faults", "1", "Page faults that were served from disk, since the pod began.", major_page_faults),
    gauge("k8s.pod.memory.page_faults", "1", "Page faults since the pod began.", page_faults),
    gauge("k8s.pod.memory.rss", "By", "Anonymous memory.", rss),
    gauge("k8s.pod.memory.usage", "By", "Memory in use, page cache included.", memory_usage),
    gauge("k8s.pod.memory.working_set", "By", "Memory in use without inactive page cache.", working_set),
    gauge("k8s.pod.memory_limit_utilization", "1", "Working set over memory limits; absent where a container has none.", |s, emit| pod_share(s, emit, Pace::Memory, s.utilization.memory_limit, |r| r.limits.memory_bytes)),
    gauge("k8s.pod.memory_request_utilization", "1", "Working set over memory requests; absent where a container has none.", |s, emit| pod_share(s, emit, Pace::Memory, s.utilization.memory_request, |r| r.requests.memory_bytes)),
    counter("k8s.pod.network.errors", "1", "Errors of a network interface.", |s, emit| network(s, emit, &ERRORS)),
    counter("k8s.pod.network.io", "By", "Bytes received and transmitted.", |s, emit| network(s, emit, &BYTES)),
    gauge("k8s.pod.uptime", "s", "Time since the pod began.", uptime),
    gauge("podometer.pod.cpu.max", "{cpu}", "Largest CPU use of any sampling step in the window.", |s, emit| window(s, emit, |w| w.max)),
    counter("podometer.pod.cpu.throttled.time", "s", "Time spent throttled by the pod's own CPU quota.", |s, emit| of_unit(s, emit, Pace::Fast, |u| if_quota(u, seconds(u, Field::ThrottledUsec)))),
    gauge("podometer.pod.memory.max", "By", "Largest memory use in the window, and how it was found.", memory_max),
    counter("podometer.pod.oom.kills", "{kill}", "OOM deaths in the pod, one per event, restarts of its containers survived.", |s, emit| of_unit(s, emit, Pace::Slow, |u| u.oom_kills.map(Value::Integer))),
    counter("podometer.pod.pressure.time", "s", "Time in which some task (waiting) or all tasks (stalled) waited for a resource.", pressure),
];

/// A volume of a pod.
#[rustfmt::skip]
pub static VOLUME: &[Row] = &[
    up_down("k8s.pod.volume.usage", "By", "Bytes used in the volume.", |s, emit| fs(s, emit, |fs| fs.used_bytes)),
    gauge("k8s.volume.available", "By", "Bytes left in the volume.", |s, emit| fs(s, emit, |fs| fs.available_bytes)),
    gauge("k8s.volume.capacity", "By", "Size of the volume.", |s, emit| fs(s, emit, |fs| fs.capacity_bytes)),
    gauge("k8s.volume.inodes", "1", "Inodes of the volume's file system.", |s, emit| fs(s, emit, |fs| fs.inodes)),
    gauge("k8s.volume.inodes.free", "1", "Free inodes of the volume's file system.", |s, emit| fs(s, emit, |fs| fs.inodes_free)),
    gauge("k8s.volume.inodes.used", "1", "Used inodes of the volume's file system.", |s, emit| fs(s, emit, |fs| fs.inodes_used)),
];

/// All tables, each sorted by name.
pub static TABLES: [&[Row]; 6] = [AGENT, CONTAINER, NODE, OWN_CONTAINER, POD, VOLUME];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_and_have_their_units() {
        // UCUM as the conventions use it: seconds, bytes, a ratio or plain number, or an annotated count.
        let units = ["s", "By", "1"];
        for table in TABLES {
            for pair in table.windows(2) {
                assert!(pair[0].name < pair[1].name, "{} before {}", pair[0].name, pair[1].name);
            }
            for row in table {
                assert!(!row.description.is_empty(), "{}", row.name);
                let is_count = row.unit.starts_with('{') && row.unit.ends_with('}');
                assert!(units.contains(&row.unit) || is_count, "{}: {}", row.name, row.unit);
            }
        }
    }

    #[test]
    fn every_default_of_kubeletstats_is_there() {
        let of = |prefix: &str, parts: &[&str]| -> Vec<String> {
            parts.iter().map(|part| format!("{prefix}.{part}")).collect()
        };
        let usage = [
            "cpu.time",
            "cpu.usage",
            "filesystem.available",
            "filesystem.capacity",
            "filesystem.usage",
            "memory.available",
            "memory.major_page_faults",
            "memory.page_faults",
            "memory.rss",
            "memory.usage",
            "memory.working_set",
        ];
        let network = ["network.errors", "network.io"];
        let volume = ["available", "capacity", "inodes", "inodes.free", "inodes.used"];
        let wanted = [
            of("container", &usage),
            of("k8s.node", &usage),
            of("k8s.node", &network),
            of("k8s.pod", &usage),
            of("k8s.pod", &network),
            of("k8s.volume", &volume),
        ];
        for name in wanted.concat() {
            assert!(TABLES.iter().any(|table| table.iter().any(|row| row.name == name)), "{name}");
        }
    }
}
