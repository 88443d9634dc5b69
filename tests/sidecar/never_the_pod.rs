//! The founding bug: a sidecar in a private cgroup namespace reads its own leaf, and the pod looks many times too
//! small. Every family of every page and every measurement is asked.

use std::path::Path;
use std::sync::Arc;

use podometer::encode::document;
use podometer::encode::influx::{Limits as BatchLimits, Options, Precision, Producer};
use podometer::encode::prometheus::{Encoder, Format, LabelCache, Options as PageOptions, Page};
use podometer::encode::schema::kubernetes::NodeFacts;
use podometer::identity::Directory;
use podometer::model::report::AgentReport;
use podometer::model::scope::Scope;
use podometer::model::snapshot::Snapshot;
use podometer::sampler::clock::KernelClock;
use podometer::sampler::{Config, Feeds, Sampler};
use podometer::source::cgroup::{Limits, Tree};

use crate::recorded::Node;

/// What the agent knows of a leaf, with the names of all pods of the node at hand.
fn seen(leaf: &Path, names: &[u8]) -> Arc<Snapshot> {
    let tree = Tree::open_own(leaf, Limits::default()).unwrap();
    let feeds = Feeds::default();
    feeds.directory.store(Arc::new(Directory::parse("pods", names, &[], 1).unwrap()));
    let mut sampler = Sampler::new(tree, KernelClock, Config::default(), feeds.clone(), "vm".into());
    sampler.tick();
    sampler.publish();
    feeds.snapshot.load_full().unwrap()
}

fn page(snapshot: &Arc<Snapshot>, page: Page) -> String {
    let plan = LabelCache::new(Format::Text).plan(snapshot.clone(), page);
    let options = PageOptions {
        cadvisor_pod_rows: true,
        kube_state_metrics_names: true,
        short_names: true,
        ..PageOptions::default()
    };
    let mut out = Vec::new();
    Encoder::new(plan, Arc::new(AgentReport::default()), Format::Text, options).finish(&mut out);
    String::from_utf8(out).unwrap()
}

fn points(snapshot: &Snapshot) -> String {
    let mut producer = Producer::new(Options {
        host: "vm".to_owned(),
        tags: Vec::new(),
        precision: Precision::Ns,
        limits: BatchLimits::default(),
        filter: podometer::encode::influx::Filter::default(),
        node_facts: |_| NodeFacts::default(),
    });
    let batches = producer.encode_snapshot(snapshot, &mut []);
    batches.iter().map(|batch| String::from_utf8(batch.body.to_vec()).unwrap()).collect()
}

#[test]
fn a_sidecar_never_calls_its_own_cgroup_the_pod() {
    let mut asked = 0;
    for driver in ["systemd", "cgroupfs"] {
        let Some(node) = Node::open(driver) else { return };
        let names = std::fs::read(node.folder.join("pods.json")).unwrap();
        for leaf in node.pods().values().flatten() {
            let snapshot = seen(leaf, &names);
            assert_eq!(snapshot.scope, Scope::OwnContainer);
            for each in Page::ALL {
                let text = page(&snapshot, each);
                for line in text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
                    for label in ["pod", "namespace", "container", "uid", "id"] {
                        assert!(!line.contains(&format!("{label}=\"")), "{}: {line}", each.path());
                    }
                    for family in [
                        "pod_",
                        "container_",
                        "kube_",
                        "podometer_pod_",
                        "podometer_container_",
                        "podometer_unit_",
                        "node_cpu_usage",
                        "node_memory_working",
                    ] {
                        assert!(!line.starts_with(family), "{}: {line}", each.path());
                    }
                }
            }
            // It is there, under a name that cannot be mistaken, and it is the leaf's.
            let usage = std::fs::read_to_string(leaf.join("cpu.stat")).unwrap();
            let usage: u64 = usage.split_whitespace().nth(1).unwrap().parse().unwrap();
            let metrics = page(&snapshot, Page::Metrics);
            let row = metrics
                .lines()
                .find_map(|line| line.strip_prefix("podometer_own_container_cpu_usage_seconds_total "));
            assert_eq!((row.unwrap().parse::<f64>().unwrap() * 1e6).round() as u64, usage);

            let points = points(&snapshot);
            assert!(points.starts_with("podometer_own_container,"), "{points}");
            for name in ["kubernetes_", "pod_name", "namespace", "container_name", "container_id", "pod_uid"]
            {
                assert!(!points.contains(name), "{points}");
            }
            let document = document::pods(&snapshot);
            assert_eq!((document.pods.len(), document.root, &*document.scope), (0, None, "own_container"));
            let kinds: Vec<&str> = document.units.iter().map(|row| &*row.kind).collect();
            assert_eq!(kinds, ["own_container"]);
            assert!(document.units[0].pod.is_none() && document.units[0].uid.is_none());
            asked += 1;
        }
    }
    assert!(asked > 50, "only {asked} leaves");
}
