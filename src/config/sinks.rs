//! Where values are sent: a list for each kind of server.

use serde::Deserialize;

use crate::sink::influxdb;

/// The section `sinks`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sinks {
    /// InfluxDB 1 and 2, VictoriaMetrics and others that take line protocol over HTTP.
    pub influxdb: Vec<influxdb::Config>,
}

impl Sinks {
    /// What the sinks refuse, in their own words, and the key below which it stands.
    pub(super) fn refusals(&self) -> Vec<(&'static str, String)> {
        let key = "sinks.influxdb";
        let own =
            self.influxdb.iter().filter_map(|sink| sink.validate().err()).map(|error| error.to_string());
        let mut names: Vec<&str> = self.influxdb.iter().map(|sink| sink.name.as_str()).collect();
        names.sort_unstable();
        let twice = names.windows(2).filter(|pair| pair[0] == pair[1]);
        let twice =
            twice.map(|pair| format!("{key}: two sinks have the name {:?}; give each its own", pair[0]));
        own.chain(twice).map(|message| (key, message)).collect()
    }
}
