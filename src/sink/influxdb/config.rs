//! The keys below `sinks.influxdb`, and what they must be like together.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use hyper::Uri;
use serde::Deserialize;

use super::secret::Secret;
use crate::encode::influx::{Filter, FilterConfig, FilterError, Limits, Precision};
use crate::encode::schema::kubernetes::TAGS;

/// Which write endpoint the server has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Version {
    /// `/write` with a database; user and password.
    V1,
    /// `/api/v2/write` with organisation and bucket; a token.
    V2,
}

/// One server to write to.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Name of this sink in the log and in metrics.
    pub name: String,
    /// Base address, such as `http://influxdb:8086`; the endpoint's path is appended.
    pub url: String,
    /// `v1` or `v2`; by default v2 where `bucket` is set and v1 where `database` is.
    pub version: Option<Version>,
    /// Database to write to (v1).
    pub database: Option<String>,
    /// Retention policy to write to (v1); by default the database's own.
    pub retention_policy: Option<String>,
    /// User to write as (v1).
    pub username: Option<String>,
    /// File that holds the user's password (v1).
    pub password_file: Option<PathBuf>,
    /// Environment variable that holds the user's password (v1).
    pub password_env: Option<String>,
    /// Organisation of the bucket (v2).
    pub org: Option<String>,
    /// Bucket to write to (v2).
    pub bucket: Option<String>,
    /// File that holds the token (v2).
    pub token_file: Option<PathBuf>,
    /// Environment variable that holds the token (v2).
    pub token_env: Option<String>,
    /// How often a snapshot is written.
    #[serde(with = "humantime_serde")]
    pub interval: Duration,
    /// The most points in one request.
    pub batch_points: usize,
    /// The most bytes of line protocol in one request, before compression.
    pub batch_bytes: usize,
    /// The most points that wait in memory; beyond it the oldest batch is dropped and counted.
    pub queue_points: u64,
    /// The most bytes of (compressed) batches that wait in memory; beyond it the oldest is dropped and counted.
    pub queue_bytes: usize,
    /// The longest that one request may take, connecting and answer included.
    #[serde(with = "humantime_serde")]
    pub timeout: Duration,
    /// Upper bound of the first pause after a failure; it doubles with every further one.
    #[serde(with = "humantime_serde")]
    pub backoff_min: Duration,
    /// Upper bound of any pause between attempts; also caps the server's Retry-After at ten times itself.
    #[serde(with = "humantime_serde")]
    pub backoff_max: Duration,
    /// Compress requests.
    pub gzip: bool,
    /// Unit of the timestamps: `ns`, `us`, `ms` or `s`.
    pub precision: Precision,
    /// How an `https` server is trusted.
    pub tls: TlsConfig,
    /// Tags added to every point.
    pub tags: BTreeMap<String, String>,
    /// What of the points is written, by the rules and names of Telegraf's filters.
    pub filter: FilterConfig,
    /// Create the database when the server says that it does not exist (v1).
    pub create_database: bool,
    /// Write the row `interface=all` of `net` that Telegraf wrote before 1.37; older dashboards ask for it.
    pub net_protocol_row: bool,
}

/// How an `https` server is trusted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TlsConfig {
    /// PEM file with the authorities to trust instead of the system's.
    pub ca_file: Option<PathBuf>,
    /// Accept any certificate: the connection is then open to whoever sits in between.
    pub insecure_skip_verify: bool,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            name: "influxdb".into(),
            url: String::new(),
            version: None,
            database: None,
            retention_policy: None,
            username: None,
            password_file: None,
            password_env: None,
            org: None,
            bucket: None,
            token_file: None,
            token_env: None,
            interval: Duration::from_secs(10),
            batch_points: 5000,
            batch_bytes: 4 << 20,
            // Half an hour of 110 pods with 331 containers: 551 points every ten seconds.
            queue_points: 100_000,
            queue_bytes: 32 << 20,
            timeout: Duration::from_secs(5),
            backoff_min: Duration::from_millis(500),
            backoff_max: Duration::from_secs(30),
            gzip: true,
            precision: Precision::Ns,
            tls: TlsConfig::default(),
            tags: BTreeMap::new(),
            filter: FilterConfig::default(),
            create_database: false,
            net_protocol_row: false,
        }
    }
}

/// What is wrong with a sink's configuration: key, value and what is allowed.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("sinks.influxdb {name}: url {url:?} is not an http:// or https:// address")]
    Url { name: String, url: String },
    #[error("sinks.influxdb {name}: url must not carry a user, password or query; use the keys for these")]
    UrlParts { name: String },
    #[error("sinks.influxdb {name}: set database (v1) or bucket (v2), or version where both are set")]
    Target { name: String },
    #[error(
        "sinks.influxdb {name}: {key} belongs to the other version of the endpoint ({version:?} is in use)"
    )]
    Foreign { name: String, key: &'static str, version: Version },
    #[error("sinks.influxdb {name}: set either {file} or {env}, not both")]
    TwoSecrets { name: String, file: &'static str, env: &'static str },
    #[error("sinks.influxdb {name}: username needs password_file or password_env, and these need username")]
    HalfLogin { name: String },
    #[error("sinks.influxdb {name}: {key} is {value}, allowed is {allowed}")]
    Range { name: String, key: &'static str, value: String, allowed: &'static str },
    #[error("sinks.influxdb {name}: tags.{tag} is a tag of the measurements themselves; use another name")]
    Tag { name: String, tag: String },
    #[error("sinks.influxdb {name}: {error}")]
    Filter { name: String, error: FilterError },
}

/// Where to write, once the configuration is known to be sound.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) write: Uri,
    /// The address and statement that create the database, where that is allowed.
    pub(super) create: Option<(Uri, String)>,
    pub(super) username: Option<String>,
    pub(super) secret: Option<Secret>,
}

impl Config {
    /// Refuses what cannot work, naming key, value and what is allowed.
    pub fn validate(&self) -> Result<(), ConfigError> {
        Filter::new(&self.filter).map_err(|error| ConfigError::Filter { name: self.name.clone(), error })?;
        self.target().map(|_| ())
    }

    /// How large the batches given to this sink may be.
    pub fn limits(&self) -> Limits {
        Limits { points: self.batch_points, bytes: self.batch_bytes }
    }

    pub(super) fn target(&self) -> Result<Target, ConfigError> {
        let name = || self.name.clone();
        self.check_ranges()?;
        if let Some(tag) = self.tags.keys().find(|tag| TAGS.contains(&tag.as_str())) {
            return Err(ConfigError::Tag { name: name(), tag: tag.clone() });
        }
        let version = match (self.version, &self.database, &self.bucket) {
            (None | Some(Version::V1), Some(_), None) | (Some(Version::V1), Some(_), Some(_)) => Version::V1,
            (None | Some(Version::V2), None, Some(_)) | (Some(Version::V2), Some(_), Some(_)) => Version::V2,
            _ => return Err(ConfigError::Target { name: name() }),
        };
        let foreign = match version {
            Version::V1 => {
                [("token_file", self.token_file.is_some()), ("token_env", self.token_env.is_some())]
            }
            Version::V2 => [("username", self.username.is_some()), ("create_database", self.create_database)],
        };
        if let Some((key, _)) = foreign.into_iter().find(|(_, set)| *set) {
            return Err(ConfigError::Foreign { name: name(), key, version });
        }
        let (file, env, keys) = match version {
            Version::V1 => (&self.password_file, &self.password_env, ("password_file", "password_env")),
            Version::V2 => (&self.token_file, &self.token_env, ("token_file", "token_env")),
        };
        let secret = match (file, env) {
            (Some(_), Some(_)) => {
                return Err(ConfigError::TwoSecrets { name: name(), file: keys.0, env: keys.1 });
            }
            (Some(file), None) => Some(Secret::File(file.clone())),
            (None, Some(env)) => Some(Secret::Environment(env.clone())),
            (None, None) => None,
        };
        if version == Version::V1 && self.username.is_some() != secret.is_some() {
            return Err(ConfigError::HalfLogin { name: name() });
        }
        let create = match &self.database {
            Some(database) if self.create_database => {
                let quoted = database.replace('\\', "\\\\").replace('"', "\\\"");
                Some((self.address("/query", &[])?, format!("CREATE DATABASE \"{quoted}\"")))
            }
            _ => None,
        };
        Ok(Target { write: self.write_address(version)?, create, username: self.username.clone(), secret })
    }

    fn write_address(&self, version: Version) -> Result<Uri, ConfigError> {
        let precision = Some(self.precision.parameter(version == Version::V2));
        let (path, parameters) = match version {
            Version::V1 => {
                ("/write", [("db", self.database.as_deref()), ("rp", self.retention_policy.as_deref())])
            }
            Version::V2 => {
                ("/api/v2/write", [("org", self.org.as_deref()), ("bucket", self.bucket.as_deref())])
            }
        };
        let [first, second] = parameters;
        self.address(path, &[first, second, ("precision", precision)])
    }

    fn address(&self, path: &str, parameters: &[(&str, Option<&str>)]) -> Result<Uri, ConfigError> {
        let wrong = || ConfigError::Url { name: self.name.clone(), url: self.url.clone() };
        if self.url.contains(['@', '?', '#']) {
            return Err(ConfigError::UrlParts { name: self.name.clone() });
        }
        let mut address = format!("{}{path}", self.url.trim_end_matches('/'));
        let set = parameters.iter().filter_map(|(key, value)| Some((key, (*value)?)));
        for (at, (key, value)) in set.enumerate() {
            address.push(if at == 0 { '?' } else { '&' });
            address.push_str(key);
            address.push('=');
            percent_encode(&mut address, value);
        }
        let uri: Uri = address.parse().map_err(|_| wrong())?;
        match (uri.scheme_str(), uri.host()) {
            (Some("http" | "https"), Some(host)) if !host.is_empty() => Ok(uri),
            _ => Err(wrong()),
        }
    }

    fn check_ranges(&self) -> Result<(), ConfigError> {
        let range = |key, value: String, allowed| {
            Err(ConfigError::Range { name: self.name.clone(), key, value, allowed })
        };
        if self.batch_points == 0 || self.batch_points > 100_000 {
            return range("batch_points", self.batch_points.to_string(), "1 to 100000");
        }
        if !(1024..=64 << 20).contains(&self.batch_bytes) {
            return range("batch_bytes", self.batch_bytes.to_string(), "1024 to 67108864");
        }
        if self.queue_points < 2 * self.batch_points as u64 {
            return range("queue_points", self.queue_points.to_string(), "at least twice batch_points");
        }
        if self.queue_bytes < self.batch_bytes {
            return range("queue_bytes", self.queue_bytes.to_string(), "at least batch_bytes");
        }
        for (key, value) in [("interval", self.interval), ("timeout", self.timeout)] {
            if value.is_zero() {
                return range(key, "0s".into(), "more than zero");
            }
        }
        if self.backoff_min.is_zero() || self.backoff_min > self.backoff_max {
            return range(
                "backoff_min",
                format!("{:?}", self.backoff_min),
                "more than zero, at most backoff_max",
            );
        }
        Ok(())
    }
}

/// Appends everything but RFC 3986's unreserved characters as `%XX`.
pub(super) fn percent_encode(out: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            for nibble in [byte >> 4, byte & 15] {
                out.push(char::from(b"0123456789ABCDEF"[usize::from(nibble)]));
            }
            let at = out.len() - 2;
            out.insert(at, '%');
        }
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
    fn addresses() {
        for (yaml, address) in [
            ("{url: 'http://i:8086', database: d}", "http://i:8086/write?db=d&precision=ns"),
            (
                "{url: 'https://i/influx/', database: 'a b&c', retention_policy: r, precision: us}",
                "https://i/influx/write?db=a%20b%26c&rp=r&precision=u",
            ),
            (
                "{url: 'http://i', org: o, bucket: b/c, precision: us}",
                "http://i/api/v2/write?org=o&bucket=b%2Fc&precision=us",
            ),
            ("{url: 'http://i', version: v1, database: d, bucket: b}", "http://i/write?db=d&precision=ns"),
        ] {
            assert_eq!(config(yaml).target().unwrap().write.to_string(), address);
        }
    }

    #[test]
    fn mistakes_are_named() {
        for (yaml, part) in [
            ("{database: d}", "url \"\" is not"),
            ("{url: 'ftp://i', database: d}", "ftp://i"),
            ("{url: 'http://u:secret@i', database: d}", "must not carry a user"),
            ("{url: 'http://i'}", "set database (v1) or bucket (v2)"),
            ("{url: 'http://i', database: d, bucket: b}", "set database (v1) or bucket (v2)"),
            ("{url: 'http://i', database: d, token_file: /t}", "token_file belongs to the other version"),
            ("{url: 'http://i', bucket: b, username: u}", "username belongs to the other version"),
            ("{url: 'http://i', bucket: b, token_file: /t, token_env: T}", "either token_file or token_env"),
            ("{url: 'http://i', database: d, username: u}", "username needs password_file"),
            ("{url: 'http://i', database: d, batch_points: 0}", "batch_points is 0, allowed is 1 to 100000"),
            ("{url: 'http://i', database: d, queue_points: 5001}", "queue_points is 5001"),
            ("{url: 'http://i', database: d, timeout: 0s}", "timeout is 0s"),
            ("{url: 'http://i', database: d, tags: {node_name: x}}", "tags.node_name"),
            ("{url: 'http://i', database: d, filter: {namepass: ['[a']}}", "filter.namepass: pattern \"[a\""),
        ] {
            let error = config(yaml).validate().unwrap_err().to_string();
            assert!(error.contains(part), "{yaml}: {error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
