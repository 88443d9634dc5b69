//! Injects each fault into nodes of known loads, and counts what its differences are called.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use podometer::model::metrics_api::MetricsPage;
use podometer::model::reconciled::{Cause, Difference, Reconciled, Resource, SourceKind};
use podometer::model::scope::Scope;
use podometer::model::snapshot::Snapshot;
use podometer::reconcile::{Config, Reconciler};

use crate::faults::{FAULTS, Fault, Pages};
use crate::metrics_server::MetricsServer;
use crate::world::World;

const WARM_UP_S: i32 = 100;
const SEEDS: u64 = 3;
const PODS: usize = 12;

/// A node, its sources and the agent.
struct Run {
    world: World,
    pages: Pages,
    server: MetricsServer,
    frozen: Option<MetricsPage>,
    reconciler: Reconciler,
    phases: (i32, i32),
}

impl Run {
    fn new(seed: u64) -> Run {
        let world = World::new(seed, PODS);
        let phases = ((seed * 3 % 10) as i32, (seed * 7 % 15) as i32);
        let server = MetricsServer::new(Duration::from_secs(15));
        let reconciler = Reconciler::new(Config::default());
        Run { world, pages: Pages::default(), server, frozen: None, reconciler, phases }
    }

    /// One second of all of them.
    fn step(&mut self, second: i32) -> Reconciled {
        self.world.step();
        let mut snapshot = self.world.snapshot();
        if self.pages.siblings {
            hide(&mut snapshot);
        }
        if std::mem::take(&mut self.pages.restart_agent) {
            self.reconciler = Reconciler::new(Config::default());
        }
        self.reconciler.observe(&snapshot);
        if (second - self.phases.0).rem_euclid(10) == 0 {
            let mut page = self.world.resource();
            for pod in &mut page.pods {
                if let (Some(factor), Some(cpu)) = (self.pages.kubelet_factor, &mut pod.sample.cpu_usage_ns) {
                    cpu.value = (cpu.value as f64 * factor) as u64;
                }
            }
            self.reconciler.resource(&page);
            self.reconciler.summary(self.world.summary());
        }
        if (second - self.phases.1).rem_euclid(15) == 0 && !self.pages.metrics_silent {
            let page = self.metrics();
            self.reconciler.metrics(Arc::new(page));
        }
        self.reconciler.conclude(self.world.stamp(), &|_| None)
    }

    fn metrics(&mut self) -> MetricsPage {
        self.server.scrape("vm", &self.world.text());
        let fetched = self.world.stamp();
        if let Some(frozen) = self.frozen.as_ref().filter(|_| self.pages.metrics_frozen) {
            return MetricsPage { fetched, ..frozen.clone() };
        }
        let pods = self.server.pods().into_iter().map(|served| served.usage).enumerate();
        let pods = pods.filter(|(place, _)| !self.pages.metrics_half || place % 2 == 0);
        let mut pods: Vec<_> = pods.map(|(_, pod)| pod).collect();
        if let Some(factor) = self.pages.metrics_factor {
            for container in pods.iter_mut().flat_map(|pod| &mut pod.containers) {
                container.cpu_nanocores = (container.cpu_nanocores as f64 * factor) as u64;
                container.memory_bytes = (container.memory_bytes as f64 * factor) as u64;
            }
        }
        let page = MetricsPage { fetched, pods, nodes: Vec::new() };
        self.frozen = Some(page.clone());
        page
    }
}

/// What a sidecar with shared processes sees: the first container of each pod.
fn hide(snapshot: &mut Snapshot) {
    let mut seen = std::collections::HashSet::new();
    snapshot.units.retain(|unit| unit.is_container() && seen.insert(unit.pod_uid().cloned()));
    for unit in &mut snapshot.units {
        unit.identity = None;
    }
    snapshot.scope = Scope::Siblings(None);
}

#[derive(Default)]
struct Count {
    right: u64,
    wrong: u64,
    unexplained: u64,
    named: BTreeMap<&'static str, u64>,
    example: Option<String>,
    unexplained_example: Option<String>,
}

/// True where the two differ by more than 1 %.
fn counts(difference: &Difference) -> bool {
    difference.ratio().is_none_or(|ratio| ratio.abs() > 0.01)
}

fn is_right(fault: &Fault, difference: &Difference, cause: Cause) -> bool {
    // A value that is false is false against our own over any span.
    let lies = match fault.name {
        "metrics-server tells a third more" => Some(SourceKind::MetricsApi),
        "kubelet tells a third more" => Some(SourceKind::Kubelet),
        _ => None,
    };
    let unit = if difference.resource == Resource::Cpu { 0.001 } else { 1_048_576.0 };
    let is_small = difference.signed().is_some_and(|signed| signed.abs() < unit);
    match cause {
        Cause::Rounding => is_small,
        // Our window ends now, theirs ended a while ago: always so where the load moves.
        Cause::Window => lies != Some(difference.against) || difference.resource == Resource::Memory,
        Cause::Unexplained => lies == Some(difference.against),
        cause => fault.may.contains(&cause),
    }
}

#[test]
fn faults_are_named_rightly_and_never_wrongly() {
    println!("\n{:<36} {:>7} {:>6} {:>6}  named", "fault", "right", "wrong", "unexpl");
    let (mut right, mut wrong, mut unexplained) = (0, 0, 0);
    let mut problems = Vec::new();
    for fault in FAULTS {
        let mut count = Count::default();
        for seed in 1..=SEEDS {
            judge(fault, seed, &mut count);
        }
        let named: Vec<String> = count.named.iter().map(|(name, times)| format!("{name} {times}")).collect();
        println!(
            "{:<36} {:>7} {:>6} {:>6}  {}",
            fault.name,
            count.right,
            count.wrong,
            count.unexplained,
            named.join(", ")
        );
        for example in count.example.iter().chain(&count.unexplained_example) {
            println!("    {example}");
        }
        if fault.must.is_some_and(|must| !count.named.contains_key(must.name())) {
            problems.push(format!("{}: never named {:?}", fault.name, fault.must));
        }
        right += count.right;
        wrong += count.wrong;
        unexplained += count.unexplained;
    }
    let share = right as f64 / (right + wrong + unexplained) as f64 * 100.0;
    println!(
        "{} faults: {share:.2} % of {} differences named rightly, {wrong} wrongly, {unexplained} unexplained",
        FAULTS.len(),
        right + wrong + unexplained
    );
    assert!(FAULTS.len() >= 20 && problems.is_empty(), "{problems:#?}");
    assert_eq!(wrong, 0, "named wrongly");
    assert!(share >= 95.0, "{share:.2} %");
}

fn judge(fault: &Fault, seed: u64, count: &mut Count) {
    let mut run = Run::new(seed);
    (fault.inject)(&mut run.world, &mut run.pages, -1);
    for second in 0..WARM_UP_S {
        run.step(second);
    }
    for second in 0..fault.judged.1 {
        (fault.inject)(&mut run.world, &mut run.pages, second);
        let reconciled = run.step(WARM_UP_S + second);
        if second < fault.judged.0 || second % 3 != 0 {
            continue;
        }
        for pod in &reconciled.pods {
            for difference in pod.values.differences.iter().filter(|difference| counts(difference)) {
                let Some(cause) = difference.cause else { continue };
                *count.named.entry(cause.name()).or_default() += 1;
                let show = || {
                    let name = pod.info.as_ref().map_or("?", |info| &*info.name);
                    format!(
                        "second {second}, seed {seed}, {name}, of {:?}: {difference:?}",
                        pod.values.top_of
                    )
                };
                if is_right(fault, difference, cause) {
                    count.right += 1;
                } else if cause == Cause::Unexplained {
                    count.unexplained += 1;
                    count.unexplained_example.get_or_insert_with(show);
                } else {
                    count.wrong += 1;
                    count.example.get_or_insert_with(show);
                }
            }
        }
    }
}
