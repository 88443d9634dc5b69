//! The names that may stand in a query: those of our own tables, as the golden files and the schema have them, and
//! those of others by who exports them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use podometer::encode::schema::{injector, target};

/// Whose name it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Owner {
    Agent,
    Load,
    Target,
    /// What the agent also says by option, and kube-state-metrics in any case.
    KubeStateMetrics,
    Felix,
    /// Any Go program, Prometheus among them.
    Go,
    Injector,
    ApiServer,
    Prometheus,
}

/// Names of others, each as its documentation has it.
const OTHERS: &[(Owner, &[&str])] = &[
    (
        Owner::KubeStateMetrics,
        &[
            "kube_deployment_status_replicas_available",
            "kube_horizontalpodautoscaler_spec_max_replicas",
            "kube_horizontalpodautoscaler_spec_min_replicas",
            "kube_horizontalpodautoscaler_status_current_replicas",
            "kube_horizontalpodautoscaler_status_desired_replicas",
            "kube_job_failed",
            "kube_pod_owner",
        ],
    ),
    (
        Owner::Felix,
        &[
            "felix_cluster_num_workload_endpoints",
            "felix_iptables_perf",
            "k8sfv_occupancy_increase_percent",
            "k8sfv_occupancy_mean_bytes",
        ],
    ),
    (Owner::Go, &["go_gc_duration_seconds", "go_memstats_heap_inuse_bytes", "process_virtual_memory_bytes"]),
    (Owner::ApiServer, &["apiserver_admission_webhook_fail_open_count"]),
    (Owner::Prometheus, &["up"]),
];

/// A run's verdict, which its golden page of numbers does not hold.
const VERDICT: &str = "k8sfv_test_result";

pub(crate) fn golden(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every metric of Prometheus by its name.
pub(crate) fn metrics() -> BTreeMap<String, Owner> {
    let mut known = BTreeMap::new();
    for line in golden("names.txt").lines().filter_map(|line| line.strip_prefix("  ")) {
        let (name, rest) = line.split_once(' ').unwrap();
        let owner = if name.starts_with("kube_") { Owner::KubeStateMetrics } else { Owner::Agent };
        add(&mut known, name, owner, rest.starts_with("histogram"));
    }
    for line in golden("node_families.txt").lines().filter(|line| !line.starts_with(' ')) {
        add(&mut known, line.split(' ').next().unwrap(), Owner::Agent, false);
    }
    for page in ["load_metrics.txt", "load_pushed.txt"] {
        for line in golden(page).lines().filter_map(|line| line.strip_prefix("# TYPE ").map(str::to_owned)) {
            let (name, kind) = line.split_once(' ').unwrap();
            add(&mut known, name, Owner::Load, kind == "histogram");
        }
    }
    add(&mut known, VERDICT, Owner::Load, false);
    add(&mut known, target::NODE_REQUESTS.0, Owner::Target, false);
    add(&mut known, target::NODE_DURATION.0, Owner::Target, true);
    add(&mut known, target::DURATION.0, Owner::Target, true);
    for family in &injector::FAMILIES {
        add(&mut known, family.name, Owner::Injector, false);
    }
    for (owner, names) in OTHERS {
        for name in *names {
            add(&mut known, name, *owner, false);
        }
    }
    known
}

/// The labels of every metric of the agent.
pub(crate) fn labels() -> BTreeMap<String, BTreeSet<String>> {
    let mut known: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in golden("names.txt").lines().filter_map(|line| line.strip_prefix("  ")) {
        let (name, rest) = line.split_once(' ').unwrap();
        let inner = rest.split_once('{').unwrap().1.trim_end_matches('}');
        known.entry(name.to_owned()).or_default().extend(inner.split(',').map(str::to_owned));
    }
    let mut current = String::new();
    for line in golden("node_families.txt").lines() {
        match line.strip_prefix("  [") {
            Some(row) => {
                let names = row.split("(\"").skip(1).filter_map(|pair| pair.split('"').next());
                known.entry(current.clone()).or_default().extend(names.map(str::to_owned));
            }
            None => line.split(' ').next().unwrap().clone_into(&mut current),
        }
    }
    known
}

fn add(known: &mut BTreeMap<String, Owner>, name: &str, owner: Owner, is_histogram: bool) {
    known.entry(name.to_owned()).or_insert(owner);
    if is_histogram {
        for part in ["_bucket", "_sum", "_count"] {
            known.entry(format!("{name}{part}")).or_insert(owner);
        }
    }
}

/// The fields and tags of every measurement.
pub(crate) fn measurements() -> BTreeMap<String, BTreeSet<String>> {
    let mut known: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut current = String::new();
    for line in golden("host_measurements.txt").lines() {
        match line.strip_prefix("  ") {
            Some(inner) => {
                let name = inner.split(' ').nth(1).unwrap();
                known.entry(current.clone()).or_default().insert(name.to_owned());
            }
            None => line.clone_into(&mut current),
        }
    }
    for file in
        ["influx_kubernetes.txt", "influx_scraped_jvm.txt", "load_jmeter.influx.txt", "load_k6.influx.txt"]
    {
        for line in golden(file).lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let (key, rest) = cut(line, ' ');
            let (measurement, tags) = cut(key, ',');
            let names = known.entry(measurement.to_owned()).or_default();
            names.extend(pairs(tags).into_iter().chain(pairs(cut(rest, ' ').0)));
        }
    }
    for (measurement, names) in ABOUT_ITSELF {
        known.entry((*measurement).to_owned()).or_default().extend(names.iter().map(ToString::to_string));
    }
    // Parts of a request that the golden second has none of.
    for part in ["blocked", "connecting", "sending", "receiving", "waiting"] {
        known.entry(format!("http_req_{part}")).or_default().insert("value".to_owned());
    }
    known
}

/// `encode::schema::internal`, whose golden files are of whole agents.
const ABOUT_ITSELF: &[(&str, &[&str])] = &[
    ("internal_agent", &["host", "gather_errors", "metrics_dropped", "metrics_written"]),
    ("internal_gather", &["host", "input", "gather_time_ns"]),
    ("internal_write", &["host", "output", "write_time_ns"]),
];

/// Up to the first such character that is neither escaped nor quoted, and what follows.
fn cut(text: &str, at: char) -> (&str, &str) {
    let (mut is_escaped, mut is_quoted) = (false, false);
    for (place, each) in text.char_indices() {
        match each {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            _ if each == at && !is_quoted => return (&text[..place], &text[place + 1..]),
            _ => {}
        }
    }
    (text, "")
}

fn pairs(text: &str) -> Vec<String> {
    let (mut names, mut rest) = (Vec::new(), text);
    while !rest.is_empty() {
        let (pair, behind) = cut(rest, ',');
        names.push(cut(pair, '=').0.replace('\\', ""));
        rest = behind;
    }
    names
}
