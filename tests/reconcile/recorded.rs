//! The quiet series: raw counters of a real node each second for 110 s, and the kubelet's answers beside them.

use std::collections::HashMap;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use podometer::identity::Directory;
use podometer::model::field::{Field, Values};
use podometer::model::identity::{Cgroup, Identity, UnitKind};
use podometer::model::snapshot::Snapshot;
use podometer::model::stamp::Stamp;
use podometer::reconcile::Reconciler;
use podometer::source::cgroup::grammar::classify;
use serde_json::Value;

use crate::build::{Reading, snapshot, unit};
use crate::truth;

pub(crate) const MS: i64 = 1_000_000;

/// One cgroup's row of one second.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) at_ns: i64,
    pub(crate) path: String,
    pub(crate) values: Values,
}

pub(crate) struct Series {
    /// Rows of one pass each.
    pub(crate) passes: Vec<Vec<Row>>,
    /// Arrival, /stats/summary, /metrics/resource.
    pub(crate) polls: Vec<(i64, Value, String)>,
    pub(crate) identities: HashMap<String, (UnitKind, Option<Arc<Identity>>)>,
}

pub(crate) fn stamp(wall_ns: i64) -> Stamp {
    Stamp { boot_ns: (wall_ns - 1_795_223_000_000_000_000) as u64, wall_ns }
}

fn unzip(path: &Path) -> String {
    let mut text = String::new();
    flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap()).read_to_string(&mut text).unwrap();
    text
}

pub(crate) fn open() -> Option<Series> {
    let folder = truth::recording("systemd")?;
    let directory =
        Directory::parse("pods.json", &std::fs::read(folder.join("pods.json")).unwrap(), &[], 1).unwrap();
    let mut passes: Vec<Vec<Row>> = Vec::new();
    let mut identities = HashMap::new();
    let text = unzip(&folder.join("quiet-series.csv.gz"));
    let header: Vec<&str> = text.lines().next().unwrap().split(',').collect();
    let place = |name: &str| header.iter().position(|column| *column == name).unwrap();
    let columns = [
        (Field::UsageUsec, place("usage_usec")),
        (Field::MemoryCurrent, place("memory_current")),
        (Field::InactiveFile, place("inactive_file")),
        (Field::Anon, place("anon")),
        (Field::FileCache, place("file")),
        (Field::Pgfault, place("pgfault")),
        (Field::Pgmajfault, place("pgmajfault")),
    ];
    for line in text.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let path = cells[2].trim_end_matches('/').to_owned();
        let mut values = Values::default();
        for (field, column) in columns {
            if let Ok(number) = cells[column].parse() {
                values.set(field, number);
            }
        }
        if path.is_empty() {
            passes.push(Vec::new());
        }
        let path = if path.is_empty() { "/".to_owned() } else { path };
        identities.entry(path.clone()).or_insert_with(|| {
            let kind = classify(&path);
            let cgroup = Cgroup { path: path.as_str().into(), kind: kind.clone() };
            (kind, directory.resolve(&cgroup, &values).map(Arc::new))
        });
        passes.last_mut().unwrap().push(Row { at_ns: cells[0].parse().unwrap(), path, values });
    }
    let mut polls = Vec::new();
    let mut summary = Value::Null;
    for line in unzip(&folder.join("quiet-series-summary.jsonl.gz")).lines() {
        let mut line: Value = serde_json::from_str(line).unwrap();
        match line["path"].as_str().unwrap() {
            "/stats/summary" => summary = line["body"].take(),
            _ => polls.push((
                line["t1_ns"].as_i64().unwrap(),
                summary.take(),
                line["body"].as_str().unwrap().to_owned(),
            )),
        }
    }
    assert!(passes.len() > 100 && polls.len() > 20, "{} passes, {} polls", passes.len(), polls.len());
    Some(Series { passes, polls, identities })
}

impl Series {
    pub(crate) fn observe(&self, reconciler: &mut Reconciler, pass: &[Row], seq: u64) {
        reconciler.observe(&self.snapshot(pass, seq));
    }

    pub(crate) fn snapshot(&self, pass: &[Row], seq: u64) -> Snapshot {
        let units = pass.iter().map(|row| {
            let (kind, identity) = self.identities[&row.path].clone();
            let mut hash = 5381u64;
            for byte in row.path.bytes() {
                hash = hash.wrapping_mul(33) ^ u64::from(byte);
            }
            unit(Reading {
                id: hash >> 1,
                kind,
                identity,
                at: stamp(row.at_ns),
                values: row.values.clone(),
                live: None,
                window: None,
                created_wall_s: None,
                gone: false,
            })
        });
        snapshot(seq, stamp(pass.last().unwrap().at_ns), units.collect())
    }
}
