//! Which targets are read, how, and how often.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use super::java;
use crate::model::scraped::{Kind, Schema};
use crate::source::http;

/// What the settings must be like.
mod check;

/// The forms of a page in the order of preference: what text 0.0.4 does not say, OpenMetrics does not say better.
const ACCEPT: &str =
    "text/plain;version=0.0.4;q=0.9,application/openmetrics-text;version=1.0.0;q=0.5,*/*;q=0.1";

/// The section `scrape`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Servers beside the agent.
    pub targets: Vec<Target>,
}

/// One server.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Target {
    /// Name of this target in the log and in metrics.
    pub name: String,
    /// What speaks there: prometheus, jolokia or nginx.
    pub kind: Kind,
    /// Its whole address.
    pub url: String,
    /// Time between two readings.
    #[serde(with = "humantime_serde")]
    pub interval: Duration,
    /// The longest that one reading may take, connecting and answer included.
    #[serde(with = "humantime_serde")]
    pub timeout: Duration,
    /// Authorities (PEM) that sign its certificate; without it the system's.
    pub ca_file: Option<PathBuf>,
    /// Name that the certificate must carry, where it is not the address's host.
    pub server_name: Option<String>,
    /// Trust any certificate.
    pub insecure_skip_verify: bool,
    /// File that holds the bearer token.
    pub token_file: Option<PathBuf>,
    /// Environment variable that holds the bearer token.
    pub token_env: Option<String>,
    /// User to log in as.
    pub username: Option<String>,
    /// File that holds the user's password.
    pub password_file: Option<PathBuf>,
    /// Environment variable that holds the user's password.
    pub password_env: Option<String>,
    /// Tags of all its points.
    pub tags: BTreeMap<String, String>,
    /// Longest answer that is taken, in bytes.
    pub max_body_bytes: usize,
    /// The most values of one answer.
    pub max_series: usize,
    /// How a page of metrics becomes points: telegraf_v1 or telegraf_v2.
    pub schema: Schema,
    /// What a JVM is asked for; without any, its memory, collectors, threads and classes.
    pub metrics: Vec<Metric>,
}

/// One measurement of a JVM.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Metric {
    /// The measurement.
    pub name: String,
    /// The MBean's name, with "*" where any value of a property is meant.
    pub mbean: String,
    /// Attributes, or parts of them such as HeapMemoryUsage/used; without any, all.
    pub paths: Vec<String>,
    /// Properties of the MBean's name that become tags.
    pub tag_keys: Vec<String>,
    /// Stands before each field's name; $1 is the first property that the pattern leaves open.
    pub field_prefix: Option<String>,
}

impl Default for Target {
    fn default() -> Target {
        Target {
            name: String::new(),
            kind: Kind::default(),
            url: String::new(),
            interval: Duration::from_secs(10),
            timeout: Duration::from_secs(5),
            ca_file: None,
            server_name: None,
            insecure_skip_verify: false,
            token_file: None,
            token_env: None,
            username: None,
            password_file: None,
            password_env: None,
            tags: BTreeMap::new(),
            max_body_bytes: 8 << 20,
            max_series: 20_000,
            schema: Schema::default(),
            metrics: Vec::new(),
        }
    }
}

impl Target {
    /// What a JVM is asked for.
    pub(super) fn beans(&self) -> Vec<Metric> {
        if self.metrics.is_empty() { java::metrics() } else { self.metrics.clone() }
    }

    pub(super) fn http(&self) -> http::Config {
        http::Config {
            ca_file: self.ca_file.clone(),
            insecure_skip_verify: self.insecure_skip_verify,
            server_name: self.server_name.clone(),
            timeout: self.timeout,
            max_body_bytes: self.max_body_bytes,
            login: self.login(),
            accept: (self.kind == Kind::Prometheus).then_some(ACCEPT),
            ..http::Config::default()
        }
    }

    fn login(&self) -> Option<http::Login> {
        let place = |file: &Option<PathBuf>, variable: &Option<String>| {
            let file = file.clone().map(http::Secret::File);
            file.or_else(|| variable.clone().map(http::Secret::Environment))
        };
        let password = place(&self.password_file, &self.password_env);
        match (&self.username, password) {
            (Some(username), Some(password)) => {
                Some(http::Login::Basic { username: username.clone(), password })
            }
            _ => place(&self.token_file, &self.token_env).map(http::Login::Bearer),
        }
    }
}
