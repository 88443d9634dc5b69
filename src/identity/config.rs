//! Where the names of pods and containers come from.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use crate::model::bounds::OutOfRange;

/// The section `identity`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// A file that holds the kubelet's /pods document.
    pub pods_file: Option<PathBuf>,
    /// An address that answers with the kubelet's /pods document, such as http://127.0.0.1:10255/pods.
    pub pods_url: Option<String>,
    /// Time between two readings of the document.
    #[serde(with = "humantime_serde")]
    pub poll_interval: Duration,
}

impl Default for Config {
    fn default() -> Config {
        Config { pods_file: None, pods_url: None, poll_interval: Duration::from_secs(10) }
    }
}

impl Config {
    /// Every setting that names cannot be read with.
    pub fn validate(&self) -> Vec<OutOfRange> {
        let bounds = (Duration::from_millis(100), Duration::from_hours(1));
        let show = |value| humantime::format_duration(value).to_string();
        let mut problems: Vec<OutOfRange> =
            OutOfRange::check("poll_interval", self.poll_interval, bounds, show).into_iter().collect();
        if let Some(url) = &self.pods_url {
            problems.extend(self.url_problem(url));
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
    fn a_password_never_shows() {
        let config = Config { pods_url: Some("http://u:hunter2@node/".to_owned()), ..Config::default() };
        assert!(!format!("{}", config.validate()[0]).contains("hunter2"));
    }
}
