//! What was read beside an application, and how the reading went.
//!
//! An exposition stays in its own shape, families of series; which names it gets in a database is the matter of
//! `encode::schema::scraped`.

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;

use super::stamp::Stamp;

/// The newest reading of each target, in the order of the configuration.
pub type Scraped = Vec<Arc<Reading>>;

/// One server beside the agent, and how its points are named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// As in the configuration.
    pub name: Box<str>,
    pub kind: Kind,
    /// The address that was configured; it never holds a password.
    pub url: Box<str>,
    /// Host and port of the address.
    pub server: Box<str>,
    pub port: u16,
    /// The tag `host`, where it is not the agent's.
    pub host: Option<Box<str>>,
    /// Tags of all points; a point's own win over them.
    pub tags: Vec<(Box<str>, Box<str>)>,
}

/// What speaks there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A page of metrics: Prometheus text or OpenMetrics.
    #[default]
    Prometheus,
    /// The MBeans of a JVM, by its Jolokia agent.
    Jolokia,
    /// nginx's stub_status.
    Nginx,
}

impl Kind {
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Prometheus => "prometheus",
            Kind::Jolokia => "jolokia",
            Kind::Nginx => "nginx",
        }
    }
}

/// How families become points: Telegraf's `metric_version`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Schema {
    /// A measurement a family. What Telegraf's inputs.prometheus writes unless it is told otherwise, and so what
    /// dashboards made for it ask for.
    #[default]
    TelegrafV1,
    /// One measurement, a field a family.
    TelegrafV2,
}

/// How one target was last found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    pub target: Arc<Target>,
    /// When its answer had come, or failed to; `None` before the first time.
    pub taken: Option<Stamp>,
    /// How long the last attempt took.
    pub duration: Option<Duration>,
    /// `None` while it gives none.
    pub content: Option<Content>,
    /// Values in `content`.
    pub samples: u64,
    /// Since the start: attempts that failed, and values that could not be read.
    pub faults: u64,
}

impl Reading {
    /// `None` before it was asked.
    pub fn is_up(&self) -> Option<bool> {
        self.taken.map(|_| self.content.is_some())
    }
}

/// What a target told.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    Families(Vec<Family>, Schema),
    Points(Vec<Point>),
    Nginx(NginxStatus),
}

/// What could be read, and what could not.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parsed<T> {
    pub value: T,
    /// Values that were taken.
    pub samples: u64,
    /// Lines or values that could not be read, or that were beyond a bound.
    pub faults: u64,
}

/// All series of one name.
#[derive(Clone, Debug, PartialEq)]
pub struct Family {
    /// A counter's is that of its samples, with `_total` where they have it.
    pub name: Box<str>,
    pub kind: FamilyKind,
    pub series: Vec<Series>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FamilyKind {
    Counter,
    Gauge,
    Histogram,
    Summary,
    Untyped,
}

/// One set of labels.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Sorted by name.
    pub labels: Vec<(Box<str>, Box<str>)>,
    /// The time that the target gave, in milliseconds since the epoch.
    pub at_ms: Option<i64>,
    pub value: SeriesValue,
}

#[derive(Clone, Debug, PartialEq)]
pub enum SeriesValue {
    Single(f64),
    Spread(Spread),
}

/// The samples of one histogram or summary.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Spread {
    /// Bound and cumulative count, or quantile and value.
    pub parts: Vec<(f64, f64)>,
    pub sum: Option<f64>,
    pub count: Option<f64>,
}

/// One point whose names come from the configuration.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Point {
    pub measurement: Box<str>,
    pub tags: Vec<(Box<str>, Box<str>)>,
    pub fields: Vec<(Box<str>, Value)>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Float(f64),
    Text(Box<str>),
    Boolean(bool),
}

/// The numbers of stub_status; counters are since nginx started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NginxStatus {
    pub accepts: Option<u64>,
    pub active: Option<u64>,
    pub handled: Option<u64>,
    pub reading: Option<u64>,
    pub requests: Option<u64>,
    pub waiting: Option<u64>,
    pub writing: Option<u64>,
}
