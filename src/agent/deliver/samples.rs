//! Snapshots in the forms of OpenTelemetry and of the Pushgateway.

use std::sync::Arc;

use super::influx::node_facts;
use super::producing::{Produce, Report};
use crate::encode::Batch;
use crate::encode::otlp;
use crate::encode::prometheus::{self, Pusher};
use crate::model::snapshot::Snapshot;
use crate::sampler::Feeds;
use crate::sink::{otlp as otlp_sink, pushgateway};

/// Requests of OTLP.
pub(super) struct Otlp(otlp::Encoder);

impl Otlp {
    pub(super) fn new(config: &otlp_sink::Config) -> Otlp {
        Otlp(otlp::Encoder::new(&otlp::Options {
            resource_attributes: config.resource_attributes.clone().into_iter().collect(),
            limits: config.limits(),
            node_facts,
        }))
    }
}

impl Produce for Otlp {
    fn batches(&mut self, snapshot: &Arc<Snapshot>, _: &Feeds, report: &Report) -> (Vec<Batch>, u64) {
        (self.0.encode(snapshot, &report()), 0)
    }
}

/// A page, whole.
pub(super) struct Pushed(Pusher);

impl Pushed {
    pub(super) fn new(config: &pushgateway::Config, rows: prometheus::Options) -> Pushed {
        Pushed(Pusher::new(config.page(), rows))
    }
}

impl Produce for Pushed {
    fn batches(&mut self, snapshot: &Arc<Snapshot>, _: &Feeds, report: &Report) -> (Vec<Batch>, u64) {
        (vec![self.0.encode(snapshot, &Arc::new(report()))], 0)
    }
}
