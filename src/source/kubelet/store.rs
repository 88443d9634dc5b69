//! From the borrowed document to a reading that stays. An older reading is written over: names that did not change
//! keep their memory, so that a steady node costs no allocation.

use std::ops::{Deref, Range};

use super::summary;
use crate::model::kubelet::{ContainerStats, NetworkStats, NodeStats, PodStats, Summary, VolumeStats};
use crate::model::stamp::Stamp;

impl summary::Summary<'_> {
    /// Writes the document over `into`, whatever that was before.
    pub fn store(&self, fetched: Stamp, into: &mut Summary) {
        into.fetched = fetched;
        node(&self.node, &mut into.node);
        each(&self.pods, &mut into.pods, pod);
        each(&self.containers, &mut into.containers, container);
        each(&self.volumes, &mut into.volumes, volume);
    }
}

/// Makes `into` as long as `from`, and writes one over the other.
fn each<F, T: Default>(from: &[F], into: &mut Vec<T>, write: fn(&F, &mut T)) {
    into.resize_with(from.len(), T::default);
    for (from, into) in from.iter().zip(into) {
        write(from, into);
    }
}

/// Keeps the text where it already says so.
pub(super) fn set<T: Deref<Target = str> + for<'a> From<&'a str>>(into: &mut T, text: &str) {
    if **into != *text {
        *into = text.into();
    }
}

fn node(from: &summary::Node<'_>, into: &mut NodeStats) {
    set(&mut into.name, &from.name);
    into.cpu = from.cpu;
    into.memory = from.memory;
    into.swap_usage_bytes = from.swap.usage_bytes;
    network(&from.network, &mut into.network);
    into.fs = from.fs;
    into.image_fs = from.runtime.image_fs;
    into.container_fs = from.runtime.container_fs;
    into.max_pid = from.rlimit.max_pid;
    into.running_processes = from.rlimit.running;
    each(&from.system_containers, &mut into.system_containers, container);
}

fn pod(from: &summary::Pod<'_>, into: &mut PodStats) {
    set(&mut into.uid.0, &from.reference.uid);
    set(&mut into.namespace, &from.reference.namespace);
    set(&mut into.name, &from.reference.name);
    into.start_time_s = from.start_time_s;
    into.cpu = from.cpu;
    into.memory = from.memory;
    into.swap_usage_bytes = from.swap.usage_bytes;
    network(&from.network, &mut into.network);
    into.ephemeral_storage = from.ephemeral_storage;
    into.process_count = from.processes.count;
    let copy = |range: &Range<u32>| range.start..range.end;
    into.containers = copy(&from.containers);
    into.volumes = copy(&from.volumes);
}

fn container(from: &summary::Container<'_>, into: &mut ContainerStats) {
    set(&mut into.name, &from.name);
    into.start_time_s = from.start_time_s;
    into.cpu = from.cpu;
    into.memory = from.memory;
    into.swap_usage_bytes = from.swap.usage_bytes;
    into.rootfs = from.rootfs;
    into.logs = from.logs;
}

fn network(from: &summary::Network<'_>, into: &mut NetworkStats) {
    set(&mut into.name, &from.name);
    into.time_s = from.time_s;
    into.rx_bytes = from.rx_bytes;
    into.rx_errors = from.rx_errors;
    into.tx_bytes = from.tx_bytes;
    into.tx_errors = from.tx_errors;
}

fn volume(from: &summary::Volume<'_>, into: &mut VolumeStats) {
    set(&mut into.name, &from.name);
    into.fs = from.fs;
    if from.claim.name.is_empty() {
        into.claim = None;
    } else {
        let (namespace, name) = into.claim.get_or_insert_default();
        set(namespace, &from.claim.namespace);
        set(name, &from.claim.name);
    }
}
