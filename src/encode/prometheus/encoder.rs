//! Walks the tables of a page over one snapshot, family by family, and can stop after any row.
//!
//! So a scrape of any size is written with a buffer of one chunk, and a compressed body is made without the
//! plain one ever existing whole. Only a protobuf family has to be complete before it is handed out.

use std::sync::Arc;

use crate::encode::cluster::Cluster;
use crate::encode::schema::family::{Number, RowContext, Rows, UnitFamily, stamp_of};
use crate::encode::schema::{Kind, SmallFamily};
use crate::model::histogram::NativeHistogram;
use crate::model::report::AgentReport;
use crate::model::stamp::Stamp;

use super::labels::{Plan, Syntax};
use super::page::{Format, Table};
use super::protobuf::Protobuf;
use super::text::Text;

/// What can be chosen about the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "one for each switch of the configuration")]
pub struct Options {
    /// Add the kubelet's pod rows to cAdvisor's families.
    pub cadvisor_pod_rows: bool,
    /// Write `_created` samples in OpenMetrics.
    pub created_samples: bool,
    /// How many pods have rows for each of their differences.
    pub drift_pods: usize,
    /// Serve what the API says of pods under kube-state-metrics' names.
    pub kube_state_metrics_names: bool,
    /// Serve pods under bare names, too.
    pub short_names: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            cadvisor_pod_rows: false,
            created_samples: true,
            drift_pods: 20,
            kube_state_metrics_names: false,
            short_names: false,
        }
    }
}

/// Everything about a row but its value.
#[derive(Clone, Copy, Debug)]
pub(in crate::encode) struct Row<'a> {
    /// The unit's labels, in the dialect's syntax.
    pub(in crate::encode) labels: &'a [u8],
    pub(in crate::encode) extra: &'a [(&'static str, &'a str)],
    pub(in crate::encode) stamp: Option<Stamp>,
    /// When the counter started, in seconds since the epoch.
    pub(in crate::encode) created: Option<f64>,
    /// Whether a histogram has classic buckets.
    pub(in crate::encode) classic: bool,
}

/// A format: how families and rows become bytes.
pub(in crate::encode) trait Dialect {
    /// How this format serialises labels.
    const SYNTAX: Syntax;

    fn begin(&mut self, out: &mut Vec<u8>, name: &'static str, help: &'static str, kind: Kind);
    fn row(&mut self, out: &mut Vec<u8>, kind: Kind, row: &Row<'_>, number: Number);
    fn histogram(&mut self, out: &mut Vec<u8>, row: &Row<'_>, histogram: &NativeHistogram);
    fn end(&mut self, out: &mut Vec<u8>);
    fn finish(&mut self, out: &mut Vec<u8>);
}

#[derive(Debug)]
enum AnyDialect {
    Text(Text),
    Protobuf(Protobuf),
}

/// One document, being written.
#[derive(Debug)]
pub struct Encoder {
    dialect: AnyDialect,
    walk: Walk,
}

impl Encoder {
    pub fn new(plan: Plan, report: Arc<AgentReport>, format: Format, options: Options) -> Encoder {
        let dialect = match format {
            Format::Text => AnyDialect::Text(Text::new(false)),
            Format::OpenMetrics => AnyDialect::Text(Text::new(true)),
            Format::Protobuf => AnyDialect::Protobuf(Protobuf::default()),
        };
        let created = options.created_samples || format == Format::Protobuf;
        let walk = Walk::new(plan, report, options, created, format != Format::Protobuf);
        Encoder { dialect, walk }
    }

    /// Appends rows until `out` holds at least `target` bytes; false once the document is complete.
    ///
    /// A row is never cut, so `out` can grow past `target` by one row (in protobuf: by one family).
    pub fn next_chunk(&mut self, out: &mut Vec<u8>, target: usize) -> bool {
        match &mut self.dialect {
            AnyDialect::Text(text) => self.walk.run(text, out, target),
            AnyDialect::Protobuf(protobuf) => self.walk.run(protobuf, out, target),
        }
    }

    /// Appends all that is left.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        while self.next_chunk(out, usize::MAX) {}
    }
}

/// Where the writing stands.
#[derive(Debug, Default)]
struct Place {
    table: usize,
    family: usize,
    unit: usize,
    /// Whether the family's head was written.
    begun: bool,
    finished: bool,
}

/// A page over one snapshot, and where its writing stands.
#[derive(Debug)]
pub(in crate::encode) struct Walk {
    plan: Plan,
    report: Arc<AgentReport>,
    cluster: Option<Cluster>,
    options: Options,
    created: bool,
    has_text_histograms: bool,
    place: Place,
}

impl Walk {
    /// `created` gives counters the time at which they started; with `has_text_histograms` those without classic
    /// buckets have no rows.
    pub(in crate::encode) fn new(
        plan: Plan,
        report: Arc<AgentReport>,
        options: Options,
        created: bool,
        has_text_histograms: bool,
    ) -> Walk {
        let needs_cluster = |table: &Table| matches!(table, Table::Cluster(_));
        let cluster = plan.page.tables().iter().any(needs_cluster).then(|| {
            let mut cluster = Cluster::of(&plan.snapshot);
            cluster.show_drift(options.drift_pods);
            cluster
        });
        Walk { plan, report, cluster, options, created, has_text_histograms, place: Place::default() }
    }

    /// What was walked over.
    pub(in crate::encode) fn into_plan(self) -> Plan {
        self.plan
    }

    /// Writes rows until `out` holds at least `target` bytes; false once all are written.
    pub(in crate::encode) fn run<D: Dialect>(
        &mut self,
        dialect: &mut D,
        out: &mut Vec<u8>,
        target: usize,
    ) -> bool {
        let tables = self.plan.page.tables();
        while let Some(&table) = tables.get(self.place.table) {
            if out.len() >= target {
                return true;
            }
            let family = self.place.family;
            let done = match table {
                Table::Units(families) => match families.get(family) {
                    Some(family) => {
                        if !self.unit_family(family, dialect, out, target) {
                            return true;
                        }
                        false
                    }
                    None => true,
                },
                Table::Cluster(families) => small(families, family, self.cluster.as_ref(), dialect, out),
                Table::KubeState(families) => {
                    let cluster = self.cluster.as_ref().filter(|_| self.options.kube_state_metrics_names);
                    small(families, family, cluster, dialect, out)
                }
                Table::Short(families) => {
                    let cluster = self.cluster.as_ref().filter(|_| self.options.short_names);
                    small(families, family, cluster, dialect, out)
                }
                Table::Snapshot(families) => {
                    small(families, family, Some(&*self.plan.snapshot), dialect, out)
                }
                Table::Node(families) => {
                    small(families, family, self.plan.snapshot.node.as_deref(), dialect, out)
                }
                Table::Sampler(families) => {
                    small(families, family, Some(&self.plan.snapshot.sampler), dialect, out)
                }
                Table::Agent(families) => small(families, family, Some(&*self.report), dialect, out),
            };
            let table = self.place.table;
            self.place = if done {
                Place { table: table + 1, ..Place::default() }
            } else {
                Place { table, family: family + 1, ..Place::default() }
            };
        }
        if !self.place.finished {
            self.place.finished = true;
            dialect.finish(out);
        }
        false
    }

    /// Writes rows of one family; false when stopped by the target.
    fn unit_family<D: Dialect>(
        &mut self,
        family: &UnitFamily,
        dialect: &mut D,
        out: &mut Vec<u8>,
        target: usize,
    ) -> bool {
        let snapshot = &*self.plan.snapshot;
        let context = RowContext {
            snapshot,
            is_stamped: self.plan.is_stamped,
            windows: &self.plan.windows,
            devices: &self.plan.devices,
            cluster: self.cluster.as_ref(),
        };
        let place = &mut self.place;
        let stamped = self.plan.is_stamped;
        let has_created = self.created && family.kind != Kind::Gauge;
        while let Some(unit) = snapshot.units.get(place.unit) {
            if out.len() >= target {
                return false;
            }
            let labels = self.plan.labels(place.unit, family.who, self.options.cadvisor_pod_rows);
            place.unit += 1;
            let Some(labels) = labels else { continue };
            let row = Row {
                labels,
                extra: &[],
                stamp: if stamped { stamp_of(family.when, unit, snapshot) } else { None },
                created: if has_created { unit.created_wall_s } else { None },
                classic: false,
            };
            let begun = &mut place.begun;
            let mut begin = |dialect: &mut D, out: &mut Vec<u8>| {
                if !*begun {
                    *begun = true;
                    dialect.begin(out, family.name, family.help, family.kind);
                }
            };
            match family.rows {
                Rows::One(value) => {
                    if let Some(number) = value(unit) {
                        begin(dialect, out);
                        dialect.row(out, family.kind, &row, number);
                    }
                }
                Rows::Many(rows) => rows(unit, &context, &mut |extra, number| {
                    begin(dialect, out);
                    dialect.row(out, family.kind, &Row { extra, ..row }, number);
                }),
                Rows::Histogram { of, classic } => {
                    if let Some(histogram) = of(unit).filter(|_| classic || !self.has_text_histograms) {
                        begin(dialect, out);
                        // The histogram is the agent's own: it cannot be older than the agent.
                        let created = row.created.zip(self.report.process.start_time_seconds);
                        let created = created.map(|(unit, agent)| unit.max(agent));
                        dialect.histogram(out, &Row { created, classic, ..row }, histogram);
                    }
                }
            }
        }
        if place.begun {
            dialect.end(out);
        }
        true
    }
}

/// Writes one small family whole; true when the table has no more.
fn small<T, D: Dialect>(
    families: &[SmallFamily<T>],
    place: usize,
    value: Option<&T>,
    dialect: &mut D,
    out: &mut Vec<u8>,
) -> bool {
    let (Some(family), Some(value)) = (families.get(place), value) else { return true };
    let mut begun = false;
    let syntax = D::SYNTAX;
    let mut labels = Vec::new();
    (family.rows)(value, &mut |pairs, number| {
        if !begun {
            begun = true;
            dialect.begin(out, family.name, family.help, family.kind);
        }
        labels.clear();
        for (name, value) in pairs {
            syntax.push(&mut labels, name, value);
        }
        let row = Row { labels: &labels, extra: &[], stamp: None, created: None, classic: false };
        dialect.row(out, family.kind, &row, whole(number));
    });
    if begun {
        dialect.end(out);
    }
    false
}

/// Counts are written as integers: shorter, and what a reader expects.
fn whole(number: f64) -> Number {
    if (0.0..9_007_199_254_740_992.0).contains(&number) && number.fract() == 0.0 {
        Number::Integer(number as u64)
    } else {
        Number::Float(number)
    }
}
