//! CPU time, load and what the machine is made of.

/// One `cpu` line of /proc/stat, in ticks (see [`Cpu::ticks_per_second`]).
/// `user` contains `guest`, and `nice` contains `guest_nice`: the kernel counts guests twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CpuTimes {
    pub user: Option<u64>,
    pub nice: Option<u64>,
    pub system: Option<u64>,
    pub idle: Option<u64>,
    pub iowait: Option<u64>,
    pub irq: Option<u64>,
    pub softirq: Option<u64>,
    pub steal: Option<u64>,
    pub guest: Option<u64>,
    pub guest_nice: Option<u64>,
}

impl CpuTimes {
    /// All time that has passed on this CPU: the first eight columns, since guests are in user and nice.
    pub fn total(&self) -> Option<u64> {
        let rest = [self.iowait, self.irq, self.softirq, self.steal];
        let rest: u64 = rest.iter().flatten().fold(0, |sum, ticks| sum.saturating_add(*ticks));
        let first = [self.user?, self.nice?, self.system?, self.idle?];
        Some(first.iter().fold(rest, |sum, ticks| sum.saturating_add(*ticks)))
    }
}

/// The CPU lines of /proc/stat.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cpu {
    pub total: Option<CpuTimes>,
    /// Each online CPU with the number that the kernel gives it.
    pub cores: Vec<(u32, CpuTimes)>,
    /// USER_HZ, 100 on every current architecture; 0 where nothing was read.
    pub ticks_per_second: u64,
}

impl Cpu {
    /// Ticks as seconds; `None` where the length of a tick is not known.
    pub fn seconds(&self, ticks: Option<u64>) -> Option<f64> {
        (self.ticks_per_second > 0).then_some(ticks? as f64 / self.ticks_per_second as f64)
    }
}

/// /proc/loadavg.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Load {
    pub load1: Option<f64>,
    pub load5: Option<f64>,
    pub load15: Option<f64>,
}

/// What does not change while the machine runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Machine {
    pub logical_cpus: Option<u32>,
    pub physical_cores: Option<u32>,
    pub sockets: Option<u32>,
    pub machine_id: Option<Box<str>>,
    pub boot_id: Option<Box<str>>,
    pub system_uuid: Option<Box<str>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_total_counts_guests_once() {
        let times = CpuTimes {
            user: Some(10),
            nice: Some(1),
            system: Some(2),
            idle: Some(80),
            iowait: Some(3),
            irq: Some(1),
            softirq: Some(2),
            steal: Some(1),
            guest: Some(9),
            guest_nice: Some(1),
        };
        assert_eq!(times.total(), Some(100));
    }

    #[test]
    fn a_total_needs_the_columns_that_every_kernel_has() {
        assert_eq!(CpuTimes { user: Some(1), ..CpuTimes::default() }.total(), None);
        let old =
            CpuTimes { user: Some(1), nice: Some(2), system: Some(3), idle: Some(4), ..CpuTimes::default() };
        assert_eq!(old.total(), Some(10));
    }
}
