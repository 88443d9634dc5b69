//! Where the names of pods and containers come from.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use super::allowed::Allowed;
use crate::model::bounds::OutOfRange;

/// Where names are taken from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// `pods_file` or `pods_url` where one is set; else the API server, and the kubelet where it gives nothing.
    #[default]
    Auto,
    ApiServer,
    Kubelet,
    File,
    Url,
}

/// The section `identity`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    pub source: Place,
    /// A file that holds the kubelet's /pods document.
    pub pods_file: Option<PathBuf>,
    /// An address that answers with the kubelet's /pods document, such as http://127.0.0.1:10255/pods.
    pub pods_url: Option<String>,
    /// Pod labels that become labels and tags: keys, or beginnings of keys with `*` behind them.
    pub labels: Vec<String>,
    /// Pod annotations that are kept, in the same form.
    pub annotations: Vec<String>,
    /// Time between two readings of the document.
    #[serde(with = "humantime_serde")]
    pub poll_interval: Duration,
    /// Longest time between two readings of the kubelet's pods while the API server gives none. New pods are
    /// asked for at once.
    #[serde(with = "humantime_serde")]
    pub kubelet_interval: Duration,
    /// Most pods that are known at a time, those of the last minute included.
    pub max_pods: usize,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            source: Place::Auto,
            pods_file: None,
            pods_url: None,
            labels: Vec::new(),
            annotations: Vec::new(),
            poll_interval: Duration::from_secs(10),
            kubelet_interval: Duration::from_mins(1),
            max_pods: 4000,
        }
    }
}

impl Config {
    /// Which labels and annotations are kept.
    pub fn allowed(&self) -> Allowed {
        Allowed { labels: self.labels.clone(), annotations: self.annotations.clone() }
    }

    /// True when somebody wrote down where names come from.
    pub fn is_told(&self) -> bool {
        self.source != Place::Auto || self.pods_file.is_some() || self.pods_url.is_some()
    }

    /// Every setting that names cannot be read with.
    pub fn validate(&self) -> Vec<OutOfRange> {
        let hour = Duration::from_hours(1);
        let show = |value| humantime::format_duration(value).to_string();
        let times = [
            ("poll_interval", self.poll_interval, (Duration::from_millis(100), hour)),
            ("kubelet_interval", self.kubelet_interval, (Duration::from_secs(1), hour)),
        ];
        let mut problems: Vec<OutOfRange> = times
            .into_iter()
            .filter_map(|(key, value, bounds)| OutOfRange::check(key, value, bounds, show))
            .collect();
        let pods = OutOfRange::check("max_pods", self.max_pods, (1, 100_000), |value| value.to_string());
        problems.extend(pods);
        if let Some(url) = &self.pods_url {
            problems.extend(self.url_problem(url));
        }
        let missing = match self.source {
            Place::File if self.pods_file.is_none() => Some(("file", "pods_file")),
            Place::Url if self.pods_url.is_none() => Some(("url", "pods_url")),
            _ => None,
        };
        if let Some((word, key)) = missing {
            let reason = format!("stands without {key}");
            problems.push(OutOfRange::new("source", word, reason, format!("{word} together with {key}")));
        }
        problems
    }

    fn url_problem(&self, url: &str) -> Option<OutOfRange> {
        let allowed = "http://HOST[:PORT]/PATH or https://HOST[:PORT]/PATH without user and password";
        let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
        let authority = rest.and_then(|rest| rest.split(['/', '?', '#']).next()).unwrap_or_default();
        if authority.contains('@') {
            // The value would show the password.
            return Some(OutOfRange::new("pods_url", "***", "holds a user or password", allowed));
        }
        if authority.is_empty() {
            return Some(OutOfRange::new("pods_url", url, "is no HTTP address", allowed));
        }
        let file = self.pods_file.as_ref()?;
        let reason = format!("stands beside pods_file \"{}\"", file.display());
        Some(OutOfRange::new("pods_url", url, reason, "one of pods_url and pods_file"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let of = |url: &str, file: Option<&str>| {
            let config = Config {
                pods_url: Some(url.to_owned()),
                pods_file: file.map(PathBuf::from),
                ..Config::default()
            };
            config.validate().pop().map(|problem| problem.reason)
        };
        assert_eq!(of("http://127.0.0.1:10255/pods", None), None);
        assert_eq!(of("https://node/pods", None), None);
        assert_eq!(of("ftp://node/pods", None).unwrap(), "is no HTTP address");
        assert_eq!(of("http:///pods", None).unwrap(), "is no HTTP address");
        assert_eq!(of("http://u:p@node/pods", None).unwrap(), "holds a user or password");
        assert_eq!(of("http://node/pods?x=a@b", None), None);
        assert_eq!(
            of("http://node/pods", Some("pods.json")).unwrap(),
            "stands beside pods_file \"pods.json\""
        );
    }

    #[test]
    fn a_place_needs_its_address() {
        let said = |config: Config| config.validate().pop().map(|problem| problem.to_string());
        let file = Config { source: Place::File, ..Config::default() };
        assert_eq!(
            said(file.clone()).unwrap(),
            "source: \"file\" stands without pods_file; allowed: file together with pods_file"
        );
        assert_eq!(said(Config { pods_file: Some("pods.json".into()), ..file }), None);
        assert!(said(Config { source: Place::Url, ..Config::default() }).unwrap().contains("pods_url"));
        assert!(said(Config { max_pods: 0, ..Config::default() }).unwrap().contains("max_pods"));
    }

    #[test]
    fn a_password_never_shows() {
        let config = Config { pods_url: Some("http://u:hunter2@node/".to_owned()), ..Config::default() };
        assert!(!format!("{}", config.validate()[0]).contains("hunter2"));
    }
}
