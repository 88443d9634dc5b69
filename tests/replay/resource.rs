//! `/metrics/resource` in the kubelet's place: the same families and label sets as the recorded page, and a page
//! that metrics-server's parser takes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use podometer::encode::prometheus::{Encoder, Format, LabelCache, Options, Page};
use podometer::model::field::Field;
use podometer::model::node::{Memory, Node};
use podometer::model::snapshot::Snapshot;

use super::recording::Recording;

fn page(snapshot: &Arc<Snapshot>) -> String {
    let plan = LabelCache::new(Format::Text).plan(Arc::clone(snapshot), Page::Resource);
    let mut out = Vec::new();
    Encoder::new(plan, Arc::default(), Format::Text, Options::default()).finish(&mut out);
    String::from_utf8(out).unwrap()
}

/// Each sample's name with labels, as one text, and whether it has a time.
fn series(text: &str) -> BTreeMap<&str, bool> {
    let samples = text.lines().filter(|line| !line.starts_with('#'));
    samples
        .map(|line| {
            let end = line.find('}').map_or_else(|| line.find(' ').unwrap(), |brace| brace + 1);
            (&line[..end], line[end..].split_whitespace().count() == 2)
        })
        .collect()
}

fn comments(text: &str) -> BTreeSet<&str> {
    text.lines().filter(|line| line.starts_with('#')).collect()
}

fn pod_of(series: &str) -> &str {
    series.split("pod=\"").nth(1).map_or("", |rest| rest.split('"').next().unwrap())
}

#[test]
fn the_page_is_the_kubelets_to_the_label() {
    for driver in ["systemd", "cgroupfs"] {
        let Some(recording) = Recording::open(driver) else { return };
        let theirs = recording.text("metrics-resource.txt");
        let mut snapshot = (*recording.snapshot("pods.json")).clone();
        // The recorded node has no swap; its /proc is read by another test.
        let memory = Memory { swap_total: Some(0), swap_free: Some(0), ..Memory::default() };
        snapshot.node = Some(Arc::new(Node { memory, ..Node::default() }));
        let ours = page(&Arc::new(snapshot));
        assert_eq!(comments(&ours), comments(&theirs), "{driver}: HELP and TYPE");
        let (ours, theirs) = (series(&ours), series(&theirs));
        let summary = recording.json("stats-summary.json");
        let running: BTreeSet<&str> = summary["pods"]
            .as_array()
            .unwrap()
            .iter()
            .map(|pod| pod["podRef"]["name"].as_str().unwrap())
            .collect();
        // A pod that the kubelet omits, since it crashed or was just made, has a cgroup nevertheless, and the page
        // shows a container that crashed.
        for (name, has_time) in &theirs {
            let found = ours.get(name);
            assert!(found.is_some() || !running.contains(pod_of(name)), "{driver}: {name} is missing");
            assert!(found.is_none_or(|found| found == has_time), "{driver}: {name}: time");
        }
        let more: Vec<&&str> = ours.keys().filter(|name| !theirs.contains_key(*name)).collect();
        assert!(more.iter().all(|name| !running.contains(pod_of(name))), "{driver}: {more:?}");
        let shared = ours.keys().filter(|name| theirs.contains_key(*name)).count();
        assert!(shared >= 100, "{driver}: {shared} of {} series", theirs.len());
    }
}

/// CPU seconds and bytes, each with its time in milliseconds.
type Points = [Option<(f64, i64)>; 2];

/// What metrics-server takes from one page.
#[derive(Debug, Default, PartialEq)]
struct Batch {
    node: Points,
    containers: BTreeMap<(String, String, String), Points>,
    starts: usize,
}

/// metrics-server's parser: a series is taken by its name alone, labels are found by their text, a time is in
/// milliseconds. Source: metrics-server `pkg/scraper/client/resource/decode.go`.
fn metrics_server(text: &str) -> Batch {
    let mut batch = Batch::default();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let name = &line[..line.find(['{', ' ']).unwrap()];
        let mut words = line[line.rfind('}').map_or(name.len(), |brace| brace + 1)..].split_whitespace();
        let value: f64 = words.next().unwrap().parse().unwrap();
        let time = words.next().map(|word| word.parse::<i64>().unwrap());
        let label = |label: &str| {
            let found = line.split(&format!("{label}=\"")).nth(1);
            found.and_then(|rest| rest.split('"').next()).unwrap_or_default().to_owned()
        };
        let place = match name {
            "node_cpu_usage_seconds_total" | "container_cpu_usage_seconds_total" => 0,
            "node_memory_working_set_bytes" | "container_memory_working_set_bytes" => 1,
            "container_start_time_seconds" => {
                batch.starts += 1;
                continue;
            }
            _ => continue,
        };
        // Without a time metrics-server would take its own.
        let point = Some((value, time.unwrap()));
        if name.starts_with("node_") {
            batch.node[place] = point;
        } else {
            let container = (label("namespace"), label("pod"), label("container"));
            assert!(!container.0.is_empty() && !container.1.is_empty() && !container.2.is_empty(), "{line}");
            batch.containers.entry(container).or_default()[place] = point;
        }
    }
    batch
}

#[test]
fn metrics_server_takes_the_page() {
    for driver in ["systemd", "cgroupfs"] {
        let Some(recording) = Recording::open(driver) else { return };
        let snapshot = recording.snapshot("pods.json");
        let batch = metrics_server(&page(&snapshot));
        let now = snapshot.taken.wall_ms();
        let is_now =
            |point: Option<(f64, i64)>| point.is_some_and(|(_, at)| (now - 60_000..=now).contains(&at));
        assert!(batch.node.into_iter().all(is_now), "{driver}: {:?}", batch.node);
        let mut expected = 0;
        for unit in snapshot.units.iter().filter(|unit| unit.is_container() && !unit.is_sandbox()) {
            let Some(identity) = &unit.identity else { continue };
            let (pod, container) = (identity.pod.as_ref().unwrap(), identity.container.as_ref().unwrap());
            let key = (pod.namespace.to_string(), pod.name.to_string(), container.name.to_string());
            let found = batch.containers.get(&key).unwrap_or_else(|| panic!("{driver}: {key:?}"));
            let seconds = unit.values.get(Field::UsageUsec).unwrap() as f64 / 1e6;
            assert_eq!(found[0].map(|(value, _)| value.to_bits()), Some(seconds.to_bits()), "{key:?}");
            assert_eq!(
                found[1].map(|(value, _)| value as u64),
                Some(unit.memory.working_set_bytes.unwrap()),
                "{key:?}"
            );
            assert!(found.iter().copied().all(is_now), "{key:?}: {found:?}");
            // A pod with a container of no CPU or no memory is dropped whole.
            assert!(found.iter().flatten().all(|&(value, _)| value > 0.0), "{key:?} would be dropped");
            expected += 1;
        }
        assert_eq!(batch.containers.len(), expected, "{driver}: and nothing else");
        assert_eq!(batch.starts, expected, "{driver}: each has a start");
        println!("{driver}: metrics-server takes {expected} containers and the node");
    }
}
