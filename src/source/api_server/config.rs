//! The section `api_server`.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use crate::model::bounds::OutOfRange;

/// Whether the API server is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Enabled {
    /// Where a kubeconfig is set, or a service account's token lies where Kubernetes mounts it.
    #[default]
    Auto,
    Always,
    Never,
}

/// Where the API server is and as whom it is asked.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    pub enabled: Enabled,
    /// A kubeconfig file; without it the service account of the pod.
    pub kubeconfig: Option<PathBuf>,
    /// A context of the kubeconfig; without it its current one.
    pub context: Option<String>,
    /// Longest time until a connection stands.
    #[serde(with = "humantime_serde")]
    pub connect_timeout: Duration,
    /// Longest time until an answer has come whole.
    #[serde(with = "humantime_serde")]
    pub read_timeout: Duration,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            enabled: Enabled::Auto,
            kubeconfig: None,
            context: None,
            connect_timeout: Duration::from_secs(5),
            read_timeout: Duration::from_secs(30),
        }
    }
}

impl Config {
    /// Every setting that the API server cannot be asked with.
    pub fn validate(&self) -> Vec<OutOfRange> {
        let show = |value| humantime::format_duration(value).to_string();
        let bounds = (Duration::from_millis(100), Duration::from_mins(5));
        let mut problems: Vec<OutOfRange> =
            [("connect_timeout", self.connect_timeout), ("read_timeout", self.read_timeout)]
                .into_iter()
                .filter_map(|(key, value)| OutOfRange::check(key, value, bounds, show))
                .collect();
        if let (Some(context), None) = (&self.context, &self.kubeconfig) {
            let reason = "stands without kubeconfig";
            problems.push(OutOfRange::new("context", context, reason, "a context of the file in kubeconfig"));
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_context_needs_its_file_and_times_have_bounds() {
        assert_eq!(Config::default().validate(), []);
        let bad = Config {
            context: Some("prod".to_owned()),
            read_timeout: Duration::from_hours(1),
            ..Config::default()
        };
        let said: Vec<String> = bad.validate().iter().map(ToString::to_string).collect();
        assert_eq!(
            said,
            [
                "read_timeout: \"1h\" is above 5m; allowed: 100ms to 5m",
                "context: \"prod\" stands without kubeconfig; allowed: a context of the file in kubeconfig"
            ]
        );
    }
}
