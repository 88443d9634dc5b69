//! Turns a snapshot into batches of line protocol.

use super::batch::{Limits, split_counted};
use super::filter::Filter;
use super::line::{LineWriter, Precision, append_tag};
use crate::encode::Batch;
use crate::encode::schema::kubernetes::{self, NodeFacts};
use crate::model::node::Node;
use crate::model::snapshot::Snapshot;

/// Writes further points of the same instant, such as those of the node's own measurements. All tags are the
/// callee's, `host` and the configured ones included: only it knows which names its points use themselves.
pub type Extra<'a> = dyn FnMut(&Snapshot, &mut LineWriter<'_>) + 'a;

/// How snapshots become batches.
#[derive(Clone, Debug)]
pub struct Options {
    /// Value of the tag `host`, which Telegraf puts on every point.
    pub host: String,
    /// Tags added to every point.
    pub tags: Vec<(String, String)>,
    pub precision: Precision,
    pub limits: Limits,
    pub filter: Filter,
    /// Takes from the node's reading what `kubernetes_node` holds beside its root cgroup.
    pub node_facts: fn(&Node) -> NodeFacts,
}

/// The cache and the buffers that stay from one snapshot to the next.
#[derive(Debug)]
pub struct Producer {
    options: Options,
    rows: kubernetes::Rows,
    /// Length of the last encoding: the next one will be about as long.
    expected: usize,
    filtered: u64,
}

impl Producer {
    pub fn new(options: Options) -> Producer {
        let mut common = Vec::new();
        append_tag(&mut common, "host", &options.host);
        for (key, value) in &options.tags {
            append_tag(&mut common, key, value);
        }
        Producer { rows: kubernetes::Rows::new(common), options, expected: 0, filtered: 0 }
    }

    /// Points that the filter left out of the last snapshot.
    pub fn filtered(&self) -> u64 {
        self.filtered
    }

    /// Encodes one snapshot and what `extras` add to it.
    pub fn encode_snapshot(&mut self, snapshot: &Snapshot, extras: &mut [&mut Extra<'_>]) -> Vec<Batch> {
        let mut lines = Vec::with_capacity(self.expected + self.expected / 8);
        let precision = self.options.precision;
        let rows = self.rows.write(snapshot, self.options.node_facts, precision, &mut lines);
        let mut writer = LineWriter::with(&mut lines, &[], precision);
        for extra in extras {
            extra(snapshot, &mut writer);
        }
        let points = rows + writer.points;
        writer.finish();
        self.expected = lines.len();
        let (lines, filtered) = self.options.filter.apply(lines);
        self.filtered = filtered;
        split_counted(lines, points - filtered, self.options.limits)
    }
}
