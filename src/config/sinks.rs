//! Where values are sent: a list for each kind of server.

use std::time::Duration;

use serde::Deserialize;

use crate::sink::config::{Order, QueueConfig, Refusal};
use crate::sink::spool::Keep;
use crate::sink::{Plan, influxdb, spool};

/// The section `sinks`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sinks {
    /// InfluxDB 1, 2 and 3, VictoriaMetrics and others that take line protocol over HTTP.
    pub influxdb: Vec<influxdb::Config>,
}

/// One sink of any kind.
#[derive(Clone, Debug, PartialEq)]
pub enum Sink {
    InfluxDb(influxdb::Config),
}

impl Sink {
    /// The key of its list.
    pub fn kind(&self) -> &'static str {
        match self {
            Sink::InfluxDb(_) => "influxdb",
        }
    }

    pub fn name(&self) -> &str {
        match self {
            Sink::InfluxDb(config) => &config.name,
        }
    }

    pub fn interval(&self) -> Duration {
        match self {
            Sink::InfluxDb(config) => config.interval,
        }
    }

    pub fn plan(&self) -> Result<Plan, Refusal> {
        match self {
            Sink::InfluxDb(config) => config.plan(),
        }
    }

    fn queue(&self) -> &QueueConfig {
        match self {
            Sink::InfluxDb(config) => &config.queue,
        }
    }
}

impl Sinks {
    /// All sinks, of whatever kind.
    pub fn all(&self) -> Vec<Sink> {
        self.influxdb.iter().cloned().map(Sink::InfluxDb).collect()
    }

    /// What the sinks refuse, in their own words, and the key below which it stands.
    pub(super) fn refusals(&self, spool: &spool::Config) -> Vec<(String, String)> {
        let all = self.all();
        let mut found = Vec::new();
        for (place, sink) in all.iter().enumerate() {
            let key = format!("sinks.{}", sink.kind());
            if let Err(error) = sink.plan() {
                found.push((key.clone(), error.to_string()));
            }
            let is_same = |other: &Sink| (other.kind(), other.name()) == (sink.kind(), sink.name());
            if all[..place].iter().any(is_same) {
                let message = format!("{key}: two sinks have the name {:?}; give each its own", sink.name());
                found.push((key.clone(), message));
            }
            let is_fresh = sink.queue().spool && sink.queue().order == Order::FreshFirst;
            if is_fresh && spool.directory.is_some() && spool.keep == Keep::Always {
                let message = format!(
                    "{key} {}: queue.order fresh_first needs spool.keep: lagging, since with always everything goes through the disk in order",
                    sink.name()
                );
                found.push((key, message));
            }
        }
        found
    }
}
