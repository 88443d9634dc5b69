//! /proc/stat, /proc/loadavg and /proc/uptime.

use procfs::FromRead;

use super::fault::Unread;
use crate::model::node::{CpuTimes, KernelStat, Load};

/// What /proc/stat holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stat {
    pub total: Option<CpuTimes>,
    pub cores: Vec<(u32, CpuTimes)>,
    /// Without `entropy_avail`, which has a file of its own.
    pub kernel: KernelStat,
}

/// More CPUs than any kernel is built for (NR_CPUS is at most 8192).
const MAX_CPUS: usize = 8192;

/// Source: proc_stat(5).
pub fn parse_stat(text: &str, unread: &mut Unread) -> Stat {
    let mut stat = Stat::default();
    for (index, line) in text.lines().enumerate() {
        let Some((key, rest)) = line.split_once(' ') else {
            if !line.is_empty() {
                unread.note(index, line);
            }
            continue;
        };
        if let Some(cpu) = key.strip_prefix("cpu") {
            match (cpu.is_empty(), cpu.parse::<u32>(), parse_times(rest)) {
                (true, _, Some(times)) => stat.total = Some(times),
                (false, Ok(number), Some(times)) if stat.cores.len() < MAX_CPUS => {
                    stat.cores.push((number, times));
                }
                _ => unread.note(index, line),
            }
            continue;
        }
        let kernel = &mut stat.kernel;
        let slot = match key {
            "intr" => &mut kernel.interrupts,
            "ctxt" => &mut kernel.context_switches,
            "btime" => &mut kernel.boot_time,
            "processes" => &mut kernel.processes_forked,
            "procs_running" => &mut kernel.procs_running,
            "procs_blocked" => &mut kernel.procs_blocked,
            _ => continue,
        };
        *slot = rest.split_ascii_whitespace().next().and_then(|word| word.parse().ok());
        if slot.is_none() {
            unread.note(index, line);
        }
    }
    stat
}

/// The columns of one `cpu` line; a column that is a number too many is left to newer kernels.
fn parse_times(text: &str) -> Option<CpuTimes> {
    let mut columns = [None; 10];
    let mut words = text.split_ascii_whitespace();
    for column in &mut columns {
        let Some(word) = words.next() else { break };
        *column = Some(word.parse::<u64>().ok()?);
    }
    let [user, nice, system, idle, iowait, irq, softirq, steal, guest, guest_nice] = columns;
    user?;
    Some(CpuTimes { user, nice, system, idle, iowait, irq, softirq, steal, guest, guest_nice })
}

/// Three averages; the counts of tasks and the last pid behind them are not used.
pub fn parse_loadavg(text: &str, unread: &mut Unread) -> Load {
    let mut words = text.split_ascii_whitespace();
    let mut next = || words.next().and_then(|word| word.parse::<f64>().ok()).filter(|load| load.is_finite());
    let load = Load { load1: next(), load5: next(), load15: next() };
    if load.load1.is_none() || load.load5.is_none() || load.load15.is_none() {
        unread.note(0, text.trim_end());
    }
    load
}

/// Seconds since boot, time in suspend included.
pub fn parse_uptime(text: &str, unread: &mut Unread) -> Option<f64> {
    match procfs::Uptime::from_read(text.as_bytes()) {
        Ok(uptime) if uptime.uptime.is_finite() && uptime.uptime >= 0.0 => Some(uptime.uptime),
        _ => {
            unread.note(0, text.trim_end());
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_line_loses_itself_only() {
        let mut unread = Unread::default();
        let text = "cpu  1 2 3 4 5 6 7 8 9 10\ncpu0 1 2 3 4\ncpu1 1 x 3 4\ncpuX 1 2 3 4\nctxt 77\nbtime\n\
                    processes many\nintr 5 1 2\nprocs_running 3\nprocs_blocked 0\nfuture 1 2\n";
        let stat = parse_stat(text, &mut unread);
        assert_eq!(stat.total.unwrap().guest_nice, Some(10));
        assert_eq!(stat.cores.len(), 1);
        assert_eq!((stat.cores[0].1.idle, stat.cores[0].1.iowait), (Some(4), None));
        assert_eq!(stat.kernel.context_switches, Some(77));
        assert_eq!(stat.kernel.interrupts, Some(5));
        assert_eq!(stat.kernel.processes_forked, None);
        assert_eq!(stat.kernel.procs_blocked, Some(0));
        assert_eq!(unread.count, 4);
        assert_eq!(unread.first, Some((3, "cpu1 1 x 3 4".to_owned())));
    }

    #[test]
    fn load_and_uptime() {
        let mut unread = Unread::default();
        let load = parse_loadavg("0.74 0.52 0.38 6/112 9888\n", &mut unread);
        assert_eq!(load, Load { load1: Some(0.74), load5: Some(0.52), load15: Some(0.38) });
        assert_eq!(parse_uptime("1175.25 1829.37\n", &mut unread), Some(1175.25));
        assert_eq!(unread.count, 0);
        for text in ["", "nan 1\n", "inf 2\n", "-1 3\n"] {
            assert_eq!(parse_uptime(text, &mut unread), None, "{text:?}");
        }
        assert_eq!(parse_loadavg("1.0 x 2.0", &mut unread).load5, None);
        assert_eq!(unread.count, 5);
    }
}
