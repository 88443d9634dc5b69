//! The node as /proc and /sys show it. Absent is `None`; counters stay raw, in the kernel's own units.

#[macro_use]
mod table;

mod cpu;
mod disk;
mod kernel;
mod memory;
mod network;
mod process;
mod reading;

pub use cpu::{Cpu, CpuTimes, Load, Machine};
pub use disk::{Disk, Filesystem};
pub use kernel::{
    Conntrack, Interrupts, Irq, KernelStat, Ksm, Pressure, PressureLine, PressureResource, SysctlFs,
};
pub use memory::{Memory, VmStat};
pub use network::{NetInterface, Protocol, ProtocolCounter, Protocols, SockStat, Sockets, TcpState};
pub use process::{Processes, Users};
pub use reading::Node;
