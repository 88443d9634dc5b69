//! The sample node as a whole.

use std::collections::HashSet;
use std::fmt::Write;
use std::sync::Arc;

use podometer::encode::influx::Limits;
use podometer::encode::otlp::Encoder;
use podometer::model::field::File;
use podometer::model::identity::{Identity, PodInfo, UnitKind};
use podometer::model::snapshot::Snapshot;
use podometer::model::unit::{MemoryUse, Unit};

use crate::message::{Point, batches, options, points};
use crate::{golden, sample};

fn written(points: &[Point]) -> String {
    let mut out = String::new();
    let mut resource = &Vec::new();
    for point in points {
        if *resource != point.resource {
            resource = &point.resource;
            out.push_str("resource");
            for (key, value) in resource {
                write!(out, " {key}={value:?}").unwrap();
            }
            out.push('\n');
        }
        let Point { name, unit, kind, value, .. } = point;
        write!(out, "  {kind} {name} [{unit}]").unwrap();
        for (key, value) in &point.attributes {
            write!(out, " {key}={value:?}").unwrap();
        }
        writeln!(out, " = {value} at {} since {}", point.time_ns, point.start_ns).unwrap();
    }
    out
}

#[test]
fn a_whole_node() {
    golden::check("otlp.txt", &written(&points(&batches(Limits::default()))));
}

fn encoded(snapshot: &Snapshot) -> Vec<Point> {
    points(&Encoder::new(&options(Limits::default())).encode(snapshot, &sample::report()))
}

fn named<'a>(points: &'a [Point], name: &str) -> Vec<&'a Point> {
    points.iter().filter(|point| point.name == name).collect()
}

#[test]
fn no_two_points_are_of_one_series() {
    let mut seen = HashSet::new();
    for point in encoded(&sample::full()) {
        let key = (point.resource.clone(), point.name.clone(), point.attributes.clone());
        assert!(seen.insert(key), "{point:?}");
    }
}

#[test]
fn what_is_absent_has_no_point() {
    let mut snapshot = (*sample::snapshot()).clone();
    for unit in &mut snapshot.units {
        unit.values.clear_file(File::MemoryStat);
        unit.memory = MemoryUse::default();
    }
    snapshot.reconciled = None;
    let points = encoded(&snapshot);
    for name in ["k8s.pod.memory.working_set", "k8s.pod.memory.rss", "k8s.pod.filesystem.usage"] {
        assert!(named(&points, name).is_empty(), "{name}");
    }
    assert!(!named(&points, "k8s.pod.memory.usage").is_empty(), "memory.current is another file");
    snapshot.units.clear();
    snapshot.node = None;
    let names: HashSet<String> = encoded(&snapshot).into_iter().map(|point| point.name).collect();
    assert!(names.iter().all(|name| name.starts_with("process.")), "{names:?}");
}

#[test]
fn a_counter_never_starts_after_its_point() {
    let mut snapshot = (*sample::snapshot()).clone();
    for unit in &mut snapshot.units {
        unit.created_wall_s = Some(4e9);
    }
    for point in encoded(&snapshot).iter().filter(|point| point.name == "k8s.pod.cpu.time") {
        assert_eq!(point.start_ns, 0, "the start is not known");
    }
    assert!(named(&encoded(&snapshot), "k8s.pod.uptime").is_empty());
}

#[test]
fn the_own_container_is_no_container() {
    let own = sample::unit(1, "/", UnitKind::OwnContainer);
    let snapshot = Snapshot { units: vec![own], ..Snapshot::default() };
    let points = encoded(&snapshot);
    assert_eq!(named(&points, "podometer.own_container.cpu.time").len(), 1);
    assert!(
        points.iter().all(|point| !point.name.starts_with("k8s.") && !point.name.starts_with("container."))
    );
}

#[test]
fn a_unit_that_is_gone_says_nothing_of_now() {
    let mut snapshot = (*sample::snapshot()).clone();
    let gone = |unit: &mut Unit| unit.gone = true;
    snapshot.units.iter_mut().filter(|unit| unit.is_container() || unit.is_pod()).for_each(gone);
    let points = encoded(&snapshot);
    assert!(!named(&points, "container.cpu.time").is_empty());
    for name in ["k8s.container.ready", "container.filesystem.usage", "k8s.pod.filesystem.usage"] {
        assert!(named(&points, name).is_empty(), "{name}");
    }
}

#[test]
fn a_pod_is_measured_against_limits_that_all_of_its_containers_have() {
    let limit = "k8s.pod.cpu_limit_utilization";
    assert!(named(&encoded(&sample::snapshot()), limit).is_empty(), "one of its containers has none");
    let mut snapshot = (*sample::snapshot()).clone();
    let pod = snapshot.units.iter_mut().find(|unit| unit.is_pod()).unwrap();
    let mut info = PodInfo::clone(pod.identity.as_ref().unwrap().pod.as_ref().unwrap());
    info.containers.retain(|container| &*container.name != "crash");
    pod.identity = Some(Arc::new(Identity { pod: Some(Arc::new(info)), container: None }));
    let points = encoded(&snapshot);
    let [point] = named(&points, limit).try_into().unwrap();
    assert_eq!(point.value, 0.625, "0.125 of 0.2 CPUs");
}
