//! Sources die and return within an hour: no counter falls, none jumps ahead of the truth, and no series has two
//! sources at a time.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use podometer::model::field::Field;
use podometer::model::metrics_api::MetricsPage;
use podometer::model::reconciled::{Reconciled, SourceKind};
use podometer::model::unit::Unit;
use podometer::reconcile::{Config, Reconciler};

use crate::metrics_server::MetricsServer;
use crate::world::World;

/// What works in a part of the hour.
struct Part {
    until_s: i32,
    cgroups: bool,
    kubelet: bool,
    metrics: bool,
    /// Who serves the pods at the end of it.
    serves: SourceKind,
}

const fn part(until_s: i32, cgroups: bool, kubelet: bool, metrics: bool, serves: SourceKind) -> Part {
    Part { until_s, cgroups, kubelet, metrics, serves }
}

const HOUR: [Part; 9] = [
    part(600, true, true, true, SourceKind::Cgroup),
    part(1000, false, true, true, SourceKind::Kubelet),
    part(1400, true, true, true, SourceKind::Cgroup),
    part(1800, true, false, false, SourceKind::Cgroup),
    part(2200, false, true, false, SourceKind::Kubelet),
    part(2600, false, false, true, SourceKind::MetricsApi),
    part(2800, false, true, true, SourceKind::Kubelet),
    part(3200, true, true, true, SourceKind::Cgroup),
    part(3600, true, false, true, SourceKind::Cgroup),
];

type Who = (String, Option<String>);

fn who(unit: &Unit) -> Option<Who> {
    let identity = unit.identity.as_ref()?;
    let pod = identity.pod.as_ref()?;
    let container = identity.container.as_ref().map(|container| container.name.to_string());
    (!unit.is_sandbox()).then(|| (pod.name.to_string(), container))
}

#[test]
fn an_hour_of_switches_has_no_fall_and_no_false_jump() {
    let mut world = World::new(11, 6);
    let mut server = MetricsServer::new(Duration::from_secs(15));
    let mut reconciler = Reconciler::new(Config::default());
    let mut served: BTreeMap<Who, (u64, SourceKind)> = BTreeMap::new();
    let (mut switches, mut foreign_served) = (0, 0);
    let mut last: Option<Reconciled> = None;
    for second in 0..3600 {
        let place = HOUR.iter().position(|part| second < part.until_s).unwrap();
        let now = &HOUR[place];
        world.pods.iter_mut().for_each(|pod| pod.hidden = !now.cgroups);
        world.step();
        let snapshot = world.snapshot();
        // As the sampler does: the foreign units of the conclusion before stand behind our own.
        let foreign = last.as_ref().map(|last| last.foreign.clone()).unwrap_or_default();
        reconciler.observe(&snapshot);
        if second % 10 == 0 && now.kubelet {
            reconciler.resource(&world.resource());
            reconciler.summary(world.summary());
        }
        if second % 15 == 7 && now.metrics {
            server.scrape("vm", &world.text());
            let pods = server.pods().into_iter().map(|served| served.usage).collect();
            reconciler.metrics(Arc::new(MetricsPage { fetched: world.stamp(), pods, nodes: Vec::new() }));
        }
        let reconciled = reconciler.conclude(world.stamp(), &|_| None);
        let truth = |who: &Who| {
            let pod = world.pods.iter().find(|pod| pod.name == who.0).unwrap();
            let container = pod.containers.iter().find(|one| Some(&one.name) == who.1.as_ref());
            container.map_or_else(|| pod.reading(world.now_s, 0.0).0, |one| one.reading(world.now_s, 0.0).0)
        };
        // A conclusion is published with the next snapshot; where that has the cgroup again, ours is served.
        for unit in snapshot.units.iter().chain(foreign.iter().filter(|_| !now.cgroups)) {
            let Some(who) = who(unit) else { continue };
            if unit.source != SourceKind::Cgroup {
                assert!(unit.id.0 >> 63 == 1 && unit.cpu.live.is_none() && unit.cpu.windows[0].is_none());
                foreign_served += 1;
            }
            let Some(usage) = unit.values.get(Field::UsageUsec) else { continue };
            assert_ne!(unit.source, SourceKind::MetricsApi, "it has no counters");
            assert!(usage <= truth(&who), "{second}: {who:?} jumped ahead to {usage}");
            if let Some((before, source)) = served.insert(who.clone(), (usage, unit.source)) {
                assert!(
                    usage >= before,
                    "{second}: {who:?} fell from {before} ({source:?}) to {usage} ({:?})",
                    unit.source
                );
                switches += u32::from(source != unit.source);
            }
        }
        if second + 1 == now.until_s {
            let choice = reconciled.choices.iter().find(|choice| choice.value == "cpu").unwrap();
            assert_eq!(choice.source, now.serves, "{second}: {choice:?}");
            let pods = reconciled.foreign.iter().filter(|unit| unit.is_pod());
            let expected = if now.cgroups { 0 } else { 6 };
            assert_eq!(pods.clone().count(), expected, "{second}");
            assert!(pods.clone().all(|unit| unit.source == now.serves), "{second}");
        }
        last = Some(reconciled);
    }
    println!(
        "{switches} changes of source, {foreign_served} readings of others served, {} series",
        served.len()
    );
    assert!(switches >= 4 * 15 && foreign_served > 10_000, "{switches} {foreign_served}");
}
