//! Truth by replay: on recorded nodes of both cgroup drivers every pod and container is found and named, and
//! every value is what the kubelet said at the same moment, as far as its timestamps tell.
//!
//! `cargo test --test replay -- --nocapture` prints the table of differences.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "tests fail by panicking and print tables"
)]

mod kubelet;
mod recording;
mod resource;

use std::collections::BTreeSet;

use kubelet::{Said, rows, said};
use podometer::model::field::{Field, File, Limit};
use podometer::model::identity::{ContainerRole, UnitKind};
use podometer::model::snapshot::Snapshot;
use podometer::model::unit::{Unit, memory_usage_bytes};
use recording::Recording;
use serde_json::Value;

/// How a value may move between two of the kubelet's samples.
#[derive(Clone, Copy, PartialEq)]
enum Nature {
    Counter,
    Gauge,
    /// A gauge of a cgroup that took no page fault between the samples.
    QuietGauge,
}

/// One comparison: ours at an instant, the kubelet's around it.
struct Compared {
    who: String,
    what: &'static str,
    ours: f64,
    before: Option<f64>,
    after: Option<f64>,
    exact: bool,
    holds: bool,
}

#[derive(Default)]
struct Table {
    rows: Vec<Compared>,
}

impl Table {
    /// Ours, recorded at `at`, must lie between what the kubelet said before and after; where it said the same
    /// twice the counter did not move and ours must be equal. So must a gauge, if the cgroup was quiet between.
    fn compare(
        &mut self,
        who: &str,
        what: &'static str,
        nature: Nature,
        ours: f64,
        at: f64,
        all: &[Option<Said>],
    ) {
        let all = || all.iter().flatten();
        let before = all().filter(|said| said.at + said.slack <= at).max_by(|a, b| a.at.total_cmp(&b.at));
        let after = all().filter(|said| said.at >= at).min_by(|a, b| a.at.total_cmp(&b.at));
        let (before, after) = (before.map(|said| said.value), after.map(|said| said.value));
        // Prometheus text of floats: 0.899977 is not exactly 899977 / 1e6.
        let near = |a: f64, b: f64| (a - b).abs() <= a.abs().max(b.abs()) * 1e-12;
        let exact = matches!((before, after), (Some(before), Some(after)) if near(before, after));
        let holds = match (nature, before, after) {
            (Nature::Counter | Nature::QuietGauge, Some(before), Some(_)) if exact => near(ours, before),
            (Nature::Counter, _, _) => {
                before.is_none_or(|before| ours >= before || near(ours, before))
                    && after.is_none_or(|after| ours <= after || near(ours, after))
            }
            // A gauge that moved says nothing about the instants between; the table shows it.
            (Nature::Gauge | Nature::QuietGauge, _, _) => true,
        };
        self.rows.push(Compared { who: who.to_owned(), what, ours, before, after, exact, holds });
    }

    fn finish(self, driver: &str) {
        println!("\n{driver}: ours between the kubelet's sample before and after (= exact)");
        for row in &self.rows {
            let show = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{value}"));
            let mark = if !row.holds {
                "WRONG"
            } else if row.exact {
                "="
            } else {
                ""
            };
            let (before, after) = (show(row.before), show(row.after));
            println!("{:<42} {:<24} {:>16} {before:>16} {after:>16} {mark}", row.who, row.what, row.ours);
        }
        let exact = self.rows.iter().filter(|row| row.exact).count();
        let wrong: Vec<String> = self
            .rows
            .iter()
            .filter(|row| !row.holds)
            .map(|row| {
                format!("{} {}: {} not in {:?}..{:?}", row.who, row.what, row.ours, row.before, row.after)
            })
            .collect();
        println!(
            "{driver}: {} comparisons, {exact} to the last digit, {} wrong",
            self.rows.len(),
            wrong.len()
        );
        assert!(self.rows.len() > 150 && exact > 100, "too little was compared");
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}

fn find<'a>(snapshot: &'a Snapshot, uid: &str, container: Option<&str>) -> &'a Unit {
    let mut matching = snapshot.units.iter().filter(|unit| {
        let Some(identity) = &unit.identity else { return false };
        let named = identity.container.as_ref().filter(|info| info.role != ContainerRole::Sandbox);
        identity.pod.as_ref().is_some_and(|pod| *pod.uid == *uid)
            && match container {
                Some(name) => named.is_some_and(|info| *info.name == *name),
                None => unit.is_pod(),
            }
    });
    let found = matching.next().unwrap_or_else(|| panic!("{uid} {container:?}: not found"));
    assert!(matching.next().is_none(), "{uid} {container:?}: found twice");
    found
}

/// Compares one unit with the kubelet's two summaries.
fn compare_summary(table: &mut Table, recording: &Recording, who: &str, unit: &Unit, summaries: &[&Value]) {
    let path = &unit.cgroup.path;
    let values = &unit.values;
    let all = |group: &str, keys: &[&str]| -> Vec<Option<Said>> {
        summaries.iter().map(|stats| said(stats, group, keys)).collect()
    };
    let cpu_at = recording.read_at(path, "cpu.stat");
    let usage = values.get(Field::UsageUsec).unwrap() as f64 * 1000.0;
    table.compare(
        who,
        "usageCoreNanoSeconds",
        Nature::Counter,
        usage,
        cpu_at,
        &all("cpu", &["usageCoreNanoSeconds"]),
    );
    let stat_at = recording.read_at(path, "memory.stat");
    let faults: Vec<f64> = all("memory", &["pageFaults"]).iter().flatten().map(|said| said.value).collect();
    let is_quiet = faults.windows(2).all(|pair| pair[0].to_bits() == pair[1].to_bits());
    let gauge = if is_quiet { Nature::QuietGauge } else { Nature::Gauge };
    for (what, field, nature) in [
        ("rssBytes", Field::Anon, gauge),
        ("pageFaults", Field::Pgfault, Nature::Counter),
        ("majorPageFaults", Field::Pgmajfault, Nature::Counter),
    ] {
        let ours = values.get(field).unwrap() as f64;
        table.compare(who, what, nature, ours, stat_at, &all("memory", &[what]));
    }
    let usage = memory_usage_bytes(values).unwrap() as f64;
    table.compare(who, "usageBytes", gauge, usage, stat_at, &all("memory", &["usageBytes"]));
    let working_set = unit.memory.working_set_bytes.unwrap() as f64;
    table.compare(who, "workingSetBytes", gauge, working_set, stat_at, &all("memory", &["workingSetBytes"]));
    for (group, file, some, full) in [
        ("cpu", File::CpuPressure, Field::CpuSomeTotal, Field::CpuFullTotal),
        ("memory", File::MemoryPressure, Field::MemorySomeTotal, Field::MemoryFullTotal),
        ("io", File::IoPressure, Field::IoSomeTotal, Field::IoFullTotal),
    ] {
        for (which, field) in [("some", some), ("full", full)] {
            // The node's pressure comes from /proc/pressure, whose totals are read elsewhere.
            let Some(ours) = values.get(field) else { continue };
            // The kernel settles a pressure total when it is read, so one that is served later may have been
            // settled before: only a total that stood still can be held to the digit.
            let at = recording.read_at(path, file.name());
            table.compare(
                who,
                "psi total",
                Nature::Gauge,
                ours as f64,
                at,
                &all(group, &["psi", which, "total"]),
            );
        }
    }
}

fn compare_resource(table: &mut Table, recording: &Recording, snapshot: &Snapshot, summary: &Value) {
    let text = recording.text("metrics-resource.txt");
    for (family, what) in [
        ("container_cpu_usage_seconds_total", "cpu seconds"),
        ("pod_cpu_usage_seconds_total", "cpu seconds"),
        ("container_memory_working_set_bytes", "working set"),
        ("pod_memory_working_set_bytes", "working set"),
    ] {
        let rows = rows(&text, family, 0.0);
        assert!(!rows.is_empty(), "{family}");
        for row in rows {
            let (namespace, name) = (row.label("namespace"), row.label("pod"));
            let container = Some(row.label("container")).filter(|name| !name.is_empty());
            let pods = summary["pods"].as_array().unwrap().iter();
            let mut pods = pods.map(|pod| &pod["podRef"]);
            let Some(pod) = pods.find(|pod| pod["name"] == name && pod["namespace"] == namespace) else {
                // A pod that the kubelet's summary omits: it crashed, and its cgroup is gone.
                continue;
            };
            let unit = find(snapshot, pod["uid"].as_str().unwrap(), container);
            let who = format!("{name} {}", container.unwrap_or("(pod)"));
            let path = &unit.cgroup.path;
            if what == "cpu seconds" {
                let ours = unit.values.get(Field::UsageUsec).unwrap() as f64 / 1e6;
                let at = recording.read_at(path, "cpu.stat");
                table.compare(&who, what, Nature::Counter, ours, at, &[Some(row.said)]);
            } else {
                let ours = unit.memory.working_set_bytes.unwrap() as f64;
                let at = recording.read_at(path, "memory.stat");
                table.compare(&who, what, Nature::Gauge, ours, at, &[Some(row.said)]);
            }
        }
    }
}

/// The families of /metrics/cadvisor that are one kernel number, scaled.
const CADVISOR: &[(&str, Field, f64, Nature)] = &[
    ("container_cpu_usage_seconds_total", Field::UsageUsec, 1e-6, Nature::Counter),
    ("container_cpu_user_seconds_total", Field::UserUsec, 1e-6, Nature::Counter),
    ("container_cpu_system_seconds_total", Field::SystemUsec, 1e-6, Nature::Counter),
    ("container_cpu_cfs_periods_total", Field::NrPeriods, 1.0, Nature::Counter),
    ("container_cpu_cfs_throttled_periods_total", Field::NrThrottled, 1.0, Nature::Counter),
    ("container_cpu_cfs_throttled_seconds_total", Field::ThrottledUsec, 1e-6, Nature::Counter),
    ("container_memory_max_usage_bytes", Field::MemoryPeak, 1.0, Nature::Counter),
    ("container_memory_cache", Field::FileCache, 1.0, Nature::Gauge),
    ("container_memory_rss", Field::Anon, 1.0, Nature::Gauge),
    ("container_spec_memory_limit_bytes", Field::MemoryMax, 1.0, Nature::Counter),
];

fn compare_cadvisor(table: &mut Table, recording: &Recording, snapshot: &Snapshot) {
    let text = recording.text("metrics-cadvisor.txt");
    for &(family, field, scale, nature) in CADVISOR {
        let mut met = 0;
        for row in rows(&text, family, 1.796e9) {
            let id = row.label("id");
            let Some(unit) = snapshot.units.iter().find(|unit| *unit.cgroup.path == *id) else {
                // Some scopes came after the tree was recorded.
                continue;
            };
            let ours = match unit.values.limit(field) {
                Some(Limit::At(number)) => number as f64 * scale,
                Some(Limit::Max) => 0.0,
                None => continue,
            };
            met += 1;
            // cAdvisor works on nanoseconds in integers and divides once, as we scale once.
            let at = recording.read_at(id, field.file().name());
            let who = id.rsplit('/').next().unwrap().chars().take(40).collect::<String>();
            table.compare(&who, family, nature, ours, at, &[Some(row.said)]);
        }
        assert!(met >= 3, "{family}: only {met} rows met");
    }
}

fn replay(driver: &str) {
    let Some(recording) = Recording::open(driver) else { return };
    let snapshot = recording.snapshot("pods.json");
    let before = recording.json("stats-summary.json");
    let after = recording.json("stats-summary-after.json");
    let mut table = Table::default();

    let list = |summary: &Value| summary["pods"].as_array().unwrap().clone();
    for pod in &list(&before) {
        let reference = &pod["podRef"];
        let uid = reference["uid"].as_str().unwrap();
        let name = reference["name"].as_str().unwrap();
        let later = list(&after).into_iter().find(|later| later["podRef"]["uid"] == uid).unwrap();
        let unit = find(&snapshot, uid, None);
        compare_summary(&mut table, &recording, &format!("{name} (pod)"), unit, &[pod, &later]);
        for container in pod["containers"].as_array().unwrap() {
            let name_of = container["name"].as_str().unwrap();
            let later = later["containers"].as_array().unwrap();
            let Some(later) = later.iter().find(|later| later["name"] == name_of) else { continue };
            let unit = find(&snapshot, uid, Some(name_of));
            // A container that restarted in between is another one.
            if container["startTime"] != later["startTime"] {
                continue;
            }
            compare_summary(&mut table, &recording, &format!("{name} {name_of}"), unit, &[container, later]);
        }
    }
    let root = &snapshot.units[0];
    compare_summary(&mut table, &recording, "node", root, &[&before["node"], &after["node"]]);
    compare_resource(&mut table, &recording, &snapshot, &before);
    compare_cadvisor(&mut table, &recording, &snapshot);
    table.finish(driver);
}

fn identity(driver: &str, pods: &str) {
    let Some(recording) = Recording::open(driver) else { return };
    let snapshot = recording.snapshot(pods);
    let mut roles = [0; 4];
    let mut classes = BTreeSet::new();
    let (mut pods_seen, mut sandboxes) = (0, 0);
    for unit in &snapshot.units {
        match &unit.cgroup.kind {
            UnitKind::Pod { qos, .. } => {
                classes.insert(qos.name());
                pods_seen += 1;
                let identity = unit.identity.as_ref().unwrap_or_else(|| panic!("{}", unit.cgroup.path));
                assert!(!identity.pod.as_ref().unwrap().name.is_empty());
            }
            UnitKind::Container { .. } => {
                let identity = unit.identity.as_ref().unwrap_or_else(|| panic!("{}", unit.cgroup.path));
                let container = identity.container.as_ref().unwrap_or_else(|| panic!("{}", unit.cgroup.path));
                match container.role {
                    ContainerRole::App => roles[0] += 1,
                    ContainerRole::Init => roles[1] += 1,
                    ContainerRole::Sidecar => roles[2] += 1,
                    ContainerRole::Ephemeral => roles[3] += 1,
                    ContainerRole::Sandbox => sandboxes += 1,
                }
            }
            _ => assert!(
                !unit.cgroup.path.contains("pod")
                    || matches!(unit.cgroup.kind, UnitKind::AllPods | UnitKind::Qos(_)),
                "{}: missed",
                unit.cgroup.path
            ),
        }
    }
    println!(
        "{driver} by {pods}: {pods_seen} pods, {roles:?} app/init/sidecar/ephemeral, {sandboxes} sandboxes"
    );
    assert_eq!(sandboxes, pods_seen, "one pause container a pod");
    assert_eq!(classes.len(), 3, "{classes:?}");
    assert!(roles[0] >= 15 && roles[2] == 1, "{roles:?}");
    let names: BTreeSet<&str> =
        snapshot.units.iter().filter_map(|unit| Some(&*unit.identity.as_ref()?.pod.as_ref()?.name)).collect();
    assert!(names.contains("static-two-vm"), "the static pod is joined by its config hash: {names:?}");
}

#[test]
fn systemd_driver_values_are_the_kubelets() {
    replay("systemd");
}

#[test]
fn cgroupfs_driver_values_are_the_kubelets() {
    replay("cgroupfs");
}

#[test]
fn every_pod_and_container_is_named_from_kubelet_and_api_lists() {
    for driver in ["systemd", "cgroupfs"] {
        for pods in ["pods.json", "api-pods.json"] {
            identity(driver, pods);
        }
    }
}
