//! `processes`, `kernel`, `pressure`, `interrupts`, `conntrack` and `linux_sysctl_fs`.

use super::point::{Integer, Points, float, integer, integers};
use crate::model::node::{Interrupts, Node, Processes, SysctlFs};

/// `parked` is written only when there is one.
const PROCESSES: &[Integer<Processes>] = &[
    ("blocked", |processes| Some(processes.blocked)),
    ("dead", |processes| Some(processes.dead)),
    ("idle", |processes| Some(processes.idle)),
    ("paging", |processes| Some(processes.paging)),
    ("parked", |processes| (processes.parked > 0).then_some(processes.parked)),
    ("running", |processes| Some(processes.running)),
    ("sleeping", |processes| Some(processes.sleeping)),
    ("stopped", |processes| Some(processes.stopped)),
    ("total", |processes| Some(processes.total)),
    ("total_threads", |processes| Some(processes.total_threads)),
    ("unknown", |processes| Some(processes.unknown)),
    ("zombies", |processes| Some(processes.zombies)),
];

/// Telegraf takes `disk_pages_*` from a line of /proc/stat that Linux 2.6 moved to /proc/vmstat.
const KERNEL: &[Integer<Node>] = &[
    ("boot_time", |node| node.kernel.boot_time),
    ("context_switches", |node| node.kernel.context_switches),
    ("disk_pages_in", |node| node.vmstat.pgpgin),
    ("disk_pages_out", |node| node.vmstat.pgpgout),
    ("entropy_avail", |node| node.kernel.entropy_avail),
    ("interrupts", |node| node.kernel.interrupts),
    ("processes_forked", |node| node.kernel.processes_forked),
];

const SYSCTL_FS: &[Integer<SysctlFs>] = &[
    ("aio-max-nr", |sysctl| sysctl.aio_max_nr),
    ("aio-nr", |sysctl| sysctl.aio_nr),
    ("dentry-age-limit", |sysctl| sysctl.dentry_age_limit),
    ("dentry-nr", |sysctl| sysctl.dentry_nr),
    ("dentry-unused-nr", |sysctl| sysctl.dentry_unused_nr),
    ("dentry-want-pages", |sysctl| sysctl.dentry_want_pages),
    ("dquot-max", |sysctl| sysctl.dquot_max),
    ("dquot-nr", |sysctl| sysctl.dquot_nr),
    ("file-max", |sysctl| sysctl.file_max),
    ("file-nr", |sysctl| sysctl.file_nr),
    ("inode-free-nr", |sysctl| sysctl.inode_free_nr),
    ("inode-nr", |sysctl| sysctl.inode_nr),
    ("inode-preshrink-nr", |sysctl| sysctl.inode_preshrink_nr),
    ("super-max", |sysctl| sysctl.super_max),
    ("super-nr", |sysctl| sysctl.super_nr),
];

pub(super) fn write_processes(node: &Node, points: &mut Points<'_, '_>) {
    if let Some(processes) = &node.processes {
        points.point("processes", &[], |out| integers(out, PROCESSES, processes));
    }
}

pub(super) fn write_kernel(node: &Node, points: &mut Points<'_, '_>) {
    points.point("kernel", &[], |out| {
        integers(out, KERNEL, node);
        for ksm in &node.ksm {
            out.signed(&format!("ksm_{}", ksm.name), ksm.value);
        }
    });
}

/// The total is a counter and the averages are gauges: two points, as Telegraf writes them.
pub(super) fn write_pressure(node: &Node, points: &mut Points<'_, '_>) {
    let pressure = &node.pressure;
    for (resource, values) in [("cpu", pressure.cpu), ("memory", pressure.memory), ("io", pressure.io)] {
        for (kind, line) in [("some", values.some), ("full", values.full)] {
            let Some(line) = line else { continue };
            let tags = [("resource", resource), ("type", kind)];
            points.point("pressure", &tags, |out| integer(out, "total", line.total_usec));
            points.point("pressure", &tags, |out| {
                float(out, "avg10", line.avg10);
                float(out, "avg60", line.avg60);
                float(out, "avg300", line.avg300);
            });
        }
    }
}

pub(super) fn write_interrupts(
    measurement: &str,
    interrupts: Option<&Interrupts>,
    points: &mut Points<'_, '_>,
) {
    let Some(interrupts) = interrupts else { return };
    let names: Vec<String> = interrupts.cpus.iter().map(|cpu| format!("CPU{cpu}")).collect();
    for row in &interrupts.rows {
        let tags = [("irq", &*row.id), ("type", &*row.kind), ("device", &*row.device)];
        points.point(measurement, &tags, |out| {
            for (name, count) in names.iter().zip(&row.counts) {
                out.integer(name, *count);
            }
            out.integer("total", row.total());
        });
    }
}

/// Telegraf names both after the old table and writes them as floats.
pub(super) fn write_conntrack(node: &Node, points: &mut Points<'_, '_>) {
    points.point("conntrack", &[], |out| {
        float(out, "ip_conntrack_count", node.conntrack.count.map(|count| count as f64));
        float(out, "ip_conntrack_max", node.conntrack.max.map(|max| max as f64));
    });
}

pub(super) fn write_sysctl_fs(node: &Node, points: &mut Points<'_, '_>) {
    points.point("linux_sysctl_fs", &[], |out| integers(out, SYSCTL_FS, &node.sysctl_fs));
}
