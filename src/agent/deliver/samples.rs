//! Snapshots in the forms of OpenTelemetry, of the Pushgateway and of remote write.

use std::sync::Arc;

use super::influx::node_facts;
use super::producing::{Produce, Report};
use crate::encode::Batch;
use crate::encode::otlp;
use crate::encode::prometheus::{self, Pusher};
use crate::encode::remote_write;
use crate::model::snapshot::Snapshot;
use crate::model::stamp::Stamp;
use crate::sampler::Feeds;
use crate::sampler::clock::{Clock, KernelClock};
use crate::sink::{otlp as otlp_sink, pushgateway, remote_write as remote_write_sink};

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

/// Series, until their end.
pub(super) struct Series(remote_write::Encoder);

impl Series {
    pub(super) fn new(config: &remote_write_sink::Config, host: &str, rows: prometheus::Options) -> Series {
        Series(remote_write::Encoder::new(config.encoding(host, rows)))
    }
}

impl Produce for Series {
    fn batches(&mut self, snapshot: &Arc<Snapshot>, _: &Feeds, report: &Report) -> (Vec<Batch>, u64) {
        (self.0.encode(snapshot, &Arc::new(report())), 0)
    }

    fn last_batches(&mut self) -> Vec<Batch> {
        self.0.end(Stamp { boot_ns: KernelClock.boot_ns(), wall_ns: KernelClock.wall_ns() })
    }
}
