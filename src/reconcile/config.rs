//! The settings of the comparison: what counts as equal, what counts as old, and who may stand in.

use std::time::Duration;

use serde::Deserialize;

use crate::model::bounds::OutOfRange;
use crate::model::history::DEFAULT_READINGS;
use crate::model::reconciled::SourceKind;

/// Who serves a value of a pod that has no cgroup here. Where there is a cgroup, it always serves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pick {
    /// The best that answers: the kubelet, then metrics-server.
    #[default]
    Auto,
    /// Nobody stands in.
    Cgroup,
    Kubelet,
    MetricsApi,
}

impl Pick {
    /// True where this source may be asked for the value.
    pub(super) fn allows(self, source: SourceKind) -> bool {
        match self {
            Pick::Auto => true,
            Pick::Cgroup => false,
            Pick::Kubelet => source == SourceKind::Kubelet,
            Pick::MetricsApi => source == SourceKind::MetricsApi,
        }
    }
}

/// The key `reconcile.sources`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sources {
    pub cpu: Pick,
    pub memory: Pick,
}

/// The section `reconcile`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Who serves CPU and memory of pods that have no cgroup here.
    pub sources: Sources,
    /// Values that differ by no more than this percentage agree.
    pub tolerance_percent: f64,
    /// A value of another source that is older than this is stale; at least twice its own window.
    #[serde(with = "humantime_serde")]
    pub stale_after: Duration,
    /// Readings kept of each cgroup, one a second: how far back another's window can be followed.
    pub history_readings: usize,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            sources: Sources::default(),
            tolerance_percent: 1.0,
            stale_after: Duration::from_mins(1),
            history_readings: DEFAULT_READINGS,
        }
    }
}

impl Config {
    /// Every setting that the comparison cannot work with.
    pub fn validate(&self) -> Vec<OutOfRange> {
        let seconds = |span: Duration| humantime::format_duration(span).to_string();
        let spans = (Duration::from_secs(20), Duration::from_mins(10));
        [
            OutOfRange::check("tolerance_percent", self.tolerance_percent, (0.01, 100.0), |v| v.to_string()),
            OutOfRange::check("stale_after", self.stale_after, spans, seconds),
            OutOfRange::check("history_readings", self.history_readings, (30, 3600), |v| v.to_string()),
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
    fn what_cannot_work_is_named() {
        assert_eq!(Config::default().validate(), []);
        let config = Config {
            tolerance_percent: 0.0,
            stale_after: Duration::from_secs(1),
            history_readings: 1,
            ..Config::default()
        };
        let keys: Vec<String> = config.validate().into_iter().map(|problem| problem.key).collect();
        assert_eq!(keys, ["tolerance_percent", "stale_after", "history_readings"]);
    }

    #[test]
    fn a_pick_lets_one_source_through_and_auto_all() {
        let allowed = |pick: Pick| SourceKind::ALL.map(|source| pick.allows(source));
        assert_eq!(allowed(Pick::Auto), [true; 4]);
        assert_eq!(allowed(Pick::Cgroup), [false; 4]);
        assert_eq!(allowed(Pick::Kubelet), [false, true, false, false]);
        assert_eq!(allowed(Pick::MetricsApi), [false, false, true, false]);
    }
}
