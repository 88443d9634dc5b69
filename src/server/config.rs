//! The server's settings.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use crate::encode::prometheus::Options;

use crate::model::bounds::OutOfRange;

/// Where and how to serve.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[allow(clippy::struct_excessive_bools, reason = "one for each switch that can be set")]
pub struct Config {
    /// Address and port to listen on.
    pub listen: SocketAddr,
    /// Certificate and key; without them the server speaks plain HTTP.
    pub tls: Option<TlsConfig>,
    /// File that holds the bearer token which scrapers must send; read again when it changes.
    pub bearer_token_file: Option<PathBuf>,
    /// Name of the environment variable that holds the bearer token.
    pub bearer_token_env: Option<String>,
    /// Whether the API server is asked who a request's token is and whether that one may get the path; needs the right to create tokenreviews and subjectaccessreviews, as `system:auth-delegator` has it.
    pub kubernetes_authorization: bool,
    /// Largest number of connections at one time.
    pub max_connections: usize,
    /// Longest time from a connection's opening, or a later head's first byte, to the end of a request's head.
    #[serde(with = "humantime_serde")]
    pub header_timeout: Duration,
    /// Longest time from an answer to the next request of the same connection; above the scrape interval.
    #[serde(with = "humantime_serde")]
    pub idle_timeout: Duration,
    /// Longest time that a piece of an answer may wait for its reader, and that a whole answer may take.
    #[serde(with = "humantime_serde")]
    pub write_timeout: Duration,
    /// Longest time that open connections may take to end at shutdown.
    #[serde(with = "humantime_serde")]
    pub shutdown_timeout: Duration,
    /// Largest head of a request, in bytes; at least 8192.
    pub max_request_bytes: usize,
    /// Effort of compression, 1 (least) to 9.
    pub gzip_level: u32,
    /// Whether `/metrics/cadvisor` also has the kubelet's rows of whole pods, which `sum by (pod)` counts twice.
    pub cadvisor_pod_rows: bool,
    /// Whether OpenMetrics has a `_created` sample beside every counter.
    pub created_samples: bool,
    /// How many pods, those that differ most, have rows for each of their differences; `/api/v1/drift` has all.
    pub drift_pods: usize,
    /// Whether `/metrics` also says what the API says of pods under kube-state-metrics' names.
    pub kube_state_metrics_names: bool,
    /// Whether `/metrics` also has `pod_cpu_usage_cores` and other bare names of some stacks' own exporters.
    pub short_names: bool,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 9758)),
            tls: None,
            bearer_token_file: None,
            bearer_token_env: None,
            kubernetes_authorization: false,
            max_connections: 64,
            header_timeout: Duration::from_secs(5),
            idle_timeout: Duration::from_secs(90),
            write_timeout: Duration::from_secs(30),
            shutdown_timeout: Duration::from_secs(5),
            max_request_bytes: 16 * 1024,
            gzip_level: 1,
            cadvisor_pod_rows: false,
            created_samples: true,
            drift_pods: 20,
            kube_state_metrics_names: false,
            short_names: false,
        }
    }
}

impl Config {
    /// What was chosen about the rows of pages.
    pub fn rows(&self) -> Options {
        Options {
            cadvisor_pod_rows: self.cadvisor_pod_rows,
            created_samples: self.created_samples,
            drift_pods: self.drift_pods,
            kube_state_metrics_names: self.kube_state_metrics_names,
            short_names: self.short_names,
        }
    }

    /// Every setting that cannot be served with.
    pub fn validate(&self) -> Vec<OutOfRange> {
        let span = |key, value, low| {
            let show = |value| humantime::format_duration(value).to_string();
            OutOfRange::check(key, value, (low, Duration::from_hours(1)), show)
        };
        let count =
            |key, value: usize, bounds| OutOfRange::check(key, value, bounds, |value| value.to_string());
        let both = self.bearer_token_env.as_ref().filter(|_| self.bearer_token_file.is_some()).map(|name| {
            let reason = "stands beside bearer_token_file";
            OutOfRange::new("bearer_token_env", name, reason, "one of bearer_token_file and bearer_token_env")
        });
        let is_token_set = self.bearer_token_file.is_some() || self.bearer_token_env.is_some();
        let two_ways = (self.kubernetes_authorization && is_token_set).then(|| {
            let reason = "stands beside a bearer token";
            OutOfRange::new("kubernetes_authorization", "true", reason, "one of it and a bearer token")
        });
        let problems = [
            count("max_connections", self.max_connections, (1, 65_536)),
            span("header_timeout", self.header_timeout, Duration::from_millis(100)),
            span("idle_timeout", self.idle_timeout, Duration::from_millis(100)),
            span("write_timeout", self.write_timeout, Duration::from_millis(100)),
            span("shutdown_timeout", self.shutdown_timeout, Duration::ZERO),
            count("max_request_bytes", self.max_request_bytes, (8192, 1 << 20)),
            OutOfRange::check("gzip_level", self.gzip_level, (1, 9), |value| value.to_string()),
            count("drift_pods", self.drift_pods, (0, 1000)),
            both,
            two_ways,
        ];
        problems.into_iter().flatten().collect()
    }
}

/// PEM files; both are read again when one changes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsConfig {
    /// Certificate chain.
    pub cert_file: PathBuf,
    /// Private key.
    pub key_file: PathBuf,
}
