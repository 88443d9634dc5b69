//! `cpu`, `mem`, `swap` and `system`.

use super::HostOptions;
use super::point::{Integer, Points, float, integer, integers, percent};
use crate::encode::influx::LineWriter;
use crate::model::node::{CpuTimes, Memory, Node};

type Ticks = fn(&CpuTimes) -> Option<u64>;

/// Field of a share, field of the time itself, and the ticks. The kernel counts a guest's time in `user`
/// and `nice` as well; Telegraf takes it out of the shares but not out of the times.
const CPU: &[(&str, &str, Ticks)] = &[
    ("usage_user", "time_user", |times| times.user),
    ("usage_system", "time_system", |times| times.system),
    ("usage_idle", "time_idle", |times| times.idle),
    ("usage_nice", "time_nice", |times| times.nice),
    ("usage_iowait", "time_iowait", |times| times.iowait),
    ("usage_irq", "time_irq", |times| times.irq),
    ("usage_softirq", "time_softirq", |times| times.softirq),
    ("usage_steal", "time_steal", |times| times.steal),
    ("usage_guest", "time_guest", |times| times.guest),
    ("usage_guest_nice", "time_guest_nice", |times| times.guest_nice),
];

const MEM: &[Integer<Memory>] = &[
    ("active", |memory| memory.active),
    ("available", Memory::available),
    ("buffered", |memory| memory.buffers),
    ("cached", Memory::cached_with_slab),
    ("commit_limit", |memory| memory.commit_limit),
    ("committed_as", |memory| memory.committed_as),
    ("dirty", |memory| memory.dirty),
    ("free", |memory| memory.mem_free),
    ("high_free", |memory| memory.high_free),
    ("high_total", |memory| memory.high_total),
    ("huge_page_size", |memory| memory.huge_page_size),
    ("huge_pages_free", |memory| memory.huge_pages_free),
    ("huge_pages_total", |memory| memory.huge_pages_total),
    ("inactive", |memory| memory.inactive),
    ("low_free", |memory| memory.low_free),
    ("low_total", |memory| memory.low_total),
    ("mapped", |memory| memory.mapped),
    ("page_tables", |memory| memory.page_tables),
    ("shared", |memory| memory.shmem),
    ("slab", |memory| memory.slab),
    ("sreclaimable", |memory| memory.s_reclaimable),
    ("sunreclaim", |memory| memory.s_unreclaim),
    ("swap_cached", |memory| memory.swap_cached),
    ("swap_free", |memory| memory.swap_free),
    ("swap_total", |memory| memory.swap_total),
    ("total", |memory| memory.mem_total),
    ("used", Memory::used),
    ("vmalloc_chunk", |memory| memory.vmalloc_chunk),
    ("vmalloc_total", |memory| memory.vmalloc_total),
    ("vmalloc_used", |memory| memory.vmalloc_used),
    ("write_back", |memory| memory.writeback),
    ("write_back_tmp", |memory| memory.writeback_tmp),
];

pub(super) fn write_cpu(
    node: &Node,
    previous: Option<&Node>,
    options: &HostOptions<'_>,
    points: &mut Points<'_, '_>,
) {
    let before = previous.map(|previous| &previous.cpu);
    let mut write = |name: &str, now: &CpuTimes, before: Option<&CpuTimes>| {
        points.point("cpu", &[("cpu", name)], |out| {
            if options.cpu_time {
                write_times(node, now, options.cpu_active, out);
            }
            if let Some(before) = before {
                write_shares(now, before, options.cpu_active, out);
            }
        });
    };
    if options.per_cpu {
        for (number, now) in &node.cpu.cores {
            let before = before.and_then(|cpu| cpu.cores.iter().find(|(other, _)| other == number));
            write(&format!("cpu{number}"), now, before.map(|(_, times)| times));
        }
    }
    if let Some(now) = &node.cpu.total {
        write("cpu-total", now, before.and_then(|cpu| cpu.total.as_ref()));
    }
}

fn write_times(node: &Node, now: &CpuTimes, with_active: bool, out: &mut LineWriter<'_>) {
    for (_, name, ticks) in CPU {
        float(out, name, node.cpu.seconds(ticks(now)));
    }
    if with_active {
        float(out, "time_active", node.cpu.seconds(active(now)));
    }
}

/// Nothing when no time has passed or the CPU's counters began anew.
fn write_shares(now: &CpuTimes, before: &CpuTimes, with_active: bool, out: &mut LineWriter<'_>) {
    let passed = now.total().zip(before.total()).and_then(|(now, before)| now.checked_sub(before));
    let Some(passed) = passed.filter(|passed| *passed > 0) else { return };
    // The kernel lets idle and iowait step back a little at times: that is no share below zero.
    let share = |ticks: Ticks| Some(percent(ticks(now)?.saturating_sub(ticks(before)?), passed));
    for (name, _, ticks) in CPU {
        let value = match *name {
            "usage_user" => share(|times| Some(times.user?.saturating_sub(times.guest.unwrap_or(0)))),
            "usage_nice" => share(|times| Some(times.nice?.saturating_sub(times.guest_nice.unwrap_or(0)))),
            _ => share(*ticks),
        };
        float(out, name, value);
    }
    if with_active {
        float(out, "usage_active", share(active));
    }
}

/// Telegraf's meaning: all but idle, iowait included.
fn active(times: &CpuTimes) -> Option<u64> {
    Some(times.total()?.saturating_sub(times.idle?))
}

pub(super) fn write_mem(node: &Node, points: &mut Points<'_, '_>) {
    let memory = &node.memory;
    points.point("mem", &[], |out| {
        integers(out, MEM, memory);
        if let Some(total) = memory.mem_total.filter(|total| *total > 0) {
            float(out, "used_percent", memory.used().map(|used| percent(used, total)));
            float(out, "available_percent", memory.available().map(|bytes| percent(bytes, total)));
        }
    });
}

pub(super) fn write_swap(node: &Node, points: &mut Points<'_, '_>) {
    let memory = &node.memory;
    points.point("swap", &[], |out| {
        integer(out, "total", memory.swap_total);
        integer(out, "used", memory.swap_used());
        integer(out, "free", memory.swap_free);
        let used = memory.swap_used().zip(memory.swap_total);
        float(out, "used_percent", used.map(|(used, total)| percent(used, total)));
    });
    let (swapped_in, swapped_out) = node.swapped_bytes();
    points.point("swap", &[], |out| {
        integer(out, "in", swapped_in);
        integer(out, "out", swapped_out);
    });
}

/// Three points, as Telegraf's `legacy` set: load and numbers, the uptime, the uptime in words.
pub(super) fn write_system(node: &Node, points: &mut Points<'_, '_>) {
    let cores = node.cpu.cores.len() as u64;
    points.point("system", &[], |out| {
        float(out, "load1", node.load.load1);
        float(out, "load5", node.load.load5);
        float(out, "load15", node.load.load15);
        let logical = node.machine.logical_cpus.map(u64::from).or((cores > 0).then_some(cores));
        integer(out, "n_cpus", logical);
        integer(out, "n_physical_cpus", node.machine.physical_cores.map(u64::from));
        integer(out, "n_users", node.users.map(|users| users.logged_in));
        integer(out, "n_unique_users", node.users.map(|users| users.unique));
    });
    let Some(uptime) = node.uptime_seconds.map(|seconds| seconds as u64) else { return };
    points.point("system", &[], |out| out.integer("uptime", uptime));
    points.point("system", &[], |out| out.text("uptime_format", &uptime_format(uptime)));
}

/// `3 days,  7:05`: the hour is padded with a blank.
fn uptime_format(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match days {
        0 => format!("{hours:2}:{minutes:02}"),
        1 => format!("1 day, {hours:2}:{minutes:02}"),
        _ => format!("{days} days, {hours:2}:{minutes:02}"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::write;
    use super::*;

    #[test]
    fn the_uptime_is_written_as_uptime_writes_it() {
        for (seconds, text) in [
            (0, " 0:00"),
            (59, " 0:00"),
            (3_660, " 1:01"),
            (86_399, "23:59"),
            (86_400, "1 day,  0:00"),
            (1_000_000, "11 days, 13:46"),
        ] {
            assert_eq!(uptime_format(seconds), text);
        }
    }

    fn cpu_line(now: CpuTimes, before: Option<CpuTimes>, options: &HostOptions<'_>) -> String {
        let node = |total| {
            let mut node = Node::default();
            node.cpu.total = Some(total);
            node.cpu.ticks_per_second = 100;
            node
        };
        let mut out = Vec::new();
        let before = before.map(node);
        write(&node(now), before.as_ref(), "h", options, &mut LineWriter::new(&mut out));
        String::from_utf8(out).unwrap()
    }

    fn times(user: u64, idle: u64, guest: u64) -> CpuTimes {
        CpuTimes {
            user: Some(user),
            nice: Some(0),
            system: Some(0),
            idle: Some(idle),
            guest: Some(guest),
            ..CpuTimes::default()
        }
    }

    #[test]
    fn shares_count_guests_apart_and_need_a_reading_before() {
        let options = HostOptions { cpu_active: true, ..HostOptions::default() };
        assert_eq!(cpu_line(times(100, 100, 0), None, &options), "");
        assert_eq!(
            cpu_line(times(130, 170, 10), Some(times(100, 100, 0)), &options),
            "cpu,host=h,cpu=cpu-total usage_user=20.0,usage_system=0.0,usage_idle=70.0,usage_nice=0.0,\
             usage_guest=10.0,usage_active=30.0 0\n"
        );
    }

    #[test]
    fn counters_that_began_anew_or_stood_still_give_no_shares() {
        let options = HostOptions::default();
        assert_eq!(cpu_line(times(10, 10, 0), Some(times(100, 100, 0)), &options), "");
        assert_eq!(cpu_line(times(100, 100, 0), Some(times(100, 100, 0)), &options), "");
        // Idle steps back by one tick while user moves on by eleven.
        let line = cpu_line(times(111, 99, 0), Some(times(100, 100, 0)), &options);
        assert!(line.contains("usage_idle=0.0,"), "{line}");
    }

    #[test]
    fn times_are_seconds_with_guests_left_in_user() {
        let options = HostOptions { cpu_time: true, cpu_active: true, ..HostOptions::default() };
        assert_eq!(
            cpu_line(times(150, 50, 10), None, &options),
            "cpu,host=h,cpu=cpu-total time_user=1.5,time_system=0.0,time_idle=0.5,time_nice=0.0,time_guest=0.1,\
             time_active=1.5 0\n"
        );
    }
}
