//! The quiet series: raw counters of a real node each second for 110 s, and the kubelet's answers beside them.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use podometer::identity::Directory;
use podometer::model::field::{Field, Values};
use podometer::model::identity::{Cgroup, Identity, UnitKind};
use podometer::model::kubelet::ResourcePage;
use podometer::model::metrics_api::MetricsPage;
use podometer::model::reconciled::{Cause, Reconciled, SourceKind, View};
use podometer::model::stamp::Stamp;
use podometer::reconcile::{Config, Reconciler};
use podometer::source::cgroup::grammar::classify;
use serde_json::Value;

use crate::build::{Reading, snapshot, unit};
use crate::metrics_server::MetricsServer;
use crate::{page, truth};

const MS: i64 = 1_000_000;

/// One cgroup's row of one second.
#[derive(Clone, Debug)]
struct Row {
    at_ns: i64,
    path: String,
    values: Values,
}

struct Series {
    /// Rows of one pass each.
    passes: Vec<Vec<Row>>,
    /// Arrival, /stats/summary, /metrics/resource.
    polls: Vec<(i64, Value, String)>,
    identities: HashMap<String, (UnitKind, Option<Arc<Identity>>)>,
}

fn stamp(wall_ns: i64) -> Stamp {
    Stamp { boot_ns: (wall_ns - 1_795_223_000_000_000_000) as u64, wall_ns }
}

fn unzip(path: &Path) -> String {
    let mut text = String::new();
    flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap()).read_to_string(&mut text).unwrap();
    text
}

fn open() -> Option<Series> {
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
    fn observe(&self, reconciler: &mut Reconciler, pass: &[Row], seq: u64) {
        let units = pass.iter().enumerate().map(|(_, row)| {
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
        reconciler.observe(&snapshot(seq, stamp(pass.last().unwrap().at_ns), units.collect()));
    }
}

/// Which of the recorded polls the agent makes itself; metrics-server makes every third.
type OwnPolls = fn(usize) -> bool;

struct Sample {
    pod: String,
    ours: (f64, f64),
    theirs: (f64, f64),
    causes: Vec<Cause>,
}

/// Feeds everything in the order in which it happened, and compares before each new page of metrics-server.
fn follow(series: &Series, own: OwnPolls) -> Vec<Sample> {
    let mut reconciler = Reconciler::new(Config::default());
    let mut server = MetricsServer::new(Duration::from_secs(15));
    let mut polls: VecDeque<(usize, &(i64, Value, String))> = series.polls.iter().enumerate().collect();
    let mut last: Option<Reconciled> = None;
    let mut samples = Vec::new();
    let mut take = |reconciled: &Reconciled| {
        for pod in &reconciled.pods {
            let values = &pod.values;
            if let (Some(ours), Some(theirs), SourceKind::MetricsApi) =
                (values.top, values.metrics_api, values.top_of)
            {
                samples.push(Sample {
                    pod: pod.info.as_ref().unwrap().name.to_string(),
                    ours: (ours.cpu_nanocores.unwrap() as f64, ours.memory_bytes.unwrap() as f64),
                    theirs: (theirs.cpu_nanocores.unwrap() as f64, theirs.memory_bytes.unwrap() as f64),
                    causes: values
                        .differences
                        .iter()
                        .filter(|one| one.view == View::Top && one.against == SourceKind::MetricsApi)
                        .filter_map(|one| one.cause)
                        .collect(),
                });
            }
        }
    };
    for (seq, pass) in series.passes.iter().enumerate() {
        while polls.front().is_some_and(|(_, poll)| poll.0 <= pass[0].at_ns) {
            let (place, (at, _, text)) = polls.pop_front().unwrap();
            if place % 3 == 0 {
                last.take().iter().for_each(&mut take);
                server.scrape("vm", text);
                let fetched = stamp(at + 50 * MS);
                let pods = server.pods().into_iter().map(|served| served.usage).collect();
                reconciler.metrics(Arc::new(MetricsPage { fetched, pods, nodes: server.nodes() }));
            }
            if own(place) {
                reconciler.resource(&page::parse(text, stamp(*at)));
            }
        }
        series.observe(&mut reconciler, pass, seq as u64 + 1);
        let now = stamp(pass.last().unwrap().at_ns + MS);
        last = Some(reconciler.conclude(now, &|_| None));
    }
    last.iter().for_each(&mut take);
    samples
}

/// The ratio of a difference to the allowance of one per cent, one millicore or one MiB.
fn excess(ours: f64, theirs: f64, unit: f64) -> f64 {
    (ours - theirs).abs() / (theirs * 0.01).max(unit)
}

#[test]
fn top_is_what_kubectl_prints_on_the_recorded_node() {
    let Some(series) = open() else { return };
    let ways: [(&str, OwnPolls, bool); 4] = [
        ("own polls each 5 s", |_| true, true),
        ("own polls each 10 s", |place| place % 2 == 1, false),
        ("own polls each 15 s, 5 s after", |place| place % 3 == 1, false),
        ("no kubelet", |_| false, false),
    ];
    for (way, own, is_strict) in ways {
        let samples = follow(&series, own);
        println!(
            "\n{way}\n{:<16} {:>12} {:>12} {:>8}   {:>12} {:>12}",
            "pod", "ours nano", "theirs", "%", "ours B", "theirs"
        );
        let mut close = 0;
        for Sample { pod, ours, theirs, causes } in &samples {
            let percent = if theirs.0 > 0.0 { (ours.0 / theirs.0 - 1.0) * 100.0 } else { 0.0 };
            println!(
                "{pod:<16} {:>12.0} {:>12.0} {percent:>8.3}   {:>12.0} {:>12.0} {causes:?}",
                ours.0, theirs.0, ours.1, theirs.1
            );
            let cpu = excess(ours.0, theirs.0, 1e6);
            let memory = excess(ours.1, theirs.1, 1_048_576.0);
            close += usize::from(cpu <= 1.0 && memory <= 1.0);
            // Where no poll of ours saw a sample, nobody knows when the pod's other containers were sampled.
            let is_well = (ours.0 - theirs.0).abs() <= (theirs.0 * 0.02).max(1e6) && memory <= 1.0;
            assert!(is_well || !is_strict, "{pod}: {ours:?} {theirs:?}");
            assert!(!causes.contains(&Cause::Unexplained), "{pod}: {ours:?} {theirs:?}");
        }
        println!("{way}: {close} of {} within max(1 %, 1m, 1 MiB)", samples.len());
        assert!(samples.len() >= 16, "{way}: only {} samples", samples.len());
        let share = if is_strict { 0.99 } else { 0.6 };
        assert!(close as f64 >= share * samples.len() as f64, "{way}: {close} of {}", samples.len());
    }
}

/// A pod's, container's or the node's samples by name, from the millisecond stamps.
fn stamped(pages: &[ResourcePage]) -> BTreeMap<String, BTreeMap<i64, u64>> {
    let mut all: BTreeMap<String, BTreeMap<i64, u64>> = BTreeMap::new();
    for page in pages {
        let pods = page.pods.iter().map(|pod| (pod.pod.to_string(), &pod.sample));
        let containers = page
            .containers
            .iter()
            .map(|container| (format!("{}/{}", container.pod, container.container), &container.sample));
        let node = std::iter::once(("node".to_owned(), &page.node));
        for (name, sample) in pods.chain(containers).chain(node) {
            if let Some(cpu) = sample.cpu_usage_ns {
                all.entry(name).or_default().insert(cpu.at_ms, cpu.value);
            }
        }
    }
    all
}

/// Each stats object of a summary under the same names, with the path of its cgroup.
fn stats<'a>(series: &Series, summary: &'a Value) -> Vec<(String, String, &'a Value)> {
    let mut all = vec![("node".to_owned(), "/".to_owned(), &summary["node"])];
    for pod in summary["pods"].as_array().unwrap() {
        let name = pod["podRef"]["name"].as_str().unwrap();
        let uid = pod["podRef"]["uid"].as_str().unwrap();
        let path = |container: Option<&str>| {
            let mut found = series.identities.iter().filter(|(_, (kind, identity))| {
                let Some(identity) = identity else { return false };
                let named = identity.container.as_ref().map(|container| &*container.name);
                identity.pod.as_ref().is_some_and(|pod| &*pod.uid == uid)
                    && match container {
                        None => matches!(kind, UnitKind::Pod { .. }),
                        Some(name) => named == Some(name),
                    }
            });
            let path = found.next().unwrap_or_else(|| panic!("{name} {container:?}: not found")).0.clone();
            assert!(found.next().is_none(), "{name} {container:?}: found twice");
            path
        };
        all.push((name.to_owned(), path(None), pod));
        for container in pod["containers"].as_array().unwrap() {
            let inner = container["name"].as_str().unwrap();
            all.push((format!("{name}/{inner}"), path(Some(inner)), container));
        }
    }
    all
}

/// usageNanoCores is the rate between the two newest of cAdvisor's samples; memory is that of one instant.
#[test]
fn the_kubelets_own_figures_follow_from_the_raw_counters() {
    let Some(series) = open() else { return };
    let pages: Vec<ResourcePage> =
        series.polls.iter().map(|(at, _, text)| page::parse(text, stamp(*at))).collect();
    let stamped = stamped(&pages);
    let (mut rates, mut within, mut exact, mut moved) = (0, 0, 0, 0);
    let (mut worst, mut names) = (0f64, std::collections::BTreeSet::new());
    let (mut skipped, mut interpolated) = (0, 0f64);
    for (_, summary, _) in &series.polls {
        for (name, path, stats) in stats(&series, summary) {
            names.insert(name.clone());
            let rows: Vec<&Row> =
                series.passes.iter().filter_map(|pass| pass.iter().find(|row| row.path == path)).collect();
            let cumulative = stats["cpu"]["usageCoreNanoSeconds"].as_u64();
            let found = stamped.get(&name).zip(cumulative).and_then(|(samples, cumulative)| {
                let second = seconds(stats["cpu"]["time"].as_str()?);
                let (&to, &value) = samples
                    .iter()
                    .find(|(at, value)| **at / 1000 == second && value.abs_diff(cumulative) < 2_000)?;
                let (&from, &before) = samples.range(..to).next_back()?;
                Some((from, to, before, value))
            });
            let covered = found.filter(|(from, to, ..)| {
                rows[0].at_ns <= from * MS && rows.last().unwrap().at_ns >= to * MS && to - from < 30_000
            });
            if let (Some((from, to, before, value)), Some(theirs)) =
                (covered, stats["cpu"]["usageNanoCores"].as_u64())
            {
                let ours = (value - before) as f64 / (to - from) as f64 * 1000.0;
                // A sample that fell between two polls was never seen, so the pair is another.
                if (ours - theirs as f64).abs() > 50_000.0 && to - from > 20_000 {
                    skipped += 1;
                } else {
                    rates += 1;
                    // The kubelet divides by nanoseconds and tells milliseconds: at the node's 1.5 cores the cut
                    // is more than 0.05m.
                    let cut = if name == "node" { theirs as f64 / (to - from) as f64 } else { 0.0 };
                    within += usize::from((ours - theirs as f64).abs() <= 50_000.0 + cut);
                    if name != "node" {
                        worst = worst.max((ours - theirs as f64).abs());
                    }
                    if (ours - theirs as f64).abs() > 50_000.0 {
                        println!("{name}: {ours:.0} {theirs} over {} ms", to - from);
                    }
                    let raw = |at_ms: i64| usage_at(&rows, at_ms * MS);
                    let by_raw = (raw(to) - raw(from)) / (to - from) as f64 * 1e6;
                    interpolated =
                        interpolated.max((by_raw - theirs as f64).abs() / (theirs as f64).max(1e7));
                }
            }
            for (key, field) in [
                ("workingSetBytes", None),
                ("rssBytes", Some(Field::Anon)),
                ("pageFaults", Some(Field::Pgfault)),
                ("majorPageFaults", Some(Field::Pgmajfault)),
            ] {
                let (Some(theirs), Some(time)) =
                    (stats["memory"][key].as_u64(), stats["memory"]["time"].as_str())
                else {
                    continue;
                };
                let from = seconds(time) * 1000 * MS;
                let around = around(&rows, from, from + 1000 * MS);
                // A file that was written and removed between two readings shows in neither of them; a cgroup
                // that used no CPU did nothing of the kind.
                let used: Vec<u64> =
                    around.iter().filter_map(|row| row.values.get(Field::UsageUsec)).collect();
                let is_idle = used.first() == used.last() || key.ends_with("Faults");
                let ours: Vec<u64> = around
                    .iter()
                    .filter_map(|row| match field {
                        Some(field) => row.values.get(field),
                        None => podometer::model::unit::working_set_bytes(&row.values),
                    })
                    .collect();
                let (Some(&low), Some(&high)) = (ours.iter().min(), ours.iter().max()) else { continue };
                if ours.len() < 2 {
                    continue;
                }
                if low == high && theirs != low && !is_idle {
                    moved += 1;
                } else if low == high {
                    assert_eq!(theirs, low, "{name} {key} stood still at {time}");
                    exact += 1;
                } else {
                    moved += 1;
                    let slack = (high - low) / 2 + 1_048_576;
                    assert!(
                        theirs + slack >= low && theirs <= high + slack,
                        "{name} {key}: {theirs} not in {low}..{high}"
                    );
                }
            }
        }
    }
    println!(
        "{} names; usageNanoCores: {within} of {rates} within 0.05m (worst {:.4}m), {skipped} pairs with a sample \
         that no poll saw; from interpolated raw counters the worst is {:.2} %",
        names.len(),
        worst / 1e6,
        interpolated * 100.0
    );
    println!(
        "memory and faults: {exact} equal to the digit where the kernel's value stood still, {moved} moved"
    );
    assert_eq!(names.len(), 13, "node, 4 pods, 8 containers");
    assert!(rates >= 60 && within == rates, "{within} of {rates}");
    assert!(exact >= 300, "{exact}");
}

fn seconds(text: &str) -> i64 {
    let at = humantime::parse_rfc3339(text).unwrap();
    at.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() as i64
}

fn usage_at(rows: &[&Row], at_ns: i64) -> f64 {
    let next = rows.iter().position(|row| row.at_ns >= at_ns).unwrap().max(1);
    let usage = |row: &Row| row.values.get(Field::UsageUsec).unwrap() as f64;
    let (before, after) = (rows[next - 1], rows[next]);
    let share = (at_ns - before.at_ns) as f64 / (after.at_ns - before.at_ns) as f64;
    usage(before) + (usage(after) - usage(before)) * share
}

/// The readings within a span and the ones just outside.
fn around<'a>(rows: &[&'a Row], from: i64, to: i64) -> Vec<&'a Row> {
    let first = rows.iter().rposition(|row| row.at_ns <= from);
    let last = rows.iter().position(|row| row.at_ns >= to);
    match (first, last) {
        (Some(first), Some(last)) => rows[first..=last].to_vec(),
        _ => Vec::new(),
    }
}
