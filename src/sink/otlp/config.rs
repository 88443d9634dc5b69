//! The keys below `sinks.otlp`, and what they must be like together.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;

use super::protocol::Otlp;
use crate::encode::influx::Limits;
use crate::encode::schema::otel::attribute::is_reserved;
use crate::sink::config::{HttpConfig, Login, QueueConfig, Refusal, Shared};
use crate::sink::handle::Plan;
use crate::sink::http::{Access, Servers, TlsConfig};
use crate::sink::parcel::Packing;

/// The name of this kind in keys, metrics and the log.
const KIND: &str = "otlp";

/// What the client or the protocol itself writes.
const OWN_HEADERS: [&str; 9] = [
    "accept-encoding",
    "authorization",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "host",
    "transfer-encoding",
    "user-agent",
];

/// One server, or several of which one is written to.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Name of this sink in the log and in metrics.
    pub name: String,
    /// Base address, such as `http://collector:4318`; `path` is appended.
    pub url: String,
    /// Further addresses of the same data; the next one is asked while one fails.
    pub urls: Vec<String>,
    /// Path of the endpoint; VictoriaMetrics has `/opentelemetry/v1/metrics`.
    pub path: String,
    /// User to write as.
    pub username: Option<String>,
    /// File that holds the user's password; read again when it changes.
    pub password_file: Option<PathBuf>,
    /// Environment variable that holds the user's password.
    pub password_env: Option<String>,
    /// File that holds the bearer token; read again when it changes.
    pub token_file: Option<PathBuf>,
    /// Environment variable that holds the bearer token.
    pub token_env: Option<String>,
    /// Headers added to every request, such as `X-Scope-OrgID`; no place for secrets.
    pub headers: BTreeMap<String, String>,
    /// How often a snapshot is written.
    #[serde(with = "humantime_serde")]
    pub interval: Duration,
    /// The most data points in one request.
    pub batch_points: usize,
    /// The most bytes of protobuf in one request, before compression.
    pub batch_bytes: usize,
    /// Compress requests.
    pub gzip: bool,
    /// Attributes added to every resource.
    pub resource_attributes: BTreeMap<String, String>,
    /// How requests are made.
    pub http: HttpConfig,
    /// What waits to be sent.
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
            path: "/v1/metrics".into(),
            username: None,
            password_file: None,
            password_env: None,
            token_file: None,
            token_env: None,
            headers: BTreeMap::new(),
            interval: Duration::from_secs(10),
            batch_points: 5000,
            batch_bytes: 4 << 20,
            gzip: true,
            resource_attributes: BTreeMap::new(),
            http: HttpConfig::default(),
            queue: QueueConfig::default(),
            tls: TlsConfig::default(),
        }
    }
}

impl Config {
    /// Refuses what cannot work, naming key, value and what is allowed.
    pub fn validate(&self) -> Result<(), Refusal> {
        self.plan().map(|_| ())
    }

    /// How large the batches given to this sink may be.
    pub fn limits(&self) -> Limits {
        Limits { points: self.batch_points, bytes: self.batch_bytes }
    }

    /// What is started.
    pub fn plan(&self) -> Result<Plan, Refusal> {
        let shared = self.shared();
        shared.check(self.batch_points, self.batch_bytes)?;
        let is_path = self.path.starts_with('/')
            && self.path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#' && byte != b'?');
        if !is_path {
            let problem =
                format!("is {:?}, allowed is a path that starts with /, without a query", self.path);
            return Err(shared.refuse("path", problem));
        }
        if let Some(key) = self.resource_attributes.keys().find(|key| key.is_empty() || is_reserved(key)) {
            let problem = "is an attribute of the resources themselves; use another name";
            return Err(shared.refuse(&format!("resource_attributes.{key}"), problem));
        }
        let (headers, access) = (self.header_map()?, self.access()?);
        Ok(Plan {
            kind: KIND,
            name: self.name.clone(),
            servers: Servers {
                urls: shared.all_urls(),
                access,
                http: self.http.clone(),
                tls: self.tls.clone(),
            },
            queue: self.queue.clone(),
            protocol: Arc::new(Otlp { path: self.path.clone(), headers }),
            packing: if self.gzip { Packing::Gzip } else { Packing::Plain },
            form: 0,
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

    fn header_map(&self) -> Result<HeaderMap, Refusal> {
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            let refuse = |problem: &str| self.shared().refuse(&format!("headers.{name}"), problem);
            let header = HeaderName::try_from(name).map_err(|_| refuse("is no name of a header"))?;
            if OWN_HEADERS.contains(&header.as_str()) {
                return Err(refuse(
                    "is set by the sink itself; for Authorization use the keys of user and token",
                ));
            }
            let value =
                HeaderValue::try_from(value).map_err(|_| refuse("has a value that no header can have"))?;
            headers.insert(header, value);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode::Batch;
    use crate::sink::parcel::Parcel;

    fn config(yaml: &str) -> Config {
        let source = config::File::from_str(yaml, config::FileFormat::Yaml);
        config::Config::builder().add_source(source).build().unwrap().try_deserialize().unwrap()
    }

    #[test]
    fn a_request_in_full() {
        let yaml = "{url: 'http://c:4318', path: /opentelemetry/v1/metrics, headers: {X-Scope-OrgID: '7'}}";
        let plan = config(yaml).plan().unwrap();
        let parcel = Parcel::pack(Batch { body: "x".into(), points: 1 }, plan.packing, plan.form);
        let request = plan.protocol.request(&parcel);
        assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/opentelemetry/v1/metrics"));
        for (name, value) in
            [("content-type", "application/x-protobuf"), ("content-encoding", "gzip"), ("x-scope-orgid", "7")]
        {
            assert_eq!(request.headers[name], value);
        }
        assert!(config("{url: 'http://c', gzip: false}").plan().unwrap().packing == Packing::Plain);
    }

    #[test]
    fn mistakes_are_named() {
        for (yaml, part) in [
            ("{}", "url \"\" is not"),
            ("{url: 'http://u:secret@c'}", "must not carry a user"),
            ("{url: 'http://c', path: v1/metrics}", "path is \"v1/metrics\", allowed is a path"),
            ("{url: 'http://c', path: '/v1?x'}", "path is \"/v1?x\""),
            (
                "{url: 'http://c', headers: {Authorization: secret}}",
                "headers.authorization is set by the sink",
            ),
            ("{url: 'http://c', headers: {'a b': x}}", "is no name of a header"),
            ("{url: 'http://c', headers: {a: \"x\\ny\"}}", "no header can have"),
            ("{url: 'http://c', token_file: /t, token_env: T}", "either token_file or token_env"),
            ("{url: 'http://c', username: u}", "username needs password_file"),
            (
                "{url: 'http://c', username: u, password_file: /p, token_file: /t}",
                "either a user with a password or a token",
            ),
            ("{url: 'http://c', batch_points: 0}", "batch_points is 0"),
            ("{url: 'http://c', resource_attributes: {k8s.pod.name: x}}", "resource_attributes.k8s.pod.name"),
        ] {
            let error = config(yaml).validate().unwrap_err().to_string();
            assert!(error.to_lowercase().contains(&part.to_lowercase()), "{yaml}: {error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
