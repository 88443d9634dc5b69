//! One pass over the node's files.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::config::Config;
use super::fault::{Fault, Unread};
use super::files::{Files, Need, read_word};
use super::{
    cpuinfo, disks, interrupts, meminfo, mounts, net_dev, pressure, processes, snmp, sockets, stat, sysctl,
    utmp,
};
use crate::model::node::{
    Cpu, Disk, Interrupts, KernelStat, Ksm, Machine, NetInterface, Node, Pressure, Processes, Protocols,
    SockStat, Sockets,
};
use crate::model::stamp::Stamp;

/// Reads the node. Blocking, and quick: no file of it waits for a device.
#[derive(Debug)]
pub struct NodeReader {
    config: Config,
    files: Files,
    machine: Option<Machine>,
    /// Identifiers of disks, which do not change while a disk has its name.
    wwids: HashMap<Box<str>, Option<Box<str>>>,
    processes: Kept<Option<Processes>>,
    sockets: Kept<Sockets>,
}

/// A costly value and when it was read.
#[derive(Debug, Default)]
struct Kept<T> {
    value: T,
    read_at: Option<Stamp>,
}

impl<T> Kept<T> {
    /// Due a tenth early: else a reading at the same rhythm would skip every other one by a hair.
    fn is_due(&self, now: Stamp, interval: Duration) -> bool {
        self.read_at.is_none_or(|read_at| {
            let age = Duration::from_nanos(now.boot_ns.saturating_sub(read_at.boot_ns));
            age.saturating_add(interval / 10) >= interval
        })
    }

    fn keep(&mut self, value: T, now: Stamp) {
        *self = Kept { value, read_at: Some(now) };
    }
}

impl NodeReader {
    pub fn new(config: Config) -> NodeReader {
        NodeReader {
            config,
            files: Files::default(),
            machine: None,
            wwids: HashMap::new(),
            processes: Kept::default(),
            sockets: Kept::default(),
        }
    }

    /// Reads everything that is due. What could not be read is absent and has its fault.
    pub fn read(&mut self, now: Stamp) -> (Node, Vec<Fault>) {
        let stat = self.parse_proc("stat", Need::Always, stat::parse_stat).unwrap_or_default();
        let entropy_avail = self.files.number(&self.config.procfs.join("sys/kernel/random/entropy_avail"));
        let net = self.net_directory();
        let node = Node {
            taken: now,
            machine: self.machine(),
            cpu: Cpu {
                total: stat.total,
                cores: stat.cores,
                ticks_per_second: rustix::param::clock_ticks_per_second(),
            },
            load: self.parse_proc("loadavg", Need::Always, stat::parse_loadavg).unwrap_or_default(),
            uptime_seconds: self.parse_proc("uptime", Need::Always, stat::parse_uptime).flatten(),
            users: utmp::read_users(&self.config.rootfs),
            memory: self.parse_proc("meminfo", Need::Always, meminfo::parse_meminfo).unwrap_or_default(),
            vmstat: self.parse_proc("vmstat", Need::Always, meminfo::parse_vmstat).unwrap_or_default(),
            page_bytes: rustix::param::page_size() as u64,
            disks: self.disks(),
            filesystems: mounts::read_filesystems(&self.config, &mut self.files),
            interfaces: self.interfaces(&net),
            protocols: self.protocols(&net),
            sockets: self.sockets(&net, now),
            sockstat: self.sockstat(&net),
            processes: self.processes(now),
            kernel: KernelStat { entropy_avail, ..stat.kernel },
            ksm: self.ksm(),
            pressure: self.pressure(),
            interrupts: self.interrupts("interrupts"),
            soft_interrupts: self.interrupts("softirqs"),
            conntrack: sysctl::read_conntrack(&self.config.procfs, &mut self.files),
            sysctl_fs: sysctl::read_sysctl_fs(&self.config.procfs, &mut self.files),
        };
        (node, self.files.take_faults())
    }

    fn parse_proc<T>(
        &mut self,
        name: &str,
        need: Need,
        parse: impl FnOnce(&str, &mut Unread) -> T,
    ) -> Option<T> {
        self.files.parse(&self.config.procfs.join(name), need, parse)
    }

    /// /proc/net is the reader's own network; that of the node's first process is the node's, also when
    /// the agent runs in a pod of its own network and sees the node's /proc under another path.
    fn net_directory(&self) -> PathBuf {
        let first = self.config.procfs.join("1/net");
        if first.join("dev").exists() { first } else { self.config.procfs.join("net") }
    }

    fn machine(&mut self) -> Machine {
        let Config { procfs, sysfs, rootfs, .. } = &self.config;
        let files = &mut self.files;
        self.machine.get_or_insert_with(|| cpuinfo::read_machine(procfs, sysfs, rootfs, files)).clone()
    }

    fn disks(&mut self) -> Vec<Disk> {
        let mut disks =
            self.parse_proc("diskstats", Need::Always, disks::parse_diskstats).unwrap_or_default();
        self.wwids.retain(|name, _| disks.iter().any(|disk| disk.name == *name));
        for disk in &mut disks {
            if !self.wwids.contains_key(&disk.name) {
                // A partition has none of its own.
                let wwid = read_word(&self.config.sysfs.join("block").join(&*disk.name).join("wwid"));
                self.wwids.insert(disk.name.clone(), wwid);
            }
            disk.wwid = self.wwids.get(&disk.name).cloned().flatten();
        }
        disks
    }

    fn interfaces(&mut self, net: &Path) -> Vec<NetInterface> {
        if self.config.is_a_pods {
            return Vec::new();
        }
        let rows = self.files.parse(&net.join("dev"), Need::Always, net_dev::parse_net_dev);
        let mut interfaces = rows.unwrap_or_default();
        for interface in &mut interfaces {
            let directory = self.config.sysfs.join("class/net").join(&*interface.name);
            interface.operstate = read_word(&directory.join("operstate"));
            // Virtual devices refuse the read, others say -1.
            interface.speed_mbit = read_word(&directory.join("speed")).and_then(|speed| speed.parse().ok());
        }
        interfaces
    }

    fn protocols(&mut self, net: &Path) -> Protocols {
        if self.config.is_a_pods {
            return Protocols::default();
        }
        let files = &mut self.files;
        Protocols {
            netstat: files
                .parse(&net.join("netstat"), Need::IfPresent, snmp::parse_pairs)
                .unwrap_or_default(),
            snmp: files.parse(&net.join("snmp"), Need::IfPresent, snmp::parse_pairs).unwrap_or_default(),
            snmp6: files.parse(&net.join("snmp6"), Need::IfPresent, snmp::parse_snmp6).unwrap_or_default(),
        }
    }

    fn sockstat(&mut self, net: &Path) -> SockStat {
        let mut sockstat = SockStat::default();
        if self.config.is_a_pods {
            return sockstat;
        }
        for file in ["sockstat", "sockstat6"] {
            self.files.parse(&net.join(file), Need::IfPresent, |text, unread| {
                snmp::parse_sockstat(text, &mut sockstat, unread);
            });
        }
        sockstat
    }

    fn sockets(&mut self, net: &Path, now: Stamp) -> Sockets {
        if self.config.sockets
            && !self.config.is_a_pods
            && self.sockets.is_due(now, self.config.sockets_interval)
        {
            self.sockets.keep(sockets::read_sockets(net, &mut self.files), now);
        }
        self.sockets.value
    }

    fn processes(&mut self, now: Stamp) -> Option<Processes> {
        if self.config.processes
            && !self.config.is_a_pods
            && self.processes.is_due(now, self.config.processes_interval)
        {
            self.processes.keep(processes::read_processes(&self.config.procfs, &mut self.files), now);
        }
        self.processes.value
    }

    fn ksm(&mut self) -> Vec<Ksm> {
        if !self.config.ksm {
            return Vec::new();
        }
        sysctl::read_ksm(&self.config.sysfs, &mut self.files)
    }

    fn pressure(&mut self) -> Pressure {
        let mut resource =
            |name| self.parse_proc(name, Need::IfPresent, pressure::parse_pressure).unwrap_or_default();
        Pressure {
            cpu: resource("pressure/cpu"),
            memory: resource("pressure/memory"),
            io: resource("pressure/io"),
        }
    }

    fn interrupts(&mut self, name: &str) -> Option<Interrupts> {
        if !self.config.interrupts {
            return None;
        }
        self.parse_proc(name, Need::IfPresent, interrupts::parse_interrupts)?
    }
}
