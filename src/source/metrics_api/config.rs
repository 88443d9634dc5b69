//! Whether, how often and how much metrics.k8s.io is asked.

use std::time::Duration;

use serde::Deserialize;

use crate::model::bounds::OutOfRange;

/// Whether a source is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Enabled {
    /// Where an API server is known.
    #[default]
    Auto,
    Always,
    Never,
}

/// Whose usage is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// The whole cluster for the leader of mode cluster, else the own node.
    #[default]
    Auto,
    Node,
    Cluster,
}

/// The section `metrics_api`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Whether metrics-server is asked: auto (where an API server is known), always or never.
    pub enabled: Enabled,
    /// Least time between two readings; a metrics-server with a slower rhythm is asked at its own.
    #[serde(with = "humantime_serde")]
    pub interval: Duration,
    /// The longest that one request may take, connecting and answer included.
    #[serde(with = "humantime_serde")]
    pub timeout: Duration,
    /// Whose usage is asked for: node (the own node and its pods), cluster or auto.
    pub scope: Scope,
    /// Largest answer, in bytes.
    pub max_body_bytes: usize,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            enabled: Enabled::Auto,
            interval: Duration::from_secs(15),
            timeout: Duration::from_secs(10),
            scope: Scope::Auto,
            max_body_bytes: 32 << 20,
        }
    }
}

impl Config {
    /// Every setting that nothing can be asked with.
    pub fn validate(&self) -> Vec<OutOfRange> {
        let show = |value| humantime::format_duration(value).to_string();
        let second = Duration::from_secs(1);
        [
            OutOfRange::check("interval", self.interval, (second, Duration::from_hours(1)), show),
            OutOfRange::check(
                "timeout",
                self.timeout,
                (Duration::from_millis(100), Duration::from_mins(5)),
                show,
            ),
            OutOfRange::check("max_body_bytes", self.max_body_bytes, (64 << 10, 1 << 30), |n| n.to_string()),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bound_is_named() {
        assert_eq!(Config::default().validate(), []);
        let config = Config {
            interval: Duration::ZERO,
            timeout: Duration::from_hours(1),
            max_body_bytes: 1,
            ..Config::default()
        };
        let keys: Vec<String> = config.validate().into_iter().map(|problem| problem.key).collect();
        assert_eq!(keys, ["interval", "timeout", "max_body_bytes"]);
    }
}
