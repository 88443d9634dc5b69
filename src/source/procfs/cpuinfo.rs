//! How many CPUs, cores and sockets the machine has.

use std::collections::BTreeSet;
use std::path::Path;

use super::files::{Files, Need, read_word};
use crate::model::node::Machine;

/// CPUs with the core and socket of each, where the file tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Topology {
    pub cpus: Vec<u32>,
    /// (socket, core), each pair once.
    pub cores: BTreeSet<(u32, u32)>,
}

impl Topology {
    fn sockets(&self) -> usize {
        self.cores.iter().map(|(socket, _)| socket).collect::<BTreeSet<_>>().len()
    }
}

/// Only three keys matter; ARM has no `physical id` and no `core id`.
pub fn parse_cpuinfo(text: &str) -> Topology {
    let mut topology = Topology::default();
    let (mut socket, mut core) = (None, None);
    for line in text.lines() {
        let Some((key, value)) = line.split_once(':') else { continue };
        let value = || value.trim().parse::<u32>().ok();
        match key.trim() {
            "processor" => {
                topology.cpus.extend(value());
                (socket, core) = (None, None);
            }
            "physical id" => socket = value(),
            "core id" => core = value(),
            _ => {}
        }
        if let (Some(socket), Some(core)) = (socket, core) {
            topology.cores.insert((socket, core));
        }
    }
    topology
}

pub(super) fn read_machine(procfs: &Path, sysfs: &Path, rootfs: &Path, files: &mut Files) -> Machine {
    let mut topology = files
        .parse(&procfs.join("cpuinfo"), Need::IfPresent, |text, _| parse_cpuinfo(text))
        .unwrap_or_default();
    if topology.cores.is_empty() {
        topology.cores = read_cores(sysfs, &topology.cpus, files);
    }
    let count = |number: usize| (number > 0).then_some(number as u32);
    Machine {
        logical_cpus: count(topology.cpus.len()),
        physical_cores: count(topology.cores.len()),
        sockets: count(topology.sockets()),
        machine_id: read_word(&rootfs.join("etc/machine-id")),
        boot_id: read_word(&procfs.join("sys/kernel/random/boot_id")),
        system_uuid: read_word(&sysfs.join("class/dmi/id/product_uuid")),
    }
}

/// What /sys says where /proc/cpuinfo is silent.
fn read_cores(sysfs: &Path, cpus: &[u32], files: &mut Files) -> BTreeSet<(u32, u32)> {
    let mut cores = BTreeSet::new();
    for cpu in cpus {
        let directory = sysfs.join(format!("devices/system/cpu/cpu{cpu}/topology"));
        // -1 where the firmware does not tell.
        let mut id = |file| files.number::<i64>(&directory.join(file)).and_then(|id| u32::try_from(id).ok());
        if let (Some(socket), Some(core)) = (id("physical_package_id"), id("core_id")) {
            cores.insert((socket, core));
        }
    }
    cores
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_share_cores_and_cores_share_sockets() {
        let mut text = String::new();
        for cpu in 0..8 {
            let (socket, core) = (cpu / 4, cpu % 2);
            text += &format!(
                "processor\t: {cpu}\nphysical id\t: {socket}\nmodel name: x: y\ncore id\t\t: {core}\n\n"
            );
        }
        let topology = parse_cpuinfo(&text);
        assert_eq!((topology.cpus.len(), topology.cores.len(), topology.sockets()), (8, 4, 2));
    }

    #[test]
    fn arm_is_completed_from_sys() {
        let directory = tempfile::tempdir().unwrap();
        let (procfs, sysfs) = (directory.path().join("proc"), directory.path().join("sys"));
        std::fs::create_dir_all(&procfs).unwrap();
        std::fs::write(procfs.join("cpuinfo"), "processor\t: 0\nBogoMIPS\t: 50.00\n\nprocessor\t: 1\n")
            .unwrap();
        for cpu in 0..2 {
            let topology = sysfs.join(format!("devices/system/cpu/cpu{cpu}/topology"));
            std::fs::create_dir_all(&topology).unwrap();
            std::fs::write(topology.join("core_id"), format!("{cpu}\n")).unwrap();
            std::fs::write(topology.join("physical_package_id"), "0\n").unwrap();
        }
        let machine = read_machine(&procfs, &sysfs, directory.path(), &mut Files::default());
        assert_eq!(machine.logical_cpus, Some(2));
        assert_eq!((machine.physical_cores, machine.sockets), (Some(2), Some(1)));
        assert_eq!(machine.boot_id, None);
    }
}
