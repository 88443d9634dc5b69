//! Batches from snapshots to the sinks: one task per sink, on the sink's own interval.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::task::JoinHandle;

use crate::encode::influx::{Extra, Options, Producer};
use crate::encode::schema::host::{self, HostOptions};
use crate::encode::schema::inventory;
use crate::encode::schema::kubernetes::NodeFacts;
use crate::encode::schema::scraped;
use crate::model::ledger::Ledger;
use crate::model::node::Node;
use crate::model::scraped::Scraped;
use crate::model::stamp::Stamp;
use crate::model::unit::Interface;
use crate::sampler::Feeds;
use crate::sink::influxdb::{Config, Handle, Sink, State, Status};

/// How long a sink may go on sending after the agent was told to stop.
const GRACE: Duration = Duration::from_secs(5);

/// One running sink.
#[derive(Debug)]
pub(super) struct Delivery {
    handle: Arc<Handle>,
    task: JoinHandle<()>,
}

impl Delivery {
    pub(super) fn start(config: Config, feeds: Feeds, host: &str, seed: u64) -> anyhow::Result<Delivery> {
        let name = config.name.clone();
        let handle = Sink::start(&config, seed).with_context(|| format!("sinks.influxdb {name}"))?;
        let handle = Arc::new(handle);
        let options = Options {
            host: host.to_owned(),
            tags: config.tags.clone().into_iter().collect(),
            precision: config.precision,
            limits: config.limits(),
            node_facts,
        };
        let task = tokio::spawn(produce(config, options, feeds, handle.clone()));
        Ok(Delivery { handle, task })
    }

    pub(super) fn handle(&self) -> Arc<Handle> {
        self.handle.clone()
    }

    /// Sends what waits, within the grace period, and says in the log what became of every point.
    pub(super) async fn stop(self) {
        self.task.abort();
        let ledger = self.handle.shutdown(GRACE).await;
        log_final(self.handle.name(), &ledger, &self.handle.status());
    }
}

fn log_final(sink: &str, ledger: &Ledger, status: &Status) {
    let sum = |reasons: &[(&str, u64)]| reasons.iter().map(|(_, points)| points).sum::<u64>();
    tracing::info!(
        sink,
        produced = ledger.produced,
        acknowledged = ledger.acknowledged,
        rejected = sum(&ledger.rejected),
        queued = ledger.queued,
        dropped = sum(&ledger.dropped),
        balances = ledger.balances(),
        state = ?status.state,
        "sink closed"
    );
}

async fn produce(config: Config, options: Options, feeds: Feeds, handle: Arc<Handle>) {
    let host = options.host.clone();
    let tags = options.tags.clone();
    let host_options =
        HostOptions { tags: &tags, protocol_row: config.net_protocol_row, ..HostOptions::default() };
    let mut producer = Producer::new(options);
    let mut previous: Option<Arc<Node>> = None;
    let mut ticks = tokio::time::interval(config.interval);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    let mut listed = Stamp::default();
    let mut forwarded = Arc::new(Scraped::default());
    let mut last_seq = 0;
    let mut last_state = State::default();
    loop {
        ticks.tick().await;
        let status = handle.status();
        if status.state != last_state {
            last_state = status.state;
            tracing::info!(sink = config.name, state = ?status.state, message = status.message, "sink state");
        }
        let Some(snapshot) = feeds.snapshot.load_full() else { continue };
        if snapshot.seq == last_seq {
            continue;
        }
        last_seq = snapshot.seq;
        let node = snapshot.node.clone();
        // The same reading of the node is not a new point.
        let is_fresh = match (&node, &previous) {
            (Some(node), Some(previous)) => node.taken != previous.taken,
            (node, _) => node.is_some(),
        };
        let mut host_rows = |_: &crate::model::snapshot::Snapshot,
                             out: &mut crate::encode::influx::LineWriter<'_>| {
            if let Some(node) = node.as_deref().filter(|_| is_fresh) {
                host::write(node, previous.as_deref(), &host, &host_options, out);
            }
        };
        let inventory = feeds.inventory.load_full().filter(|found| found.taken != listed);
        let mut inventory_rows =
            |_: &crate::model::snapshot::Snapshot, out: &mut crate::encode::influx::LineWriter<'_>| {
                if let Some(found) = inventory.as_deref() {
                    inventory::write(found, &host, &tags, out);
                }
            };
        let scraped = feeds.scraped.load_full();
        let mut scraped_rows =
            |_: &crate::model::snapshot::Snapshot, out: &mut crate::encode::influx::LineWriter<'_>| {
                let is_new = |reading: &&Arc<_>| !forwarded.iter().any(|old| Arc::ptr_eq(old, *reading));
                for reading in scraped.iter().filter(is_new) {
                    scraped::write(reading, &host, &tags, out);
                }
            };
        let extras: &mut [&mut Extra<'_>] = &mut [&mut host_rows, &mut inventory_rows, &mut scraped_rows];
        for batch in producer.encode_snapshot(&snapshot, extras) {
            handle.push(batch);
        }
        // The same reading is written once.
        listed = inventory.map_or(listed, |found| found.taken);
        forwarded = scraped;
        if is_fresh {
            previous = node;
        }
    }
}

/// Links of pods and runtimes, which the node's own traffic also passes.
const VIRTUAL_LINKS: [&str; 7] = ["lo", "veth", "cni", "docker", "flannel", "cali", "kube-"];

/// What `kubernetes_node` holds beside the root cgroup: memory's total, and the counters of the first link that
/// leaves the machine, as the kubelet takes its default interface.
fn node_facts(node: &Node) -> NodeFacts {
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
