//! A page as the body of a push: text 0.0.4 without timestamps, which a Pushgateway refuses.

use std::sync::Arc;

use crate::encode::Batch;
use crate::model::report::AgentReport;
use crate::model::snapshot::Snapshot;

use super::encoder::{Encoder, Options};
use super::labels::LabelCache;
use super::page::{Format, Page};

/// Names of labels on the pages that can be pushed. A label of the grouping key replaces that of a metric, so none of
/// these can be one. Sorted.
pub const LABELS: &[&str] = &[
    "against",
    "boot_id",
    "cause",
    "code",
    "container",
    "cpu",
    "device",
    "failure_type",
    "fs",
    "fstype",
    "host_network",
    "id",
    "image",
    "image_id",
    "interface",
    "kind",
    "le",
    "machine_id",
    "major",
    "method",
    "minor",
    "mode",
    "mountpoint",
    "name",
    "namespace",
    "node",
    "of",
    "operation",
    "owner_kind",
    "owner_name",
    "pace",
    "page_size",
    "persistentvolumeclaim",
    "phase",
    "pod",
    "qos",
    "reason",
    "resource",
    "result",
    "route",
    "scope",
    "serves",
    "sink",
    "source",
    "state",
    "system_uuid",
    "target",
    "uid",
    "unit",
    "version",
    "view",
    "volume",
    "window",
];

/// Encodes one snapshot after the other.
#[derive(Debug)]
pub struct Pusher {
    labels: LabelCache,
    page: Page,
    options: Options,
    /// Length of the last body: the next one will be about as long.
    expected: usize,
}

impl Pusher {
    pub fn new(page: Page, options: Options) -> Pusher {
        Pusher { labels: LabelCache::new(Format::Text), page, options, expected: 0 }
    }

    /// The whole page; its points are its samples.
    pub fn encode(&mut self, snapshot: &Arc<Snapshot>, report: &Arc<AgentReport>) -> Batch {
        let plan = self.labels.plan(Arc::clone(snapshot), self.page).untimed();
        let mut body = Vec::with_capacity(self.expected + self.expected / 8);
        Encoder::new(plan, Arc::clone(report), Format::Text, self.options).finish(&mut body);
        self.expected = body.len();
        let lines = body.split(|&byte| byte == b'\n');
        let points = lines.filter(|line| line.first().is_some_and(|&first| first != b'#')).count() as u64;
        Batch { body: body.into(), points }
    }
}
