//! The keys below `sinks.influxdb`, and what they must be like together.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;

use super::protocol::{InfluxDb, Target};
use crate::encode::influx::{Filter, FilterConfig, Limits, Precision};
use crate::encode::schema::kubernetes::TAGS;
use crate::sink::config::{HttpConfig, QueueConfig, Refusal, Shared};
use crate::sink::handle::Plan;
use crate::sink::http::{Access, Secret, Servers, TlsConfig, TwoPlaces};
use crate::sink::parcel::Packing;

/// The name of this kind in keys, metrics and the log.
const KIND: &str = "influxdb";

/// Which write endpoint the server has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Version {
    /// `/write` with a database; user and password.
    V1,
    /// `/api/v2/write` with organisation and bucket; a token.
    V2,
    /// `/api/v3/write_lp` with a database; a token.
    V3,
}

/// How many of a cluster's nodes must have written (v1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Consistency {
    All,
    Any,
    One,
    Quorum,
}

/// One server, or several of which one is written to.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Name of this sink in the log and in metrics.
    pub name: String,
    /// Base address, such as `http://influxdb:8086`; the endpoint's path is appended.
    pub url: String,
    /// Further addresses of the same data; the next one is asked while one fails.
    pub urls: Vec<String>,
    /// `v1`, `v2` or `v3`; by default v2 where `bucket` is set and v1 where `database` is.
    pub version: Option<Version>,
    /// Database to write to (v1, v3).
    pub database: Option<String>,
    /// Retention policy to write to (v1); by default the database's own.
    pub retention_policy: Option<String>,
    /// How many nodes of a cluster must have written: `any`, `one`, `quorum` or `all` (v1).
    pub consistency: Option<Consistency>,
    /// User to write as (v1).
    pub username: Option<String>,
    /// File that holds the user's password (v1); read again when it changes.
    pub password_file: Option<PathBuf>,
    /// Environment variable that holds the user's password (v1).
    pub password_env: Option<String>,
    /// Organisation of the bucket (v2).
    pub org: Option<String>,
    /// Bucket to write to (v2).
    pub bucket: Option<String>,
    /// File that holds the token (v2, v3); read again when it changes.
    pub token_file: Option<PathBuf>,
    /// Environment variable that holds the token (v2, v3).
    pub token_env: Option<String>,
    /// How often a snapshot is written.
    #[serde(with = "humantime_serde")]
    pub interval: Duration,
    /// The most points in one request.
    pub batch_points: usize,
    /// The most bytes of line protocol in one request, before compression.
    pub batch_bytes: usize,
    /// Compress requests.
    pub gzip: bool,
    /// Unit of the timestamps: `ns`, `us`, `ms` or `s`.
    pub precision: Precision,
    /// How requests are made.
    pub http: HttpConfig,
    /// What waits to be sent.
    pub queue: QueueConfig,
    /// How an `https` server is trusted, and how we show who we are.
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

impl Default for Config {
    fn default() -> Self {
        Config {
            name: KIND.into(),
            url: String::new(),
            urls: Vec::new(),
            version: None,
            database: None,
            retention_policy: None,
            consistency: None,
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
            gzip: true,
            precision: Precision::Ns,
            http: HttpConfig::default(),
            queue: QueueConfig::default(),
            tls: TlsConfig::default(),
            tags: BTreeMap::new(),
            filter: FilterConfig::default(),
            create_database: false,
            net_protocol_row: false,
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
        if let Some(tag) = self.tags.keys().find(|tag| TAGS.contains(&tag.as_str())) {
            let problem = "is a tag of the measurements themselves; use another name";
            return Err(shared.refuse(&format!("tags.{tag}"), problem));
        }
        if let Err(error) = Filter::new(&self.filter) {
            let text = error.to_string();
            let (key, problem) = text.split_once(' ').unwrap_or(("filter", &text));
            return Err(shared.refuse(key, problem));
        }
        let version = self.the_version()?;
        self.check_foreign(version)?;
        let access = self.access(version)?;
        let target = Target {
            version,
            database: self.database.clone().unwrap_or_default(),
            retention_policy: self.retention_policy.clone(),
            consistency: self.consistency,
            org: self.org.clone(),
            bucket: self.bucket.clone().unwrap_or_default(),
            may_create: self.create_database,
        };
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
            protocol: Arc::new(InfluxDb { target }),
            packing: if self.gzip { Packing::Gzip } else { Packing::Plain },
            form: self.precision as u8,
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

    fn the_version(&self) -> Result<Version, Refusal> {
        match (self.version, &self.database, &self.bucket) {
            (None | Some(Version::V1), Some(_), None) | (Some(Version::V1), Some(_), Some(_)) => {
                Ok(Version::V1)
            }
            (None | Some(Version::V2), None, Some(_)) | (Some(Version::V2), Some(_), Some(_)) => {
                Ok(Version::V2)
            }
            (Some(Version::V3), Some(_), _) => Ok(Version::V3),
            _ => Err(Refusal {
                kind: KIND,
                name: self.name.clone(),
                key: "set".into(),
                problem: "database (v1, v3) or bucket (v2), or version where both are set".into(),
            }),
        }
    }

    fn check_foreign(&self, version: Version) -> Result<(), Refusal> {
        let tokens = [("token_file", self.token_file.is_some()), ("token_env", self.token_env.is_some())];
        let firsts = [
            ("username", self.username.is_some()),
            ("create_database", self.create_database),
            ("retention_policy", self.retention_policy.is_some()),
            ("consistency", self.consistency.is_some()),
        ];
        let foreign = if version == Version::V1 { &tokens[..] } else { &firsts[..] };
        match foreign.iter().find(|(_, is_set)| *is_set) {
            Some((key, _)) => {
                let problem = format!("belongs to the other version of the endpoint ({version:?} is in use)");
                Err(self.shared().refuse(key, problem))
            }
            None => Ok(()),
        }
    }

    fn access(&self, version: Version) -> Result<Access, Refusal> {
        let shared = self.shared();
        let (file, env, keys) = match version {
            Version::V1 => (&self.password_file, &self.password_env, ("password_file", "password_env")),
            Version::V2 | Version::V3 => (&self.token_file, &self.token_env, ("token_file", "token_env")),
        };
        let secret = Secret::of(file.as_ref(), env.as_ref()).map_err(|TwoPlaces| {
            shared.refuse("set", format!("either {} or {}, not both", keys.0, keys.1))
        })?;
        match (version, &self.username, secret) {
            (Version::V1, Some(user), Some(password)) => Ok(Access::Basic { user: user.clone(), password }),
            (Version::V1, None, None) | (_, _, None) if self.username.is_none() => Ok(Access::Open),
            (Version::V2, _, Some(token)) => Ok(Access::Token { scheme: "Token", token }),
            (Version::V3, _, Some(token)) => Ok(Access::Token { scheme: "Bearer", token }),
            _ => {
                Err(shared.refuse("username", "needs password_file or password_env, and these need username"))
            }
        }
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

    fn parcel(config: &Config) -> Parcel {
        let batch = Batch { body: "m v=1i 1\n".into(), points: 1 };
        Parcel::pack(batch, Packing::Plain, config.plan().unwrap().form)
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
            (
                "{url: 'http://i', database: d, consistency: quorum, precision: s}",
                "http://i/write?db=d&consistency=quorum&precision=s",
            ),
            (
                "{url: 'http://i', version: v3, database: d, precision: ms}",
                "http://i/api/v3/write_lp?db=d&accept_partial=true&precision=millisecond",
            ),
        ] {
            let config = config(yaml);
            let path = config.plan().unwrap().protocol.request(&parcel(&config)).path;
            assert_eq!(format!("{}{path}", config.url.trim_end_matches('/')), address);
        }
    }

    #[test]
    fn mistakes_are_named() {
        for (yaml, part) in [
            ("{database: d}", "url \"\" is not"),
            ("{url: 'ftp://i', database: d}", "ftp://i"),
            ("{url: 'http://u:secret@i', database: d}", "must not carry a user"),
            ("{url: 'http://i'}", "set database (v1, v3) or bucket (v2)"),
            ("{url: 'http://i', database: d, bucket: b}", "set database (v1, v3) or bucket (v2)"),
            ("{url: 'http://i', database: d, token_file: /t}", "token_file belongs to the other version"),
            ("{url: 'http://i', bucket: b, username: u}", "username belongs to the other version"),
            ("{url: 'http://i', bucket: b, token_file: /t, token_env: T}", "either token_file or token_env"),
            ("{url: 'http://i', database: d, username: u}", "username needs password_file"),
            ("{url: 'http://i', database: d, batch_points: 0}", "batch_points is 0, allowed is 1 to 100000"),
            ("{url: 'http://i', database: d, queue: {points: 5001}}", "queue.points is 5001"),
            ("{url: 'http://i', database: d, http: {timeout: 0s}}", "http.timeout is 0s"),
            ("{url: 'http://i', database: d, http: {proxy: 'ftp://p'}}", "http.proxy is not env, none"),
            ("{url: 'http://i', database: d, http: {proxy: 'http://u:secret@p'}}", "http.proxy must not"),
            ("{url: 'http://i', database: d, tls: {cert_file: /c}}", "tls.cert_file needs key_file"),
            ("{url: 'http://i', urls: ['i:1'], database: d}", "urls \"i:1\" is not"),
            ("{url: 'http://i', version: v3, database: d, consistency: one}", "consistency belongs to"),
            ("{url: 'http://i', database: d, tags: {node_name: x}}", "tags.node_name"),
            ("{url: 'http://i', database: d, filter: {namepass: ['[a']}}", "filter.namepass pattern \"[a\""),
        ] {
            let error = config(yaml).validate().unwrap_err().to_string();
            assert!(error.contains(part), "{yaml}: {error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
