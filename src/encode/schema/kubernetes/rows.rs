//! Walks a snapshot and writes its points.
//!
//! All points carry the snapshot's time, as Telegraf's carry the gather time; only a unit that is gone keeps the
//! time of its last reading, so that a restarted container of the same name does not overwrite it, and a unit that
//! another source tells of has that source's own time.

use std::sync::Arc;

use super::fields::{
    MEMORY_AVAILABLE, NODE_NETWORK_FIELDS, NetworkRow, OWN, OWN_FLOATS, POD_NETWORK_FIELDS, Row, TELEGRAF,
    WindowNames, nanocores,
};
use super::kubelet::{self, Said};
use super::tags::{NODE, SYSTEM_CONTAINER, Tags};
use super::workload;
use crate::encode::cluster::Cluster;
use crate::encode::influx::{LineWriter, Precision, PrefixCache};
use crate::model::identity::UnitKind;
use crate::model::node::Node;
use crate::model::reconciled::SourceKind;
use crate::model::snapshot::Snapshot;
use crate::model::unit::{Interface, Pace, Unit};

/// What `kubernetes_node` holds that no cgroup knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeFacts {
    /// MemTotal.
    pub memory_total_bytes: Option<u64>,
    /// The node's default interface.
    pub network: Option<Interface>,
}

/// The kubelet's names of system containers and the services that may carry them, the likeliest first. The
/// kubelet's `misc` exists only where it is told which cgroup that is, so nothing here claims it.
const SYSTEM_SERVICES: &[(&str, &[&str])] = &[
    ("kubelet", &["kubelet.service"]),
    ("runtime", &["containerd.service", "crio.service", "docker.service"]),
];

/// Writes the rows of one snapshot after the other.
#[derive(Debug)]
pub struct Rows {
    /// Escaped `,tag=value` pairs on every point.
    common: Vec<u8>,
    cache: PrefixCache,
    windows: WindowNames,
    /// By index of unit: it is a pod, a pod's container, or inside of one.
    in_pod: Vec<bool>,
}

impl Rows {
    pub fn new(common: Vec<u8>) -> Rows {
        let windows = WindowNames { windows: Arc::new([]), names: Vec::new() };
        Rows { common, cache: PrefixCache::default(), windows, in_pod: Vec::new() }
    }

    /// Appends every point of `snapshot` and returns how many there are.
    pub fn write(
        &mut self,
        snapshot: &Snapshot,
        node_facts: fn(&Node) -> NodeFacts,
        precision: Precision,
        out: &mut Vec<u8>,
    ) -> u64 {
        if self.windows.windows != snapshot.windows {
            self.windows = WindowNames::new(&snapshot.windows);
        }
        self.cache.begin(&snapshot.node_name);
        self.in_pod.clear();
        let tags = Tags { node: &snapshot.node_name, common: &self.common };
        let mut writer = LineWriter::with(out, &self.common, precision);
        let (said, cluster) = (Said::of(snapshot), Cluster::of(snapshot));
        let (mut told, mut services) = ((None, None), Vec::new());
        for unit in &snapshot.units {
            let above = unit.parent.and_then(|at| self.in_pod.get(at as usize).copied()).unwrap_or(false);
            let uid = unit.pod_uid();
            self.in_pod.push(above || uid.is_some());
            if matches!(unit.cgroup.kind, UnitKind::Service) {
                services.push(unit);
            }
            if (above && !unit.is_container()) || unit.is_sandbox() {
                continue;
            }
            // The units of a pod stand together, so that what the kubelet says of it is found once.
            if told.0 != uid {
                told = (uid, uid.and_then(|uid| said.pod(uid)));
            }
            let is_timed = unit.gone || unit.source != SourceKind::Cgroup;
            let last = unit.stamp(Pace::Fast).filter(|_| is_timed);
            let time = last.unwrap_or(snapshot.taken).wall_ns;
            let prefixes = self.cache.get(unit, |unit| tags.prefixes(unit));
            if let Some(usage) = &prefixes.usage {
                writer.prefix(usage);
                integers(&mut writer, TELEGRAF, unit);
                match uid {
                    Some(_) if unit.is_container() => {
                        let found = told.1.zip(container_name(unit));
                        if let Some(found) = found.and_then(|(pod, name)| said.container(pod, name)) {
                            kubelet::container_fs(&mut writer, found);
                        }
                    }
                    Some(uid) => {
                        own(&mut writer, &self.windows, unit);
                        if let Some(pod) = cluster.pod(uid) {
                            workload::fields(&mut writer, &cluster, pod);
                        }
                        if let Some(pod) = told.1 {
                            kubelet::ephemeral_storage(&mut writer, pod);
                        }
                    }
                    None => own(&mut writer, &self.windows, unit),
                }
                writer.end(time);
            }
            if let Some(prefix) = &prefixes.network {
                writer.prefix(prefix);
                match (default_interface(unit), told.1) {
                    (Some(interface), _) => network(&mut writer, POD_NETWORK_FIELDS, interface),
                    (None, Some(pod)) if unit.network.is_none() => {
                        // A unit that is not ours names its source already.
                        if unit.source == SourceKind::Cgroup {
                            writer.tag("source", SourceKind::Kubelet.name());
                        }
                        kubelet::pod_network(&mut writer, &pod.network);
                    }
                    (None, _) => {}
                }
                writer.end(time);
            }
            if let (Some(prefix), Some(pod), false) = (&prefixes.volume, told.1, unit.gone) {
                said.volumes(&mut writer, prefix, pod, time);
            }
        }
        self.cache.end();
        cluster_rows(&mut writer, snapshot, &said, &services, node_facts);
        let points = writer.points;
        writer.finish();
        points
    }
}

/// `kubernetes_system_container` and `kubernetes_node`, where there is a kubelet's tree or a kubelet that answers.
fn cluster_rows(
    writer: &mut LineWriter<'_>,
    snapshot: &Snapshot,
    said: &Said<'_>,
    services: &[&Unit],
    node_facts: fn(&Node) -> NodeFacts,
) {
    let pods = snapshot.units.iter().find(|unit| unit.cgroup.kind == UnitKind::AllPods);
    if pods.is_none() && said.summary.is_none() {
        return;
    }
    system_containers(writer, snapshot, said, pods, services);
    let root = snapshot.units.iter().find(|unit| unit.cgroup.kind == UnitKind::Root);
    let facts = snapshot.node.as_deref().map(node_facts).unwrap_or_default();
    writer.measurement(NODE);
    writer.tag("node_name", &snapshot.node_name);
    let stats = said.summary.map(|summary| &summary.node);
    match (root, stats) {
        (Some(root), _) => {
            integers(writer, TELEGRAF, root);
            if let (Some(total), Some(used)) = (facts.memory_total_bytes, root.memory.working_set_bytes) {
                writer.plain_integer(&MEMORY_AVAILABLE, total.saturating_sub(used));
            }
        }
        (None, Some(stats)) => {
            writer.tag("source", SourceKind::Kubelet.name());
            kubelet::usage(writer, &stats.cpu, &stats.memory);
            if let Some(available) = stats.memory.available_bytes {
                writer.plain_integer(&MEMORY_AVAILABLE, available);
            }
        }
        (None, None) => {}
    }
    match (&facts.network, stats) {
        (Some(interface), _) => network(writer, NODE_NETWORK_FIELDS, interface),
        (None, Some(stats)) => kubelet::node_network(writer, &stats.network),
        (None, None) => {}
    }
    if let Some(summary) = said.summary {
        kubelet::node_fs(writer, summary);
    }
    writer.end(snapshot.taken.wall_ns);
}

/// Those that have a cgroup here, then those that only the kubelet tells of, as its `misc`.
fn system_containers(
    writer: &mut LineWriter<'_>,
    snapshot: &Snapshot,
    said: &Said<'_>,
    pods: Option<&Unit>,
    services: &[&Unit],
) {
    let service = |service: &&str| {
        services.iter().copied().find(|unit| unit.cgroup.path.rsplit('/').next() == Some(*service))
    };
    let services = SYSTEM_SERVICES.iter().map(|(name, services)| (*name, services.iter().find_map(service)));
    let mut written = Vec::new();
    for (name, unit) in std::iter::once(("pods", pods)).chain(services) {
        let Some(unit) = unit else { continue };
        written.push(name);
        writer.measurement(SYSTEM_CONTAINER);
        writer.tag("node_name", &snapshot.node_name);
        writer.tag("container_name", name);
        integers(writer, TELEGRAF, unit);
        if let Some(found) = said.system_container(name) {
            kubelet::system_fs(writer, found);
        }
        writer.end(snapshot.taken.wall_ns);
    }
    let all = said.summary.map(|summary| summary.node.system_containers.as_slice()).unwrap_or_default();
    for container in all.iter().filter(|container| !written.contains(&&*container.name)) {
        writer.measurement(SYSTEM_CONTAINER);
        writer.tag("node_name", &snapshot.node_name);
        writer.tag("container_name", &container.name);
        writer.tag("source", SourceKind::Kubelet.name());
        kubelet::usage(writer, &container.cpu, &container.memory);
        kubelet::system_fs(writer, container);
        writer.end(snapshot.taken.wall_ns);
    }
}

/// The container's name, once it is known.
fn container_name(unit: &Unit) -> Option<&str> {
    unit.identity.as_deref()?.container.as_deref().map(|container| &*container.name)
}

fn integers(writer: &mut LineWriter<'_>, rows: &[Row], unit: &Unit) {
    for (key, value) in rows {
        if let Some(value) = value(unit) {
            writer.plain_integer(key, value);
        }
    }
}

fn network(writer: &mut LineWriter<'_>, rows: &[NetworkRow], interface: &Interface) {
    for (key, value) in rows {
        writer.plain_integer(key, value(interface));
    }
}

/// The fields of `kubernetes_pod` and `podometer_unit` that Telegraf does not have.
fn own(writer: &mut LineWriter<'_>, windows: &WindowNames, unit: &Unit) {
    integers(writer, OWN, unit);
    for (at, [mean, max, p95, p99, memory]) in windows.names.iter().enumerate() {
        if let Some(window) = unit.cpu.windows.get(at).copied().flatten() {
            writer.framed_integer(mean, nanocores(window.mean));
            writer.framed_integer(max, nanocores(window.max));
            writer.framed_integer(p95, nanocores(window.p95));
            writer.framed_integer(p99, nanocores(window.p99));
        }
        if let Some(bytes) = unit.memory.window_max_bytes.get(at).copied().flatten() {
            writer.framed_integer(memory, bytes);
        }
    }
    for (key, value) in OWN_FLOATS {
        if let Some(value) = value(unit) {
            writer.plain_float(key, value);
        }
    }
}

/// `eth0`, as for the kubelet; a pod whose one interface has another name is served by that one.
fn default_interface(unit: &Unit) -> Option<&Interface> {
    let interfaces = unit.network.as_deref()?;
    let mut outside = interfaces.iter().filter(|interface| &*interface.name != "lo");
    interfaces.iter().find(|interface| &*interface.name == "eth0").or_else(|| {
        let only = outside.next()?;
        outside.next().is_none().then_some(only)
    })
}
