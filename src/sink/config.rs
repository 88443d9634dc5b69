//! The groups of keys that all sinks have: how they ask, what waits, and what is wrong with either.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use super::http::{Access, Secret, TlsConfig, TwoPlaces, proxy_fault, url_fault};

/// A setting that a sink cannot work with: key, value and what is allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("sinks.{kind} {name}: {key} {problem}")]
pub struct Refusal {
    pub kind: &'static str,
    /// The sink's name.
    pub name: String,
    /// The key below the sink.
    pub key: String,
    /// What is wrong with its value, and what is allowed.
    pub problem: String,
}

/// How requests are made.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HttpConfig {
    /// The longest that one request may take, connecting and answer included.
    #[serde(with = "humantime_serde")]
    pub timeout: Duration,
    /// Upper bound of the first pause after a failure; it doubles with every further one.
    #[serde(with = "humantime_serde")]
    pub backoff_min: Duration,
    /// Upper bound of any pause between attempts; also caps the server's Retry-After at ten times itself.
    #[serde(with = "humantime_serde")]
    pub backoff_max: Duration,
    /// `env` (HTTP_PROXY, HTTPS_PROXY, NO_PROXY), `none`, or the address of an HTTP proxy.
    pub proxy: String,
    /// User at the proxy.
    pub proxy_username: Option<String>,
    /// File that holds that user's password.
    pub proxy_password_file: Option<PathBuf>,
}

impl Default for HttpConfig {
    fn default() -> HttpConfig {
        HttpConfig {
            timeout: Duration::from_secs(5),
            backoff_min: Duration::from_millis(500),
            // A server that is back has live data within this time.
            backoff_max: Duration::from_secs(3),
            proxy: "env".into(),
            proxy_username: None,
            proxy_password_file: None,
        }
    }
}

/// In which order what waits is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// As it was made; the live view is behind until a backlog is gone.
    #[default]
    OldestFirst,
    /// What is new goes before the backlog on disk.
    FreshFirst,
}

/// What waits to be sent.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct QueueConfig {
    /// The most points that wait in memory; beyond it the oldest batch is dropped and counted.
    pub points: u64,
    /// The most bytes of (compressed) batches that wait in memory; beyond it the oldest is dropped and counted.
    pub bytes: usize,
    /// Keep on disk what waits, below `spool.directory` where that is set.
    pub spool: bool,
    /// `oldest_first`, or `fresh_first` where new data does not wait for the backlog on disk.
    pub order: Order,
}

impl Default for QueueConfig {
    fn default() -> QueueConfig {
        QueueConfig {
            // Half an hour of 110 pods with 331 containers: 551 points every ten seconds.
            points: 100_000,
            bytes: 32 << 20,
            spool: true,
            order: Order::OldestFirst,
        }
    }
}

/// The group as it is given: a key that is not there leaves the kind's own default.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct QueueKeys {
    points: Option<u64>,
    bytes: Option<usize>,
    spool: Option<bool>,
    order: Option<Order>,
}

impl QueueKeys {
    pub(super) fn over(self, default: &QueueConfig) -> QueueConfig {
        QueueConfig {
            points: self.points.unwrap_or(default.points),
            bytes: self.bytes.unwrap_or(default.bytes),
            spool: self.spool.unwrap_or(default.spool),
            order: self.order.unwrap_or(default.order),
        }
    }
}

/// What every kind of sink has, for the checks that are the same.
pub(super) struct Shared<'a> {
    pub(super) kind: &'static str,
    pub(super) name: &'a str,
    pub(super) url: &'a str,
    pub(super) urls: &'a [String],
    pub(super) interval: Duration,
    pub(super) http: &'a HttpConfig,
    pub(super) queue: &'a QueueConfig,
    pub(super) tls: &'a TlsConfig,
}

impl Shared<'_> {
    pub(super) fn refuse(&self, key: &str, problem: impl Into<String>) -> Refusal {
        Refusal { kind: self.kind, name: self.name.to_owned(), key: key.to_owned(), problem: problem.into() }
    }

    /// In the order of preference.
    pub(super) fn all_urls(&self) -> Vec<String> {
        let first = (!self.url.is_empty() || self.urls.is_empty()).then(|| self.url.to_owned());
        first.into_iter().chain(self.urls.iter().cloned()).collect()
    }

    /// `points` and `bytes` are the most that one batch holds.
    pub(super) fn check(&self, points: usize, bytes: usize) -> Result<(), Refusal> {
        if points == 0 || points > 100_000 {
            return Err(self.refuse("batch_points", format!("is {points}, allowed is 1 to 100000")));
        }
        if !(1024..=64 << 20).contains(&bytes) {
            return Err(self.refuse("batch_bytes", format!("is {bytes}, allowed is 1024 to 67108864")));
        }
        if self.interval.is_zero() {
            return Err(self.refuse("interval", "is 0s, allowed is more than zero"));
        }
        for url in self.all_urls() {
            if let Some(problem) = url_fault(&url) {
                return Err(self.refuse(if url == self.url { "url" } else { "urls" }, problem));
            }
        }
        let fault =
            self.http.fault().or_else(|| self.queue.fault(points, bytes)).or_else(|| self.tls.fault());
        fault.map_or(Ok(()), |(key, problem)| Err(self.refuse(key, problem)))
    }
}

/// How a sink logs in, of the kinds that take a user with a password or a bearer token: files and variables of both.
pub(super) struct Login<'a> {
    pub(super) username: Option<&'a str>,
    pub(super) password: (Option<&'a PathBuf>, Option<&'a String>),
    pub(super) token: (Option<&'a PathBuf>, Option<&'a String>),
}

impl Login<'_> {
    pub(super) fn access(&self, shared: &Shared<'_>) -> Result<Access, Refusal> {
        let secret = |(file, env), keys: &str| {
            let both = |TwoPlaces| shared.refuse("set", format!("either {keys}, not both"));
            Secret::of(file, env).map_err(both)
        };
        let password = secret(self.password, "password_file or password_env")?;
        let token = secret(self.token, "token_file or token_env")?;
        match (self.username, password, token) {
            (None, None, None) => Ok(Access::Open),
            (Some(user), Some(password), None) => Ok(Access::Basic { user: user.to_owned(), password }),
            (None, None, Some(token)) => Ok(Access::Token { scheme: "Bearer", token }),
            (_, _, Some(_)) => {
                Err(shared.refuse("set", "either a user with a password or a token, not both"))
            }
            _ => {
                Err(shared.refuse("username", "needs password_file or password_env, and these need username"))
            }
        }
    }
}

/// A key and what is wrong with its value.
pub(crate) type Fault = (&'static str, String);

impl HttpConfig {
    pub(crate) fn fault(&self) -> Option<Fault> {
        if self.timeout.is_zero() {
            return Some(("http.timeout", "is 0s, allowed is more than zero".into()));
        }
        if self.backoff_min.is_zero() || self.backoff_min > self.backoff_max {
            let problem =
                format!("is {:?}, allowed is more than zero, at most backoff_max", self.backoff_min);
            return Some(("http.backoff_min", problem));
        }
        if let Some(problem) = proxy_fault(&self.proxy) {
            return Some(("http.proxy", problem));
        }
        if self.proxy_username.is_some() != self.proxy_password_file.is_some() {
            return Some((
                "http.proxy_username",
                "needs proxy_password_file, and that needs proxy_username".into(),
            ));
        }
        None
    }
}

impl QueueConfig {
    /// `largest_points` and `largest_bytes` are those of one batch.
    pub(crate) fn fault(&self, largest_points: usize, largest_bytes: usize) -> Option<Fault> {
        if self.points < 2 * largest_points as u64 {
            return Some((
                "queue.points",
                format!("is {}, allowed is at least twice batch_points", self.points),
            ));
        }
        if self.bytes < largest_bytes {
            return Some(("queue.bytes", format!("is {}, allowed is at least batch_bytes", self.bytes)));
        }
        None
    }
}
