//! One reading of the whole node.

use super::cpu::{Cpu, Load, Machine};
use super::disk::{Disk, Filesystem};
use super::kernel::{Conntrack, Interrupts, KernelStat, Ksm, Pressure, SysctlFs};
use super::memory::{Memory, VmStat};
use super::network::{NetInterface, Protocols, SockStat, Sockets};
use super::process::{Processes, Users};
use crate::model::stamp::Stamp;

/// One reading of the node. A part that could not be read is absent or empty, never zero.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Node {
    pub taken: Stamp,
    pub machine: Machine,
    pub cpu: Cpu,
    pub load: Load,
    pub uptime_seconds: Option<f64>,
    pub users: Option<Users>,
    pub memory: Memory,
    pub vmstat: VmStat,
    /// The size of a page, for `pswpin` and `pswpout`; 0 where nothing was read.
    pub page_bytes: u64,
    pub disks: Vec<Disk>,
    pub filesystems: Vec<Filesystem>,
    pub interfaces: Vec<NetInterface>,
    pub protocols: Protocols,
    pub sockets: Sockets,
    pub sockstat: SockStat,
    pub processes: Option<Processes>,
    pub kernel: KernelStat,
    pub ksm: Vec<Ksm>,
    pub pressure: Pressure,
    pub interrupts: Option<Interrupts>,
    pub soft_interrupts: Option<Interrupts>,
    pub conntrack: Conntrack,
    pub sysctl_fs: SysctlFs,
}

impl Node {
    /// Bytes swapped in and out since boot.
    pub fn swapped_bytes(&self) -> (Option<u64>, Option<u64>) {
        let bytes = |pages: Option<u64>| pages.map(|pages| pages.saturating_mul(self.page_bytes));
        match self.page_bytes {
            0 => (None, None),
            _ => (bytes(self.vmstat.pswpin), bytes(self.vmstat.pswpout)),
        }
    }
}
