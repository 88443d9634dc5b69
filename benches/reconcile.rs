//! What the comparison costs a second: a snapshot taken in and all pods concluded, against copying the snapshot.
//!
//! `cargo bench --bench reconcile` prints one table.
#![allow(clippy::print_stdout, reason = "a bench prints")]

#[path = "support/synthetic.rs"]
mod synthetic;

use std::collections::VecDeque;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use podometer::model::field::Field;
use podometer::model::kubelet::{ResourceContainer, ResourcePage, ResourcePod, ResourceSample, Timed};
use podometer::model::metrics_api::{ContainerUsage, MetricsPage, PodUsage};
use podometer::model::reconciled::Reconciled;
use podometer::model::snapshot::Snapshot;
use podometer::model::stamp::{Bracket, Stamp};
use podometer::model::unit::Unit;
use podometer::reconcile::{Config, Reconciler};

const SECONDS: u64 = 240;
const WARM_UP: u64 = 60;

fn main() {
    println!(
        "{:>5} {:>13} {:>15} {:>15} {:>13} {:>13} {:>12} {:>12}",
        "pods",
        "observe ns/pod",
        "conclude ns/pod",
        "all us a second",
        "% of a core",
        "copying us",
        "allocations",
        "history kB"
    );
    for pods in [30, 110, 250] {
        measure(pods);
    }
}

fn stamp(second: u64) -> Stamp {
    let boot_ns = (1000 + second) * 1_000_000_000;
    Stamp { boot_ns, wall_ns: 1_795_222_700_000_000_000 + boot_ns as i64 }
}

/// Time passes: counters rise by what each unit uses.
fn advance(snapshot: &mut Snapshot, second: u64) {
    snapshot.seq += 1;
    snapshot.taken = stamp(second);
    for unit in &mut snapshot.units {
        let cores = 1000 * (unit.id.0 % 97) + second % 7 * 100;
        let usage = unit.values.get(Field::UsageUsec).unwrap_or(0);
        unit.values.set(Field::UsageUsec, usage + cores);
        unit.memory.working_set_bytes = Some((unit.id.0 % 500 + second % 5) << 20);
        unit.read_at = [Some(Bracket { after: stamp(second), width_ns: 4000 }); 3];
    }
}

fn sample(unit: &Unit, second: u64) -> ResourceSample {
    let at_ms = stamp(second).wall_ms();
    let timed = |value| Timed { value, at_ms };
    ResourceSample {
        cpu_usage_ns: unit.values.get(Field::UsageUsec).map(|usage| timed(usage * 1000)),
        working_set_bytes: unit.memory.working_set_bytes.map(timed),
        swap_usage_bytes: None,
    }
}

fn resource(snapshot: &Snapshot, second: u64) -> ResourcePage {
    let mut page = ResourcePage { fetched: stamp(second), ..ResourcePage::default() };
    for unit in &snapshot.units {
        let Some(identity) = &unit.identity else { continue };
        let Some(pod) = &identity.pod else { continue };
        let (namespace, name, sample) = (pod.namespace.clone(), pod.name.clone(), sample(unit, second));
        match &identity.container {
            None => page.pods.push(ResourcePod { namespace, pod: name, sample }),
            Some(container) => page.containers.push(ResourceContainer {
                namespace,
                pod: name,
                container: (*container.name).into(),
                sample,
                start_time_s: Some(1_795_222_466.25),
            }),
        }
    }
    page
}

/// metrics-server's view of two pages.
fn metrics(old: &ResourcePage, new: &ResourcePage) -> MetricsPage {
    let mut page = MetricsPage { fetched: new.fetched, ..MetricsPage::default() };
    for (old, new) in old.containers.iter().zip(&new.containers) {
        let (Some(from), Some(to)) = (old.sample.cpu_usage_ns, new.sample.cpu_usage_ns) else { continue };
        let window_ns = (to.at_ms - from.at_ms) as u64 * 1_000_000;
        let container = ContainerUsage {
            name: new.container.clone(),
            cpu_nanocores: (to.value - from.value) * 1_000_000_000 / window_ns,
            memory_bytes: new.sample.working_set_bytes.map_or(0, |memory| memory.value),
        };
        match page.pods.last_mut().filter(|pod| pod.name == new.pod) {
            Some(pod) => pod.containers.push(container),
            None => page.pods.push(PodUsage {
                namespace: new.namespace.clone(),
                name: new.pod.clone(),
                at_ms: to.at_ms / 1000 * 1000,
                window_ns,
                containers: vec![container],
            }),
        }
    }
    page
}

fn measure(pods: u64) {
    let mut snapshot = synthetic::snapshot(pods, 1);
    let mut reconciler = Reconciler::new(Config::default());
    let mut last: Option<ResourcePage> = None;
    // As the agent does: one is served and one still read while the next is made.
    let mut served: VecDeque<Reconciled> = VecDeque::new();
    let (mut observed, mut concluded, mut told, mut copied) = Default::default();
    let mut allocations = 0;
    for second in 0..SECONDS {
        advance(&mut snapshot, second);
        let is_counted = second >= WARM_UP;
        let add = |sum: &mut Duration, started: Instant| {
            if is_counted {
                *sum += started.elapsed();
            }
        };
        let started = Instant::now();
        reconciler.observe(&snapshot);
        add(&mut observed, started);
        if second % 15 == 0 {
            let page = resource(&snapshot, second);
            let usage = last.as_ref().map(|last| Arc::new(metrics(last, &page)));
            let started = Instant::now();
            reconciler.resource(&page);
            if let Some(usage) = usage {
                reconciler.metrics(usage);
            }
            add(&mut told, started);
            last = Some(page);
        }
        let started = Instant::now();
        let mut reconciled = None;
        let counted = allocation_counter::measure(|| {
            reconciled = Some(reconciler.conclude(stamp(second), &|_| None));
        });
        black_box(&reconciled);
        if served.len() == 2
            && let Some(old) = served.pop_front()
        {
            reconciler.recycle(old);
        }
        add(&mut concluded, started);
        served.extend(reconciled);
        if is_counted {
            allocations += counted.count_total;
        }
        let started = Instant::now();
        black_box(snapshot.clone());
        add(&mut copied, started);
    }
    let turns = (SECONDS - WARM_UP) as f64;
    let micros = |sum: Duration| sum.as_secs_f64() * 1e6 / turns;
    let each = |sum: Duration| micros(sum) * 1000.0 / pods as f64;
    let all = micros(observed) + micros(concluded) + micros(told);
    println!(
        "{pods:>5} {:>13.0} {:>15.0} {all:>15.0} {:>13.3} {:>13.0} {:>12.0} {:>12}",
        each(observed),
        each(concluded),
        all / 1e4,
        micros(copied),
        allocations as f64 / turns,
        reconciler.history_bytes() / 1024
    );
}
