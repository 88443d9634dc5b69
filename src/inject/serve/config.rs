//! Where the webhook listens and what its objects are called.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use crate::inject::{Existing, Settings};
use crate::model::bounds::OutOfRange;

/// Everything that can be set by a flag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// For the API server, over TLS.
    pub listen: SocketAddr,
    /// For metrics and probes alone, without TLS.
    pub metrics_listen: Option<SocketAddr>,
    /// Where the Service and the Secret are, and where nothing is injected.
    pub namespace: String,
    pub service: String,
    pub secret: String,
    /// The MutatingWebhookConfiguration.
    pub webhook: String,
    /// A kubeconfig file; without it the service account of the pod.
    pub kubeconfig: Option<PathBuf>,
    /// A directory with a file for each class.
    pub classes: Option<PathBuf>,
    /// How long a certificate is good for; it is renewed in the last third.
    pub lifetime: Duration,
    /// Between two looks at the Secret, the webhook configuration and the classes.
    pub interval: Duration,
    pub max_connections: usize,
    pub settings: Settings,
}

impl Default for Config {
    fn default() -> Config {
        let name = || "podometer-injector".to_owned();
        Config {
            listen: SocketAddr::from((Ipv4Addr::UNSPECIFIED, 9443)),
            metrics_listen: None,
            namespace: "podometer".to_owned(),
            service: name(),
            secret: name(),
            webhook: name(),
            kubeconfig: None,
            classes: None,
            lifetime: Duration::from_hours(90 * 24),
            interval: Duration::from_mins(1),
            max_connections: 128,
            settings: Settings { existing: Existing::Keep, ..Settings::default() },
        }
    }
}

impl Config {
    /// Every setting that cannot be served with.
    pub fn validate(&self) -> Vec<OutOfRange> {
        let show = |value| humantime::format_duration(value).to_string();
        let lifetimes = (Duration::from_mins(10), Duration::from_hours(3650 * 24));
        let intervals = (Duration::from_secs(1), Duration::from_hours(1));
        let mut problems: Vec<OutOfRange> = [
            OutOfRange::check("lifetime", self.lifetime, lifetimes, show),
            OutOfRange::check("interval", self.interval, intervals, show),
            OutOfRange::check("max_connections", self.max_connections, (1, 65536), |n: usize| n.to_string()),
        ]
        .into_iter()
        .flatten()
        .collect();
        let names = [
            ("namespace", &self.namespace),
            ("service", &self.service),
            ("secret", &self.secret),
            ("webhook", &self.webhook),
        ];
        // They become parts of paths.
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c);
        for (key, name) in names {
            if name.is_empty() || name.len() > 253 || name.contains("..") || !name.chars().all(is_plain) {
                let allowed = "lower-case letters, digits, - and .";
                problems.push(OutOfRange::new(key, name, "is no name of an object", allowed));
            }
        }
        problems
    }

    /// The names by which the API server may call.
    pub(super) fn names(&self) -> Vec<String> {
        let Config { service, namespace, .. } = self;
        ["", ".svc", ".svc.cluster.local"].iter().map(|end| format!("{service}.{namespace}{end}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_good_and_paths_are_no_names() {
        assert_eq!(Config::default().validate(), []);
        let bad = Config { secret: "../x".to_owned(), interval: Duration::ZERO, ..Config::default() };
        let keys: Vec<String> = bad.validate().into_iter().map(|problem| problem.key).collect();
        assert_eq!(keys, ["interval", "secret"]);
        assert_eq!(Config::default().names()[1], "podometer-injector.podometer.svc");
    }
}
