//! `podometer top pods --compare` on the recorded node: what kubectl would have printed of the recorded
//! `/metrics/resource`, beside what the agent makes of the recorded counters.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use podometer::encode::document::{self, DriftFilter};
use podometer::model::metrics_api::{MetricsPage, PodUsage};
use podometer::model::snapshot::Snapshot;
use podometer::reconcile::{Config, Reconciler};
use serde_json::Value;

use crate::metrics_server::MetricsServer;
use crate::page;
use crate::recorded::{MS, open, stamp};

/// One answer of metrics-server, and the agent's document of the second before the next one.
struct Moment {
    pods: Vec<PodUsage>,
    document: String,
}

fn moments() -> Option<Vec<Moment>> {
    let series = open()?;
    let mut reconciler = Reconciler::new(Config::default());
    let mut server = MetricsServer::new(Duration::from_secs(15));
    let mut polls: VecDeque<(usize, &(i64, Value, String))> = series.polls.iter().enumerate().collect();
    let mut moments = Vec::new();
    let mut last: Option<(Vec<PodUsage>, Snapshot)> = None;
    let mut keep = |(pods, snapshot): (Vec<PodUsage>, Snapshot)| {
        let drift = document::drift(&snapshot, &DriftFilter::default());
        moments.push(Moment { pods, document: serde_json::to_string(&drift).unwrap() });
    };
    for (seq, pass) in series.passes.iter().enumerate() {
        while polls.front().is_some_and(|(_, poll)| poll.0 <= pass[0].at_ns) {
            let (place, (at, _, text)) = polls.pop_front().unwrap();
            if place % 3 == 0 {
                last.take().into_iter().for_each(&mut keep);
                server.scrape("vm", text);
                let fetched = stamp(at + 50 * MS);
                let pods = server.pods().into_iter().map(|served| served.usage).collect();
                reconciler.metrics(Arc::new(MetricsPage { fetched, pods, nodes: server.nodes() }));
            }
            reconciler.resource(&page::parse(text, stamp(*at)));
        }
        let mut snapshot = series.snapshot(pass, seq as u64 + 1);
        reconciler.observe(&snapshot);
        let now = stamp(pass.last().unwrap().at_ns + MS);
        snapshot.reconciled = Some(Arc::new(reconciler.conclude(now, &|_| None)));
        last = Some((server.pods().into_iter().map(|served| served.usage).collect(), snapshot));
    }
    last.into_iter().for_each(keep);
    moments.retain(|moment| !moment.pods.is_empty());
    Some(moments)
}

/// As kubectl prints them: CPU rounds up, memory down.
fn printed(pods: &[PodUsage]) -> String {
    let mut text = "NAMESPACE   NAME   CPU(cores)   MEMORY(bytes)   \n".to_owned();
    for pod in pods {
        let nanocores: u64 = pod.containers.iter().map(|container| container.cpu_nanocores).sum();
        let bytes: u64 = pod.containers.iter().map(|container| container.memory_bytes).sum();
        let (cpu, memory) = (nanocores.div_ceil(1_000_000), bytes >> 20);
        writeln!(text, "{}   {}   {cpu}m   {memory}Mi   ", pod.namespace, pod.name).unwrap();
    }
    text
}

/// Exit code and table.
fn compare(folder: &Path, top: &str, document: &str, bound: &str) -> (i32, String) {
    std::fs::write(folder.join("top"), top).unwrap();
    std::fs::write(folder.join("drift.json"), document).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_podometer"))
        .args(["top", "pods", "-A", "--compare", "top", "--document", "drift.json", "--bound", bound])
        .current_dir(folder)
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn the_recorded_node_is_within_ten_percent_of_kubectl_top() {
    let Some(moments) = moments() else { return };
    assert!(moments.len() >= 5, "{} answers", moments.len());
    let folder = tempfile::tempdir().unwrap();
    // The first answer is of a time before the recording: a pod in bursts is off, and the cause says so.
    let (code, table) = compare(folder.path(), &printed(&moments[0].pods), &moments[0].document, "10");
    println!("\n{table}");
    assert_eq!(code, 1, "{table}");
    let off: Vec<&str> = table.lines().filter(|line| line.contains(" cpu: ")).collect();
    assert_eq!(off, ["default/burst cpu: window: their window began before our history"]);
    for moment in &moments[1..] {
        let (code, table) = compare(folder.path(), &printed(&moment.pods), &moment.document, "10");
        println!("\n{table}");
        assert_eq!(code, 0, "{table}");
        let within = table.lines().filter(|line| line.ends_with("within")).count();
        assert_eq!(within, moment.pods.len(), "every pod is compared:\n{table}");
        assert!(!table.contains("unexplained"), "{table}");
    }
}

#[test]
fn a_kubectl_that_counts_otherwise_is_off() {
    let Some(moments) = moments() else { return };
    let moment = moments.last().unwrap();
    let folder = tempfile::tempdir().unwrap();
    // Half of what it was, for the pod that takes the most.
    let busy = |pod: &PodUsage| pod.containers.iter().map(|one| one.cpu_nanocores).sum::<u64>();
    let mut pods = moment.pods.clone();
    let busiest = pods.iter_mut().max_by_key(|pod| busy(pod)).unwrap();
    busiest.containers.iter_mut().for_each(|container| container.cpu_nanocores /= 2);
    let name = busiest.name.clone();
    let (code, table) = compare(folder.path(), &printed(&pods), &moment.document, "10");
    assert_eq!(code, 1, "{table}");
    let line = table.lines().find(|line| line.contains(&*name)).unwrap();
    assert!(line.ends_with("OFF") && line.contains(" window "), "{line}");
    assert!(table.contains("kubectl was answered of another window"), "{table}");
    let (code, table) = compare(folder.path(), &printed(&pods), &moment.document, "120");
    assert_eq!(code, 0, "{table}");
}
