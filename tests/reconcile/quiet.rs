//! `top` on the recorded node is what metrics-server would have said of the recorded `/metrics/resource`.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use podometer::model::metrics_api::MetricsPage;
use podometer::model::reconciled::{Cause, Reconciled, SourceKind, View};
use podometer::reconcile::{Config, Reconciler};
use serde_json::Value;

use crate::metrics_server::MetricsServer;
use crate::page;
use crate::recorded::{MS, Series, open, stamp};

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
