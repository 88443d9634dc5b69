//! The keys below `sinks.remote_write`, and what they must be like together.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use serde::{Deserialize, Deserializer};

use super::protocol::RemoteWrite;
use crate::encode::prometheus;
use crate::encode::remote_write::{Limits, Options, Version};
use crate::sink::config::{HttpConfig, Login, QueueConfig, QueueKeys, Refusal, Shared};
use crate::sink::handle::Plan;
use crate::sink::http::{Access, Servers, TlsConfig};
use crate::sink::parcel::Packing;

/// The name of this kind in keys, metrics and the log.
const KIND: &str = "remote_write";

/// Headers that the protocol or the keys of their own set, or that carry secrets.
const RESERVED: &[&str] = &[
    "authorization",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "cookie",
    "host",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "x-prometheus-remote-write-version",
];

/// One server, or several of which one is written to.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Name of this sink in the log and in metrics.
    pub name: String,
    /// Address with its path, such as `http://prometheus:9090/api/v1/write`.
    pub url: String,
    /// Further addresses of the same data; the next one is asked while one fails.
    pub urls: Vec<String>,
    /// `v1`, which every receiver takes, or `v2`, which is smaller and confirmed but which others answer with success
    /// and lose.
    pub version: Version,
    /// User to write as.
    pub username: Option<String>,
    /// File that holds the user's password; read again when it changes.
    pub password_file: Option<PathBuf>,
    /// Environment variable that holds the user's password.
    pub password_env: Option<String>,
    /// File that holds a bearer token; read again when it changes.
    pub token_file: Option<PathBuf>,
    /// Environment variable that holds a bearer token.
    pub token_env: Option<String>,
    /// Further headers of each request, such as `X-Scope-OrgID`; not for secrets.
    pub headers: BTreeMap<String, String>,
    /// How often a snapshot is written.
    #[serde(with = "humantime_serde")]
    pub interval: Duration,
    /// Value of the label `job`.
    pub job: String,
    /// Value of the label `instance`; by default the node's name.
    pub instance: Option<String>,
    /// Labels added to every series that has none of that name.
    pub external_labels: BTreeMap<String, String>,
    /// Write native histograms as such; otherwise as classic buckets where there are any.
    pub send_native_histograms: bool,
    /// Write the node in node_exporter's names, too, as on `/metrics/node`.
    pub send_node_names: bool,
    /// The most series in one request.
    pub batch_series: usize,
    /// The most bytes in one request, before compression.
    pub batch_bytes: usize,
    /// How requests are made.
    pub http: HttpConfig,
    /// What waits to be sent.
    #[serde(deserialize_with = "queue")]
    pub queue: QueueConfig,
    /// How an `https` server is trusted, and how we show who we are.
    pub tls: TlsConfig,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            name: KIND.into(),
            url: String::new(),
            urls: Vec::new(),
            version: Version::V1,
            username: None,
            password_file: None,
            password_env: None,
            token_file: None,
            token_env: None,
            headers: BTreeMap::new(),
            interval: Duration::from_secs(15),
            job: "podometer".into(),
            instance: None,
            external_labels: BTreeMap::new(),
            send_native_histograms: true,
            send_node_names: false,
            batch_series: 2000,
            batch_bytes: 1 << 20,
            http: HttpConfig::default(),
            // 250 pods are 75,000 series: the bytes are the bound that counts.
            queue: QueueConfig { points: 5_000_000, ..QueueConfig::default() },
            tls: TlsConfig::default(),
        }
    }
}

fn queue<'de, D: Deserializer<'de>>(given: D) -> Result<QueueConfig, D::Error> {
    QueueKeys::deserialize(given).map(|keys| keys.over(&Config::default().queue))
}

impl Config {
    /// Refuses what cannot work, naming key, value and what is allowed.
    pub fn validate(&self) -> Result<(), Refusal> {
        self.plan().map(|_| ())
    }

    /// How the snapshots of this node become batches for this sink. `node` is the value of `instance` where none is
    /// configured.
    pub fn encoding(&self, node: &str, rows: prometheus::Options) -> Options {
        let instance = self.instance.as_deref().unwrap_or(node);
        let own = [("job", self.job.as_str()), ("instance", instance)];
        let own = own.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        let external = self.external_labels.iter().map(|(name, value)| (name.clone(), value.clone()));
        Options {
            version: self.version,
            labels: own.chain(external).collect(),
            native_histograms: self.send_native_histograms,
            node_names: self.send_node_names,
            rows,
            limits: Limits { series: self.batch_series, bytes: self.batch_bytes },
        }
    }

    /// What is started.
    pub fn plan(&self) -> Result<Plan, Refusal> {
        let shared = self.shared();
        if self.batch_series == 0 || self.batch_series > 100_000 {
            let problem = format!("is {}, allowed is 1 to 100000", self.batch_series);
            return Err(shared.refuse("batch_series", problem));
        }
        shared.check(self.batch_series, self.batch_bytes)?;
        let has_path = |url: &String| {
            url.split_once("://").is_some_and(|(_, rest)| rest.trim_end_matches('/').contains('/'))
        };
        if let Some(url) = shared.all_urls().iter().find(|url| !has_path(url)) {
            let key = if *url == self.url { "url" } else { "urls" };
            return Err(shared.refuse(key, format!("{url:?} has no path; Prometheus' is /api/v1/write")));
        }
        for name in self.external_labels.keys() {
            if let Some(problem) = label_fault(name) {
                return Err(shared.refuse(&format!("external_labels.{name}"), problem));
            }
        }
        Ok(Plan {
            kind: KIND,
            name: self.name.clone(),
            servers: Servers {
                urls: shared.all_urls(),
                access: self.access()?,
                http: self.http.clone(),
                tls: self.tls.clone(),
            },
            queue: self.queue.clone(),
            protocol: Arc::new(RemoteWrite { headers: self.the_headers()? }),
            packing: Packing::Snappy,
            form: self.version as u8,
            newest_only: false,
        })
    }

    fn shared(&self) -> Shared<'_> {
        Shared {
            kind: KIND,
            name: &self.name,
            url: &self.url,
            urls: &self.urls,
            interval: self.interval,
            http: &self.http,
            queue: &self.queue,
            tls: &self.tls,
        }
    }

    /// Values are never part of a message: someone may have put a secret there all the same.
    fn the_headers(&self) -> Result<HeaderMap, Refusal> {
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            let refuse = |problem: &str| Err(self.shared().refuse(&format!("headers.{name}"), problem));
            let Ok(key) = HeaderName::try_from(name) else { return refuse("is no name of a header") };
            if RESERVED.contains(&key.as_str()) {
                return refuse(
                    "is set by the protocol, or has keys of its own: username, token_file and others",
                );
            }
            let Ok(value) = HeaderValue::try_from(value) else {
                return refuse("has a value that no header can have");
            };
            headers.insert(key, value);
        }
        Ok(headers)
    }

    fn access(&self) -> Result<Access, Refusal> {
        let login = Login {
            username: self.username.as_deref(),
            password: (self.password_file.as_ref(), self.password_env.as_ref()),
            token: (self.token_file.as_ref(), self.token_env.as_ref()),
        };
        login.access(&self.shared())
    }
}

/// What is wrong with the name of a label.
fn label_fault(name: &str) -> Option<&'static str> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if name.is_empty() || name.as_bytes()[0].is_ascii_digit() || !name.bytes().all(is_plain) {
        return Some("is no name of a label: letters, digits and underscores");
    }
    match name {
        "job" | "instance" => Some("has a key of its own"),
        _ if name.starts_with("__") => Some("is reserved: it begins with two underscores"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(yaml: &str) -> Config {
        let source = config::File::from_str(yaml, config::FileFormat::Yaml);
        config::Config::builder().add_source(source).build().unwrap().try_deserialize().unwrap()
    }

    #[test]
    fn a_part_of_the_queue_leaves_the_rest_as_it_is() {
        let queue = config("{url: 'http://p/w', queue: {bytes: 1048576}}").queue;
        assert_eq!((queue.points, queue.bytes, queue.spool), (5_000_000, 1 << 20, true));
    }

    #[test]
    fn mistakes_are_named() {
        for (yaml, part) in [
            ("{}", "url \"\" is not"),
            ("{url: 'http://p:9090'}", "\"http://p:9090\" has no path; Prometheus' is /api/v1/write"),
            ("{url: 'http://p:9090/'}", "has no path"),
            ("{url: 'http://p/w', urls: ['http://q']}", "urls \"http://q\" has no path"),
            ("{url: 'http://u:secret@p/w'}", "must not carry a user"),
            ("{url: 'http://p/w', batch_series: 0}", "batch_series is 0, allowed is 1 to 100000"),
            ("{url: 'http://p/w', batch_bytes: 1}", "batch_bytes is 1"),
            ("{url: 'http://p/w', username: u}", "username needs password_file"),
            ("{url: 'http://p/w', password_file: /p}", "username needs password_file"),
            ("{url: 'http://p/w', token_file: /t, token_env: T}", "either token_file or token_env"),
            (
                "{url: 'http://p/w', username: u, password_env: P, token_env: T}",
                "either a user with a password or",
            ),
            (
                "{url: 'http://p/w', headers: {Authorization: 'Bearer secret'}}",
                "headers.authorization is set by",
            ),
            ("{url: 'http://p/w', headers: {cookie: secret}}", "headers.cookie is set by"),
            ("{url: 'http://p/w', headers: {'a b': secret}}", "headers.a b is no name"),
            ("{url: 'http://p/w', external_labels: {job: x}}", "external_labels.job has a key"),
            ("{url: 'http://p/w', external_labels: {'1a': x}}", "external_labels.1a is no name"),
            ("{url: 'http://p/w', external_labels: {__a: x}}", "external_labels.__a is reserved"),
        ] {
            let error = config(yaml).validate().unwrap_err().to_string();
            assert!(error.to_lowercase().contains(&part.to_lowercase()), "{yaml}: {error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn labels_of_every_series() {
        let labels = |yaml: &str| {
            let labels = config(yaml).encoding("n1", prometheus::Options::default()).labels;
            labels.into_iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>()
        };
        assert_eq!(labels("{url: 'http://p/w'}"), ["job=podometer", "instance=n1"]);
        let all = "{url: 'http://p/w', job: j, instance: i, external_labels: {cluster: c, zone: z}}";
        config(all).validate().unwrap();
        assert_eq!(labels(all), ["job=j", "instance=i", "cluster=c", "zone=z"]);
    }
}
