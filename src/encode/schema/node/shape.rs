//! How the rows of a family are found in a reading, and with which labels.

use crate::encode::schema::EmitRow;
use crate::model::node::{
    CpuTimes, Disk, Filesystem, Memory, NetInterface, Node, PressureLine, Protocol, SockStat, VmStat,
};

/// One column of a `cpu` line.
pub(super) type Ticks = fn(&CpuTimes) -> Option<u64>;

/// One row without labels.
pub(super) fn one(node: &Node, emit: &mut EmitRow<'_>, value: fn(&Node) -> Option<f64>) {
    if let Some(value) = value(node) {
        emit(&[], value);
    }
}

/// One row without labels, from /proc/meminfo.
pub(super) fn mem(node: &Node, emit: &mut EmitRow<'_>, value: fn(&Memory) -> Option<u64>) {
    whole(value(&node.memory), emit);
}

/// One row without labels, from /proc/vmstat.
pub(super) fn vm(node: &Node, emit: &mut EmitRow<'_>, value: fn(&VmStat) -> Option<u64>) {
    whole(value(&node.vmstat), emit);
}

/// One row without labels, from /proc/net/sockstat.
pub(super) fn sock(node: &Node, emit: &mut EmitRow<'_>, value: fn(&SockStat) -> Option<u64>) {
    whole(value(&node.sockstat), emit);
}

/// One row without labels: a protocol counter by its nstat name.
pub(super) fn proto(node: &Node, emit: &mut EmitRow<'_>, (file, name): (Protocol, &str)) {
    if let Some(value) = node.protocols.get(file, name) {
        emit(&[], value as f64);
    }
}

/// One row without labels: seconds stalled.
pub(super) fn psi(node: &Node, emit: &mut EmitRow<'_>, line: fn(&Node) -> Option<PressureLine>) {
    if let Some(total_usec) = line(node).and_then(|line| line.total_usec) {
        emit(&[], total_usec as f64 / 1e6);
    }
}

/// One row for each CPU and mode.
pub(super) fn cpu(node: &Node, emit: &mut EmitRow<'_>, modes: &[(&'static str, Ticks)]) {
    for (number, times) in &node.cpu.cores {
        let number = number.to_string();
        for (mode, ticks) in modes {
            if let Some(seconds) = node.cpu.seconds(ticks(times)) {
                emit(&[("cpu", &number), ("mode", mode)], seconds);
            }
        }
    }
}

/// One row for each block device; loop and RAM devices and partitions are left out, as node_exporter does.
pub(super) fn disk(node: &Node, emit: &mut EmitRow<'_>, value: fn(&Disk) -> Option<f64>) {
    for disk in node.disks.iter().filter(|disk| is_whole_disk(&disk.name)) {
        if let Some(value) = value(disk) {
            emit(&[("device", &disk.name)], value);
        }
    }
}

/// One row for each file system.
pub(super) fn fs(node: &Node, emit: &mut EmitRow<'_>, value: fn(&Filesystem) -> u64) {
    for filesystem in &node.filesystems {
        let labels = [
            ("device", &*filesystem.device),
            ("fstype", &*filesystem.fstype),
            ("mountpoint", &*filesystem.mountpoint),
        ];
        emit(&labels, value(filesystem) as f64);
    }
}

/// One row for each interface.
pub(super) fn net(node: &Node, emit: &mut EmitRow<'_>, value: fn(&NetInterface) -> Option<u64>) {
    for interface in &node.interfaces {
        if let Some(value) = value(interface) {
            emit(&[("device", &interface.name)], value as f64);
        }
    }
}

/// One row for each state of a process, by its letter.
pub(super) fn states(node: &Node, emit: &mut EmitRow<'_>, (): ()) {
    let Some(processes) = &node.processes else { return };
    for (letter, count) in [
        ("D", processes.blocked),
        ("I", processes.idle),
        ("R", processes.running),
        ("S", processes.sleeping),
        ("T", processes.stopped),
        ("X", processes.dead),
        ("Z", processes.zombies),
    ] {
        emit(&[("state", letter)], count as f64);
    }
}

/// One row with the labels by which cAdvisor names the machine.
pub(super) fn machine(node: &Node, emit: &mut EmitRow<'_>, value: fn(&Node) -> Option<u64>) {
    let Some(value) = value(node) else { return };
    let text = |id: &'_ Option<Box<str>>| id.clone().unwrap_or_default();
    let (boot, id, uuid) =
        (text(&node.machine.boot_id), text(&node.machine.machine_id), text(&node.machine.system_uuid));
    emit(&[("boot_id", &boot), ("machine_id", &id), ("system_uuid", &uuid)], value as f64);
}

fn whole(value: Option<u64>, emit: &mut EmitRow<'_>) {
    if let Some(value) = value {
        emit(&[], value as f64);
    }
}

/// Source: node_exporter `collector/diskstats_linux.go`, its default list of excluded devices.
fn is_whole_disk(name: &str) -> bool {
    let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
    if stem.len() == name.len() {
        return true;
    }
    let is_lettered = ["hd", "sd", "vd", "xvd"]
        .iter()
        .any(|kind| stem.strip_prefix(kind).is_some_and(|rest| matches!(rest.as_bytes(), [b'a'..=b'z'])));
    let is_nvme_partition = stem.starts_with("nvme") && stem.ends_with('p');
    !(is_lettered || is_nvme_partition || matches!(stem, "ram" | "zram" | "loop" | "fd"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_and_memory_devices_are_no_disks() {
        for name in ["sda", "vdb", "nvme0n1", "dm-0", "md127", "mmcblk0", "sr0", "xvda"] {
            assert!(is_whole_disk(name), "{name}");
        }
        for name in ["sda1", "vdb12", "xvda1", "nvme0n1p2", "loop3", "ram0", "zram0", "fd0"] {
            assert!(!is_whole_disk(name), "{name}");
        }
    }
}
