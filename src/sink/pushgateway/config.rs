//! The keys below `sinks.pushgateway`, and what they must be like together.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Deserializer};

use super::group::{is_label, path};
use super::protocol::Pushgateway;
use crate::encode::prometheus::{LABELS, Page};
use crate::sink::config::{HttpConfig, Login, QueueConfig, QueueKeys, Refusal, Shared};
use crate::sink::handle::Plan;
use crate::sink::http::{Access, Servers, TlsConfig};
use crate::sink::parcel::Packing;

/// The name of this kind in keys, metrics and the log.
const KIND: &str = "pushgateway";
const INSTANCE: &str = "instance";

/// What a push does to what the group held before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// Replaces all of it.
    #[default]
    Put,
    /// Replaces the metrics of the same names and keeps all others, such as those of another pusher.
    Post,
}

/// Which page is pushed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PushedPage {
    #[default]
    Metrics,
    Node,
    Resource,
}

/// One Pushgateway, or several of which one is pushed to.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Name of this sink in the log and in metrics.
    pub name: String,
    /// Base address, such as `http://pushgateway:9091`; the group's path is appended.
    pub url: String,
    /// Further addresses; the next one is asked while one fails, and what stands in the other stays there.
    pub urls: Vec<String>,
    /// Value of the label `job` of the group.
    pub job: String,
    /// Further labels of the group, none of those that the metrics have; `instance` is the node's name unless set here.
    pub grouping: BTreeMap<String, String>,
    /// `put` replaces all that the group held; `post` replaces metrics of the same names and keeps the others.
    pub method: Method,
    /// Page that is pushed, without its timestamps: `metrics`, `node` or `resource`.
    pub page: PushedPage,
    /// How often it is pushed.
    #[serde(with = "humantime_serde")]
    pub interval: Duration,
    /// Delete the group when the agent stops, or a reload names another; otherwise its last values stay for good.
    pub delete_at_end: bool,
    /// Compress pushes.
    pub gzip: bool,
    /// User to push as.
    pub username: Option<String>,
    /// File that holds the user's password; read again when it changes.
    pub password_file: Option<PathBuf>,
    /// Environment variable that holds the user's password.
    pub password_env: Option<String>,
    /// File that holds the bearer token; read again when it changes.
    pub token_file: Option<PathBuf>,
    /// Environment variable that holds the bearer token.
    pub token_env: Option<String>,
    /// How requests are made.
    pub http: HttpConfig,
    /// What waits to be sent: the newest push alone, and never on disk.
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
            job: String::new(),
            grouping: BTreeMap::new(),
            method: Method::Put,
            page: PushedPage::Metrics,
            interval: Duration::from_secs(15),
            delete_at_end: false,
            gzip: true,
            username: None,
            password_file: None,
            password_env: None,
            token_file: None,
            token_env: None,
            http: HttpConfig::default(),
            // A page is one batch, however many samples it has.
            queue: QueueConfig { points: 1_000_000, spool: false, ..QueueConfig::default() },
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

    /// The page that is pushed.
    pub fn page(&self) -> Page {
        match self.page {
            PushedPage::Metrics => Page::Metrics,
            PushedPage::Node => Page::Node,
            PushedPage::Resource => Page::Resource,
        }
    }

    /// The same with the label `instance`, so that agents of one job do not replace each other's groups.
    #[must_use]
    pub fn for_instance(mut self, host: &str) -> Config {
        self.grouping.entry(INSTANCE.into()).or_insert_with(|| host.to_owned());
        self
    }

    /// What is started.
    pub fn plan(&self) -> Result<Plan, Refusal> {
        let shared = self.shared();
        // The bounds of batches are no keys here.
        shared.check(1, 1024)?;
        if self.job.is_empty() {
            return Err(shared.refuse("job", "is empty, allowed is any other text"));
        }
        for label in self.grouping.keys() {
            let problem = if !is_label(label) || label == "job" {
                "is not allowed: a label is made of letters, digits and _, and is not job"
            } else if LABELS.contains(&label.as_str()) {
                "is a label of the metrics themselves; use another name"
            } else {
                continue;
            };
            return Err(shared.refuse(&format!("grouping.{label}"), problem));
        }
        let method = match self.method {
            Method::Put => hyper::Method::PUT,
            Method::Post => hyper::Method::POST,
        };
        let path = path(&self.job, &self.grouping);
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
            protocol: Arc::new(Pushgateway { method, path, delete_at_end: self.delete_at_end }),
            packing: if self.gzip { Packing::Gzip } else { Packing::Plain },
            form: 0,
            // A push replaces the one before it.
            newest_only: true,
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
    fn a_part_of_the_queue_leaves_the_rest_as_it_is() {
        let queue = config("{url: 'http://p/w', queue: {bytes: 1048576}}").queue;
        assert_eq!((queue.points, queue.bytes, queue.spool), (1_000_000, 1 << 20, false));
    }

    #[test]
    fn a_push_in_full() {
        let yaml =
            "{url: 'http://p:9091', job: a/b, grouping: {instance: n1}, method: post, delete_at_end: true}";
        let config = config(yaml).for_instance("another");
        let plan = config.plan().unwrap();
        assert!(plan.newest_only);
        let parcel = Parcel::pack(Batch { body: "a 1\n".into(), points: 1 }, plan.packing, plan.form);
        let request = plan.protocol.request(&parcel);
        assert_eq!(
            (request.method.as_str(), &*request.path),
            ("POST", "/metrics/job@base64/YS9i/instance/n1")
        );
        assert_eq!(request.headers["content-encoding"], "gzip");
        let farewell = plan.protocol.farewell().unwrap();
        assert_eq!((farewell.method.as_str(), farewell.path), ("DELETE", request.path));
    }

    #[test]
    fn each_agent_has_a_group_of_its_own() {
        let plan = config("{url: 'http://p', job: j}").for_instance("n 7").plan().unwrap();
        let parcel = Parcel::pack(Batch { body: "a 1\n".into(), points: 1 }, plan.packing, plan.form);
        let request = plan.protocol.request(&parcel);
        assert_eq!((request.method.as_str(), &*request.path), ("PUT", "/metrics/job/j/instance@base64/biA3"));
        assert!(plan.protocol.farewell().is_none());
    }

    #[test]
    fn mistakes_are_named() {
        for (yaml, part) in [
            ("{job: j}", "url \"\" is not"),
            ("{url: 'http://p'}", "job is empty"),
            ("{url: 'http://p', job: j, grouping: {a-b: x}}", "grouping.a-b is not allowed"),
            ("{url: 'http://p', job: j, grouping: {job: x}}", "grouping.job is not allowed"),
            ("{url: 'http://p', job: j, grouping: {__x: x}}", "grouping.__x is not allowed"),
            ("{url: 'http://p', job: j, grouping: {pod: x}}", "grouping.pod is a label of the metrics"),
            ("{url: 'http://p', job: j, interval: 0s}", "interval is 0s"),
            ("{url: 'http://p', job: j, password_file: /p}", "username needs password_file"),
            (
                "{url: 'http://p', job: j, token_env: T, username: u, password_env: P}",
                "either a user with a password or a token",
            ),
        ] {
            let error = config(yaml).validate().unwrap_err().to_string();
            assert!(error.contains(part), "{yaml}: {error}");
        }
    }
}
