//! One snapshot after the other becomes requests.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;

use super::keys::Keys;
use super::labels;
use super::request::Requests;
use super::writer::{Task, Writer};
use crate::encode::Batch;
use crate::encode::prometheus::{self, Format, LabelCache, Page, Plan, Walk};
use crate::model::report::AgentReport;
use crate::model::snapshot::Snapshot;
use crate::model::stamp::Stamp;

/// How often version 1 repeats the metadata of every family.
const DESCRIBE_EVERY: Duration = Duration::from_mins(1);

/// The message of the protocol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Version {
    /// `prometheus.WriteRequest`.
    #[default]
    V1,
    /// `io.prometheus.write.v2.Request`.
    V2,
}

/// How large a request may become; a single series that is larger stands alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub series: usize,
    pub bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { series: 2000, bytes: 1 << 20 }
    }
}

/// How snapshots become requests.
#[derive(Clone, Debug)]
pub struct Options {
    pub version: Version,
    /// Labels of every series, `job` and `instance` among them. A row's own label of the same name wins, as it does
    /// over Prometheus' external labels.
    pub labels: Vec<(String, String)>,
    /// Native histograms as such; otherwise those that have classic buckets as these.
    pub native_histograms: bool,
    /// The node in node_exporter's names, too.
    pub node_names: bool,
    /// Which rows the page has.
    pub rows: prometheus::Options,
    pub limits: Limits,
}

/// The cache, and what was written last.
#[derive(Debug)]
pub struct Encoder {
    options: Options,
    cache: LabelCache,
    common: Vec<u8>,
    requests: Requests,
    written: Written,
    described_boot_ns: Option<u64>,
}

/// What is needed to end the series that were written last: they are found by walking once more. So nothing is kept
/// for each of them but a hash.
#[derive(Debug, Default)]
struct Written {
    plans: Vec<Plan>,
    report: Arc<AgentReport>,
    keys: Keys,
}

impl Encoder {
    pub fn new(options: Options) -> Encoder {
        let mut common = Vec::new();
        for (name, value) in &options.labels {
            labels::push(&mut common, name, value);
        }
        Encoder {
            cache: LabelCache::new(Format::Protobuf),
            common,
            requests: Requests::new(options.version, options.limits),
            written: Written::default(),
            described_boot_ns: None,
            options,
        }
    }

    /// The requests that bring one snapshot, and the end of each series that the one before had and this has not.
    pub fn encode(&mut self, snapshot: &Arc<Snapshot>, report: &Arc<AgentReport>) -> Vec<Batch> {
        let now = snapshot.taken;
        let due = |last: u64| Duration::from_nanos(now.boot_ns.saturating_sub(last)) >= DESCRIBE_EVERY;
        let describe = self.described_boot_ns.is_none_or(due);
        if describe {
            self.described_boot_ns = Some(now.boot_ns);
        }
        let pages = if self.options.node_names { &[Page::Metrics, Page::Node][..] } else { &[Page::Metrics] };
        let plans: Vec<Plan> =
            pages.iter().map(|&page| self.cache.plan(Arc::clone(snapshot), page)).collect();
        let mut keys = Keys::default();
        keys.reserve(self.written.keys.len());
        let plans = self.walk(plans, report, now, Task::Write { keys: &mut keys, describe });
        let before =
            std::mem::replace(&mut self.written, Written { plans, report: Arc::clone(report), keys });
        self.end_of(before, now);
        self.requests.take()
    }

    /// The end of every series that was written last, at an instant after it. What is encoded later begins anew.
    pub fn end(&mut self, at: Stamp) -> Vec<Batch> {
        let before = std::mem::take(&mut self.written);
        self.end_of(before, at);
        self.requests.take()
    }

    /// Ends what was written `before` and is not written any more.
    fn end_of(&mut self, mut before: Written, at: Stamp) {
        let kept = std::mem::take(&mut self.written.keys);
        if !before.keys.iter().all(|key| kept.contains(key)) {
            let task = Task::End { ended: &mut before.keys, kept: &kept };
            self.walk(before.plans, &before.report, at, task);
        }
        self.written.keys = kept;
    }

    fn walk(&mut self, plans: Vec<Plan>, report: &Arc<AgentReport>, at: Stamp, task: Task<'_>) -> Vec<Plan> {
        let Options { version, native_histograms, rows, .. } = self.options;
        let mut writer = Writer {
            requests: &mut self.requests,
            task,
            common: &self.common,
            native: native_histograms,
            at_ms: at.wall_ms(),
            family: None,
            described: false,
            scratch: Vec::new(),
            sets: HashMap::default(),
        };
        let walked = |plan| {
            let created = version == Version::V2;
            let mut walk = Walk::new(plan, Arc::clone(report), rows, created, !native_histograms);
            while walk.run(&mut writer, &mut Vec::new(), usize::MAX) {}
            walk.into_plan()
        };
        plans.into_iter().map(walked).collect()
    }
}
