//! Where values are sent: a list for each kind of server.

use std::time::Duration;

use serde::Deserialize;

use crate::sink::config::{Order, QueueConfig, Refusal};
use crate::sink::spool::Keep;
use crate::sink::{Plan, influxdb, otlp, pushgateway, remote_write, spool};

/// The section `sinks`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sinks {
    /// InfluxDB 1, 2 and 3, VictoriaMetrics and others that take line protocol over HTTP.
    pub influxdb: Vec<influxdb::Config>,
    /// OpenTelemetry collectors and others that take metrics by OTLP over HTTP.
    pub otlp: Vec<otlp::Config>,
    /// Prometheus' Pushgateway.
    pub pushgateway: Vec<pushgateway::Config>,
    /// Prometheus and others that take its remote write.
    pub remote_write: Vec<remote_write::Config>,
}

/// One sink of any kind.
#[derive(Clone, Debug, PartialEq)]
pub enum Sink {
    InfluxDb(Box<influxdb::Config>),
    Otlp(Box<otlp::Config>),
    Pushgateway(Box<pushgateway::Config>),
    RemoteWrite(Box<remote_write::Config>),
}

/// What the configurations of all kinds have.
struct Common<'a> {
    /// The key of its list.
    kind: &'static str,
    name: &'a str,
    interval: Duration,
    queue: &'a QueueConfig,
}

macro_rules! common {
    ($kind:literal, $config:expr) => {
        Common { kind: $kind, name: &$config.name, interval: $config.interval, queue: &$config.queue }
    };
}

impl Sink {
    fn common(&self) -> Common<'_> {
        match self {
            Sink::InfluxDb(config) => common!("influxdb", config),
            Sink::Otlp(config) => common!("otlp", config),
            Sink::Pushgateway(config) => common!("pushgateway", config),
            Sink::RemoteWrite(config) => common!("remote_write", config),
        }
    }

    /// The key of its list.
    pub fn kind(&self) -> &'static str {
        self.common().kind
    }

    pub fn name(&self) -> &str {
        self.common().name
    }

    pub fn interval(&self) -> Duration {
        self.common().interval
    }

    /// What waits may be on disk.
    pub fn spools(&self) -> bool {
        self.common().queue.spool
    }

    pub fn plan(&self) -> Result<Plan, Refusal> {
        match self {
            Sink::InfluxDb(config) => config.plan(),
            Sink::Otlp(config) => config.plan(),
            Sink::Pushgateway(config) => config.plan(),
            Sink::RemoteWrite(config) => config.plan(),
        }
    }

    /// The sink of the agent of this node, for kinds whose agents would replace each other's values.
    #[must_use]
    pub fn for_node(self, node: &str) -> Sink {
        match self {
            Sink::Pushgateway(config) => Sink::Pushgateway(Box::new(config.for_instance(node))),
            other => other,
        }
    }
}

impl Sinks {
    /// One more with its defaults, to be filled in.
    pub fn add_influxdb(&mut self) -> &mut influxdb::Config {
        added(&mut self.influxdb)
    }

    /// One more with its defaults, to be filled in.
    pub fn add_pushgateway(&mut self) -> &mut pushgateway::Config {
        added(&mut self.pushgateway)
    }

    /// One more with its defaults, to be filled in.
    pub fn add_remote_write(&mut self) -> &mut remote_write::Config {
        added(&mut self.remote_write)
    }

    /// All sinks, of whatever kind.
    pub fn all(&self) -> Vec<Sink> {
        let influxdb = self.influxdb.iter().cloned().map(Box::new).map(Sink::InfluxDb);
        let otlp = self.otlp.iter().cloned().map(Box::new).map(Sink::Otlp);
        let pushgateway = self.pushgateway.iter().cloned().map(Box::new).map(Sink::Pushgateway);
        let remote_write = self.remote_write.iter().cloned().map(Box::new).map(Sink::RemoteWrite);
        influxdb.chain(otlp).chain(pushgateway).chain(remote_write).collect()
    }

    /// What the sinks refuse, in their own words, and the key below which it stands.
    pub(super) fn refusals(&self, spool: &spool::Config) -> Vec<(String, String)> {
        let all = self.all();
        let mut found = Vec::new();
        for (place, sink) in all.iter().enumerate() {
            let Common { kind, name, queue, .. } = sink.common();
            let key = format!("sinks.{kind}");
            if let Err(error) = sink.plan() {
                found.push((key.clone(), error.to_string()));
            }
            let is_same = |other: &Sink| (other.kind(), other.name()) == (kind, name);
            if all[..place].iter().any(is_same) {
                let message = format!("{key}: two sinks have the name {name:?}; give each its own");
                found.push((key.clone(), message));
            }
            let is_fresh = queue.spool && queue.order == Order::FreshFirst;
            if is_fresh && spool.directory.is_some() && spool.keep == Keep::Always {
                let message = format!(
                    "{key} {name}: queue.order fresh_first needs spool.keep: lagging, since with always everything \
                     goes through the disk in order"
                );
                found.push((key, message));
            }
        }
        found
    }
}

fn added<T: Default>(list: &mut Vec<T>) -> &mut T {
    let place = list.len();
    list.push(T::default());
    &mut list[place]
}
