//! Turns a snapshot into batches, each a whole `ExportMetricsServiceRequest`.

use opentelemetry_proto::tonic::common::v1::{InstrumentationScope, KeyValue};

use super::message::resource_metrics;
use super::pack::Packer;
use super::resource::attribute;
use super::walk::walk;
use crate::encode::Batch;
use crate::encode::cluster::Cluster;
use crate::encode::influx::Limits;
use crate::encode::prometheus::window_label;
use crate::encode::schema::devices::Devices;
use crate::encode::schema::kubernetes::NodeFacts;
use crate::encode::schema::otel::Shared;
use crate::model::node::Node;
use crate::model::report::AgentReport;
use crate::model::snapshot::Snapshot;

/// How snapshots become batches.
#[derive(Clone, Debug)]
pub struct Options {
    /// Attributes added to every resource.
    pub resource_attributes: Vec<(String, String)>,
    /// Points are data points; bytes are those of a request before compression.
    pub limits: Limits,
    /// Takes from the node's reading its memory and its default interface.
    pub node_facts: fn(&Node) -> NodeFacts,
}

/// Encodes one snapshot after the other.
#[derive(Debug)]
pub struct Encoder {
    common: Vec<KeyValue>,
    limits: Limits,
    node_facts: fn(&Node) -> NodeFacts,
}

impl Encoder {
    pub fn new(options: &Options) -> Encoder {
        let common = options.resource_attributes.iter().map(|(key, value)| attribute(key, value));
        Encoder { common: common.collect(), limits: options.limits, node_facts: options.node_facts }
    }

    /// All resources of one snapshot. Points carry the times of their readings, and counters the time at which they
    /// began, as far as that is known.
    pub fn encode(&mut self, snapshot: &Snapshot, report: &AgentReport) -> Vec<Batch> {
        let cluster = Cluster::of(snapshot);
        let windows: Vec<Box<str>> = snapshot.windows.iter().map(|&window| window_label(window)).collect();
        let devices = Devices::of(snapshot.node.as_deref());
        let summary = snapshot.reconciled.as_deref().and_then(|reconciled| reconciled.summary.as_deref());
        let shared = Shared {
            snapshot,
            report,
            windows: &windows,
            devices: &devices,
            fetched_ns: summary.map_or(snapshot.taken, |summary| summary.fetched).wall_ns,
        };
        let facts = snapshot.node.as_deref().map(self.node_facts).unwrap_or_default();
        let scope = InstrumentationScope {
            name: env!("CARGO_PKG_NAME").to_owned(),
            version: report.version.to_owned(),
            ..InstrumentationScope::default()
        };
        let mut packer = Packer::new(self.limits);
        walk(shared, &cluster, summary, &facts, &mut |mut attributes, rows, subject| {
            attributes.extend_from_slice(&self.common);
            if let Some(resource) = resource_metrics(attributes, &scope, rows, subject) {
                packer.add(resource);
            }
        });
        packer.finish()
    }
}
