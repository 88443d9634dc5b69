//! Where the webhook listens and what its objects are called.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use crate::inject::references::is_subdomain;
use crate::inject::{Existing, Settings};
use crate::model::bounds::OutOfRange;

/// Everything that can be set by a flag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// For the API server, over TLS.
    pub listen: SocketAddr,
    /// For metrics and probes alone, without TLS.
    pub metrics_listen: Option<SocketAddr>,
    /// Where the Service and the Secret are. Pods of ours beside them are never touched.
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
        // The last third holds a round in which a new one is made and one in which it is trusted, and failures between.
        if self.interval.saturating_mul(6) > self.lifetime {
            let allowed = format!("up to {}", show(self.lifetime / 6));
            problems.push(OutOfRange::new(
                "interval",
                show(self.interval),
                "is more than a sixth of the certificate's lifetime",
                allowed,
            ));
        }
        let names = [
            ("namespace", &self.namespace),
            ("service", &self.service),
            ("secret", &self.secret),
            ("webhook", &self.webhook),
        ];
        // They become parts of paths.
        for (key, name) in names {
            if !is_subdomain(name) {
                let allowed = "lower-case letters and digits, and - and . between them";
                problems.push(OutOfRange::new(key, name, "is no name of an object", allowed));
            }
        }
        problems
    }

    /// The name by which the API server calls.
    pub(super) fn called(&self) -> String {
        format!("{}.{}.svc", self.service, self.namespace)
    }

    /// The names by which anybody may call.
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
        for (name, is_good) in
            [("a", true), ("a-b.c", true), ("", false), (".", false), ("-a", false), ("a.", false)]
        {
            let named = Config { secret: name.to_owned(), ..Config::default() };
            assert_eq!(named.validate().is_empty(), is_good, "{name}");
        }
        for (minutes, is_good) in [(10, true), (11, false)] {
            let (lifetime, interval) = (Duration::from_hours(1), Duration::from_mins(minutes));
            let timed = Config { lifetime, interval, ..Config::default() };
            assert_eq!(timed.validate().is_empty(), is_good, "{minutes}");
        }
        assert_eq!(Config::default().names()[1], "podometer-injector.podometer.svc");
    }
}
