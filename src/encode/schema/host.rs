//! Telegraf's host measurements: cpu, mem, swap, system, disk, diskio, net, netstat, nstat, processes,
//! kernel, pressure, interrupts, soft_interrupts, conntrack, linux_sysctl_fs.
//!
//! Measurements, tags, fields and types are those of Telegraf's inputs, so that a dashboard made for them
//! works unchanged. One difference is meant: what the kernel does not tell is left out, never written as 0.
//! Source: Telegraf `plugins/inputs/`, one folder per measurement.

mod compute;
mod kernel;
mod network;
pub(super) mod point;
mod storage;

use point::Points;

use crate::encode::influx::LineWriter;
use crate::model::node::Node;

/// What of the host is written.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own, named as Telegraf's")]
pub struct HostOptions<'a> {
    /// Tags of every point besides `host`; a point's own tags win over them.
    pub tags: &'a [(String, String)],
    /// A `cpu` point for each CPU besides `cpu-total`.
    pub per_cpu: bool,
    /// The fields `time_*` of `cpu`: the counters themselves, in seconds.
    pub cpu_time: bool,
    /// The fields `usage_active` and `time_active` of `cpu`.
    pub cpu_active: bool,
    /// The `net` row `interface=all` with the counters of /proc/net/snmp, which Telegraf wrote before 1.37.
    pub protocol_row: bool,
    /// Loopback and links that are down, too.
    pub all_interfaces: bool,
    /// The measurements `interrupts` and `soft_interrupts`.
    pub interrupts: bool,
}

impl Default for HostOptions<'_> {
    fn default() -> Self {
        HostOptions {
            tags: &[],
            per_cpu: true,
            cpu_time: false,
            cpu_active: false,
            protocol_row: true,
            all_interfaces: false,
            interrupts: true,
        }
    }
}

/// Writes one reading of the node. Shares and rates need the reading before it: without `previous` there
/// are no `usage_*` fields and no `io_await`, `io_svctm`, `io_util`.
pub fn write(
    node: &Node,
    previous: Option<&Node>,
    host: &str,
    options: &HostOptions<'_>,
    out: &mut LineWriter<'_>,
) {
    let mut points = Points::new(out, host, options.tags, node.taken.wall_ns);
    compute::write_cpu(node, previous, options, &mut points);
    compute::write_mem(node, &mut points);
    compute::write_swap(node, &mut points);
    compute::write_system(node, &mut points);
    storage::write_disk(node, &mut points);
    storage::write_diskio(node, previous, &mut points);
    network::write_net(node, options, &mut points);
    network::write_netstat(node, &mut points);
    network::write_nstat(node, &mut points);
    kernel::write_processes(node, &mut points);
    kernel::write_kernel(node, &mut points);
    kernel::write_pressure(node, &mut points);
    if options.interrupts {
        kernel::write_interrupts("interrupts", node.interrupts.as_ref(), &mut points);
        kernel::write_interrupts("soft_interrupts", node.soft_interrupts.as_ref(), &mut points);
    }
    kernel::write_conntrack(node, &mut points);
    kernel::write_sysctl_fs(node, &mut points);
}
