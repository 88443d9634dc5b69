//! Snapshots as line protocol.

use std::sync::Arc;

use super::producing::{Produce, Report, Written};
use crate::encode::Batch;
use crate::encode::influx::{Extra, Filter, LineWriter, Options, Producer};
use crate::encode::schema::host::{self, HostOptions};
use crate::encode::schema::kubernetes::NodeFacts;
use crate::encode::schema::{internal, inventory, scraped};
use crate::model::node::Node;
use crate::model::snapshot::Snapshot;
use crate::model::unit::Interface;
use crate::sampler::Feeds;
use crate::sink::influxdb::Config;

/// The encoder, and what it has written already.
pub(super) struct Lines {
    producer: Producer,
    host: String,
    tags: Vec<(String, String)>,
    net_protocol_row: bool,
    written: Written,
}

impl Lines {
    /// `written` is what this sink was given before a change of its settings.
    pub(super) fn new(config: &Config, host: &str, written: Written) -> Lines {
        let tags: Vec<(String, String)> = config.tags.clone().into_iter().collect();
        let options = Options {
            host: host.to_owned(),
            tags: tags.clone(),
            precision: config.precision,
            limits: config.limits(),
            // The configuration was checked.
            filter: Filter::new(&config.filter).unwrap_or_default(),
            node_facts,
        };
        Lines {
            producer: Producer::new(options),
            host: host.to_owned(),
            tags,
            net_protocol_row: config.net_protocol_row,
            written,
        }
    }
}

impl Produce for Lines {
    fn batches(&mut self, snapshot: &Arc<Snapshot>, feeds: &Feeds, report: &Report) -> (Vec<Batch>, u64) {
        let Lines { producer, host, tags, net_protocol_row, written } = self;
        let Written { node: previous, listed, scraped: forwarded, .. } = written;
        let options = HostOptions { tags, protocol_row: *net_protocol_row, ..HostOptions::default() };
        let node = snapshot.node.clone();
        // The same reading of the node is not a new point.
        let is_fresh = match (&node, &previous) {
            (Some(node), Some(previous)) => node.taken != previous.taken,
            (node, _) => node.is_some(),
        };
        let mut host_rows = |_: &Snapshot, out: &mut LineWriter<'_>| {
            if let Some(node) = node.as_deref().filter(|_| is_fresh) {
                host::write(node, previous.as_deref(), host, &options, out);
            }
        };
        let inventory = feeds.inventory.load_full().filter(|found| found.taken != *listed);
        let mut inventory_rows = |_: &Snapshot, out: &mut LineWriter<'_>| {
            if let Some(found) = inventory.as_deref() {
                inventory::write(found, host, tags, out);
            }
        };
        let scraped = feeds.scraped.load_full();
        let mut scraped_rows = |_: &Snapshot, out: &mut LineWriter<'_>| {
            let is_new = |reading: &&Arc<_>| !forwarded.iter().any(|old| Arc::ptr_eq(old, *reading));
            for reading in scraped.iter().filter(is_new) {
                scraped::write(reading, host, tags, out);
            }
        };
        let report = report();
        let mut own_rows = |snapshot: &Snapshot, out: &mut LineWriter<'_>| {
            internal::write(&report, host, tags, snapshot.taken.wall_ns, out);
        };
        let mut extras: [&mut Extra<'_>; 4] =
            [&mut host_rows, &mut inventory_rows, &mut scraped_rows, &mut own_rows];
        let batches = producer.encode_snapshot(snapshot, &mut extras);
        let filtered = producer.filtered();
        // The same reading is written once.
        if let Some(found) = inventory {
            *listed = found.taken;
        }
        *forwarded = scraped;
        if is_fresh {
            *previous = node;
        }
        (batches, filtered)
    }

    fn written(&mut self) -> Written {
        std::mem::take(&mut self.written)
    }
}

/// Links of pods and runtimes, which the node's own traffic also passes.
const VIRTUAL_LINKS: [&str; 7] = ["lo", "veth", "cni", "docker", "flannel", "cali", "kube-"];

/// What `kubernetes_node` holds beside the root cgroup: memory's total, and the counters of the first link that
/// leaves the machine, as the kubelet takes its default interface.
pub(super) fn node_facts(node: &Node) -> NodeFacts {
    let is_own = |name: &str| !VIRTUAL_LINKS.iter().any(|prefix| name.starts_with(prefix));
    let network = node.interfaces.iter().find(|interface| is_own(&interface.name)).map(|found| Interface {
        name: found.name.clone(),
        rx_bytes: found.rx_bytes,
        rx_packets: found.rx_packets,
        rx_errors: found.rx_errors,
        rx_dropped: found.rx_dropped,
        tx_bytes: found.tx_bytes,
        tx_packets: found.tx_packets,
        tx_errors: found.tx_errors,
        tx_dropped: found.tx_dropped,
    });
    NodeFacts { memory_total_bytes: node.memory.mem_total, network }
}
