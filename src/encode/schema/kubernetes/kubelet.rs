//! What only the kubelet's summary holds: file systems, volumes, and networks where /proc shows none.

use super::fields::{NODE_NETWORK_FIELDS, POD_NETWORK_FIELDS};
use crate::encode::influx::{Key, LineWriter, plain_key};
use crate::encode::uids::UidMap;
use crate::model::identity::PodUid;
use crate::model::kubelet::{
    ContainerStats, CpuStats, FsStats, MemoryStats, NetworkStats, PodStats, Summary,
};
use crate::model::snapshot::Snapshot;

type FsRow = (Key, fn(&FsStats) -> Option<u64>);
type CpuRow = (Key, fn(&CpuStats) -> Option<u64>);
type MemoryRow = (Key, fn(&MemoryStats) -> Option<u64>);
type NetworkRow = fn(&NetworkStats) -> Option<u64>;

const ROOTFS: [FsRow; 3] = [
    (plain_key!("rootfs_available_bytes"), |fs| fs.available_bytes),
    (plain_key!("rootfs_capacity_bytes"), |fs| fs.capacity_bytes),
    (plain_key!("rootfs_used_bytes"), |fs| fs.used_bytes),
];
const LOGS: [FsRow; 3] = [
    (plain_key!("logsfs_available_bytes"), |fs| fs.available_bytes),
    (plain_key!("logsfs_capacity_bytes"), |fs| fs.capacity_bytes),
    (plain_key!("logsfs_used_bytes"), |fs| fs.used_bytes),
];
/// Telegraf leaves the used bytes of system containers out.
const SYSTEM_FS_FIELDS: usize = 2;
const NODE_FS: [FsRow; 3] = [
    (plain_key!("fs_available_bytes"), |fs| fs.available_bytes),
    (plain_key!("fs_capacity_bytes"), |fs| fs.capacity_bytes),
    (plain_key!("fs_used_bytes"), |fs| fs.used_bytes),
];
const IMAGE_FS: [FsRow; 3] = [
    (plain_key!("runtime_image_fs_available_bytes"), |fs| fs.available_bytes),
    (plain_key!("runtime_image_fs_capacity_bytes"), |fs| fs.capacity_bytes),
    (plain_key!("runtime_image_fs_used_bytes"), |fs| fs.used_bytes),
];
const VOLUME: [FsRow; 3] = [
    (plain_key!("available_bytes"), |fs| fs.available_bytes),
    (plain_key!("capacity_bytes"), |fs| fs.capacity_bytes),
    (plain_key!("used_bytes"), |fs| fs.used_bytes),
];
const EPHEMERAL: [FsRow; 3] = [
    (plain_key!("ephemeral_storage_available_bytes"), |fs| fs.available_bytes),
    (plain_key!("ephemeral_storage_capacity_bytes"), |fs| fs.capacity_bytes),
    (plain_key!("ephemeral_storage_used_bytes"), |fs| fs.used_bytes),
];
const CPU: [CpuRow; 2] = [
    (plain_key!("cpu_usage_nanocores"), |cpu| cpu.usage_nano_cores),
    (plain_key!("cpu_usage_core_nanoseconds"), |cpu| cpu.usage_core_nano_seconds),
];
const MEMORY: [MemoryRow; 5] = [
    (plain_key!("memory_usage_bytes"), |memory| memory.usage_bytes),
    (plain_key!("memory_working_set_bytes"), |memory| memory.working_set_bytes),
    (plain_key!("memory_rss_bytes"), |memory| memory.rss_bytes),
    (plain_key!("memory_page_faults"), |memory| memory.page_faults),
    (plain_key!("memory_major_page_faults"), |memory| memory.major_page_faults),
];
/// In the order of the network fields' tables.
const NETWORK: [NetworkRow; 4] =
    [|said| said.rx_bytes, |said| said.rx_errors, |said| said.tx_bytes, |said| said.tx_errors];

/// The newest summary, by pod.
pub(super) struct Said<'a> {
    pub(super) summary: Option<&'a Summary>,
    pods: UidMap<&'a PodUid, &'a PodStats>,
}

impl<'a> Said<'a> {
    pub(super) fn of(snapshot: &'a Snapshot) -> Said<'a> {
        let summary = snapshot.reconciled.as_deref().and_then(|reconciled| reconciled.summary.as_deref());
        let pods = summary.map(|summary| summary.pods.as_slice()).unwrap_or_default();
        Said { summary, pods: pods.iter().map(|pod| (&pod.uid, pod)).collect() }
    }

    pub(super) fn pod(&self, uid: &PodUid) -> Option<&'a PodStats> {
        self.pods.get(uid).copied()
    }

    pub(super) fn container(&self, pod: &PodStats, name: &str) -> Option<&'a ContainerStats> {
        let containers = self.summary?.containers_of(pod);
        containers.iter().find(|container| &*container.name == name)
    }

    pub(super) fn system_container(&self, name: &str) -> Option<&'a ContainerStats> {
        self.summary?.node.system_containers.iter().find(|container| &*container.name == name)
    }

    /// A point for each volume of a pod; `prefix` holds measurement and the pod's tags.
    pub(super) fn volumes(&self, writer: &mut LineWriter<'_>, prefix: &[u8], pod: &PodStats, time: i64) {
        let Some(summary) = self.summary else { return };
        for volume in summary.volumes_of(pod) {
            writer.prefix(prefix);
            writer.tag("volume_name", &volume.name);
            fs(writer, &VOLUME, &volume.fs);
            writer.end(time);
        }
    }
}

pub(super) fn container_fs(writer: &mut LineWriter<'_>, container: &ContainerStats) {
    fs(writer, &ROOTFS, &container.rootfs);
    fs(writer, &LOGS, &container.logs);
}

pub(super) fn system_fs(writer: &mut LineWriter<'_>, container: &ContainerStats) {
    fs(writer, &ROOTFS[..SYSTEM_FS_FIELDS], &container.rootfs);
    fs(writer, &LOGS[..SYSTEM_FS_FIELDS], &container.logs);
}

pub(super) fn node_fs(writer: &mut LineWriter<'_>, summary: &Summary) {
    fs(writer, &NODE_FS, &summary.node.fs);
    fs(writer, &IMAGE_FS, &summary.node.image_fs);
}

pub(super) fn ephemeral_storage(writer: &mut LineWriter<'_>, pod: &PodStats) {
    fs(writer, &EPHEMERAL, &pod.ephemeral_storage);
}

/// CPU and memory where no cgroup here stands for them.
pub(super) fn usage(writer: &mut LineWriter<'_>, cpu: &CpuStats, memory: &MemoryStats) {
    for (key, value) in &CPU {
        if let Some(value) = value(cpu) {
            writer.plain_integer(key, value);
        }
    }
    for (key, value) in &MEMORY {
        if let Some(value) = value(memory) {
            writer.plain_integer(key, value);
        }
    }
}

pub(super) fn pod_network(writer: &mut LineWriter<'_>, said: &NetworkStats) {
    network(writer, POD_NETWORK_FIELDS.iter().map(|(key, _)| key), said);
}

pub(super) fn node_network(writer: &mut LineWriter<'_>, said: &NetworkStats) {
    network(writer, NODE_NETWORK_FIELDS.iter().map(|(key, _)| key), said);
}

fn network(writer: &mut LineWriter<'_>, keys: impl Iterator<Item = &'static Key>, said: &NetworkStats) {
    for (key, value) in keys.zip(NETWORK) {
        if let Some(value) = value(said) {
            writer.plain_integer(key, value);
        }
    }
}

fn fs(writer: &mut LineWriter<'_>, rows: &[FsRow], stats: &FsStats) {
    for (key, value) in rows {
        if let Some(value) = value(stats) {
            writer.plain_integer(key, value);
        }
    }
}
