//! The composed configuration. A new part is one line in [`Config`] and one in [`Config::validate`].

use serde::Deserialize;

use crate::config::agent::Agent;
use crate::config::paths::Paths;
use crate::identity;
use crate::model::bounds::OutOfRange;
use crate::sampler;
use crate::server;
use crate::sink::influxdb;
use crate::source::procfs;

/// The file that documents every key with its default; printed by `podometer config default`.
pub const DEFAULT_FILE: &str = include_str!("../../config/podometer.yaml");

/// Everything that can be configured.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    pub agent: Agent,
    pub paths: Paths,
    pub sampler: sampler::config::Config,
    pub identity: identity::config::Config,
    pub procfs: procfs::Config,
    pub server: server::Config,
    pub sinks: Sinks,
}

/// The section `sinks`: where values are sent.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sinks {
    /// InfluxDB servers, each with a name of its own.
    pub influxdb: Vec<influxdb::Config>,
}

impl Config {
    /// Every setting that a part cannot work with, under its whole key.
    pub(super) fn validate(&self) -> Vec<OutOfRange> {
        let parts = [
            ("paths", self.paths.validate()),
            ("sampler", self.sampler.validate()),
            ("identity", self.identity.validate()),
            ("server", self.server.validate()),
            ("sinks", self.sinks.validate()),
        ];
        let below = |(section, problems): (&str, Vec<OutOfRange>)| {
            let section = section.to_owned();
            problems.into_iter().map(move |mut problem| {
                problem.key = format!("{section}.{}", problem.key);
                problem
            })
        };
        parts.into_iter().flat_map(below).collect()
    }
}

impl Sinks {
    fn validate(&self) -> Vec<OutOfRange> {
        let place = |at: usize, sink: &influxdb::Config| format!("influxdb[{at}] ({})", sink.name);
        let allowed = "as podometer config default tells";
        let wrong = self.influxdb.iter().enumerate().filter_map(|(at, sink)| {
            let error = sink.validate().err()?;
            Some(OutOfRange::new(place(at, sink), sink.url.clone(), error.to_string(), allowed))
        });
        let twice = self.influxdb.iter().enumerate().filter_map(|(at, sink)| {
            let is_known = self.influxdb[..at].iter().any(|other| other.name == sink.name);
            let reason = "is the name of another sink, too";
            is_known.then(|| OutOfRange::new(place(at, sink), sink.name.clone(), reason, "names that differ"))
        });
        wrong.chain(twice).collect()
    }
}
