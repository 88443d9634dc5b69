use super::*;
use crate::identity::Directory;
use crate::model::identity::UnitKind;
use crate::model::snapshot::Snapshot;
use crate::model::unit::Unit;
use crate::source::cgroup::Limits;
use std::cell::Cell;
use std::fs;
use std::path::Path;
use std::rc::Rc;

/// A clock that stands still until the test moves it.
#[derive(Clone, Debug, Default)]
struct Hand {
    boot: Rc<Cell<u64>>,
    slept: Rc<Cell<u64>>,
    step: Rc<Cell<i64>>,
    cpu: Rc<Cell<u64>>,
}

const EPOCH: i64 = 1_795_000_000_000_000_000;

impl Clock for Hand {
    fn boot_ns(&self) -> u64 {
        self.boot.get()
    }
    fn monotonic_ns(&self) -> u64 {
        self.boot.get() - self.slept.get()
    }
    fn wall_ns(&self) -> i64 {
        EPOCH + self.boot.get() as i64 + self.step.get()
    }
    fn thread_cpu_ns(&self) -> u64 {
        self.cpu.get()
    }
    fn process_cpu_ns(&self) -> u64 {
        self.cpu.get()
    }
}

const UID: &str = "18451618-ada8-4b1c-a71e-5d336ca178d6";
const POD: &str = "kubepods/burstable/pod18451618-ada8-4b1c-a71e-5d336ca178d6";
const TICK: u64 = 100_000_000;

struct Lab {
    dir: tempfile::TempDir,
    hand: Hand,
    sampler: Sampler<Hand>,
}

fn write(root: &Path, cgroup: &str, file: &str, text: &str) {
    fs::create_dir_all(root.join(cgroup)).unwrap();
    fs::write(root.join(cgroup).join(file), text).unwrap();
}

fn lab(config: Config, units: &[&str]) -> Lab {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "", "cgroup.controllers", "cpu");
    write(dir.path(), "", "cpu.stat", "usage_usec 0\n");
    for unit in units {
        write(dir.path(), unit, "cpu.stat", "usage_usec 0\n");
    }
    let hand = Hand::default();
    hand.boot.set(1000 * TICK);
    let tree = Tree::open(dir.path(), Limits::default()).unwrap();
    let sampler = Sampler::new(tree, hand.clone(), config, Feeds::default(), "node-1".into());
    Lab { dir, hand, sampler }
}

impl Lab {
    /// One tick later, with this total CPU use of the unit.
    fn tick(&mut self, cgroup: &str, usage_usec: u64) {
        self.set(cgroup, "cpu.stat", &format!("usage_usec {usage_usec}\n"));
        self.hand.boot.set(self.hand.boot.get() + TICK);
        self.sampler.tick();
    }

    fn set(&self, cgroup: &str, file: &str, text: &str) {
        write(self.dir.path(), cgroup, file, text);
    }

    fn snapshot(&mut self) -> Arc<Snapshot> {
        self.sampler.publish();
        self.sampler.feeds.snapshot.load_full().unwrap()
    }
}

fn unit<'a>(snapshot: &'a Snapshot, path: &str) -> &'a Unit {
    snapshot.units.iter().find(|unit| *unit.cgroup.path == *path).unwrap()
}

#[test]
fn a_burst_between_scrapes_keeps_its_height_and_is_in_the_histogram() {
    let mut lab = lab(Config::default(), &[POD]);
    let mut usage = 0;
    for tick in 0..150 {
        usage += if tick == 70 || tick == 71 { 100_000 } else { 1_000 };
        lab.tick(POD, usage);
    }
    let snapshot = lab.snapshot();
    let pod = unit(&snapshot, &format!("/{POD}"));
    let window = pod.cpu.windows[0].unwrap();
    assert!(window.max > 0.99 && window.max < 1.01, "{window:?}");
    assert!((window.p50 - 0.01).abs() < 1e-6, "{window:?}");
    let histogram = pod.cpu.histogram.as_ref().unwrap();
    assert_eq!((histogram.count, histogram.count - histogram.cumulative(-8)), (150, 2));
    assert!((pod.cpu.live.unwrap().cores - 0.01).abs() < 1e-6);
}

#[test]
fn publishing_changes_nothing_that_another_reader_sees() {
    let mut lab = lab(Config::default(), &[POD]);
    for tick in 1..=50 {
        lab.tick(POD, tick * 20_000);
    }
    let first = lab.snapshot();
    let second = lab.snapshot();
    let (a, b) = (unit(&first, &format!("/{POD}")), unit(&second, &format!("/{POD}")));
    assert_eq!(a.cpu, b.cpu);
    assert!((a.cpu.windows[0].unwrap().mean - 0.2).abs() < 1e-9);
}

#[test]
fn a_suspend_makes_no_sample_and_no_reset() {
    let mut lab = lab(Config::default(), &["u.service"]);
    for tick in 1..=20 {
        lab.tick("u.service", tick * 50_000);
    }
    let hour = 36_000 * TICK;
    lab.hand.boot.set(lab.hand.boot.get() + hour);
    lab.hand.slept.set(hour);
    for tick in 21..=40 {
        lab.tick("u.service", tick * 50_000);
    }
    let snapshot = lab.snapshot();
    let window = unit(&snapshot, "/u.service").cpu.windows[0].unwrap();
    assert!((window.mean - 0.5).abs() < 1e-9 && (window.max - 0.5).abs() < 1e-9, "{window:?}");
    assert_eq!((snapshot.sampler.clock_gaps, snapshot.sampler.counter_resets), (1, 0));
}

#[test]
fn a_stepped_wall_clock_moves_stamps_and_no_rate() {
    let mut lab = lab(Config::default(), &["u.service"]);
    for tick in 1..=20 {
        if tick == 10 {
            lab.hand.step.set(-3_600_000_000_000);
        }
        lab.tick("u.service", tick * 50_000);
    }
    let snapshot = lab.snapshot();
    let unit = unit(&snapshot, "/u.service");
    assert!((unit.cpu.windows[0].unwrap().max - 0.5).abs() < 1e-9);
    assert_eq!(snapshot.taken.wall_ns, EPOCH + lab.hand.boot.get() as i64 - 3_600_000_000_000);
    assert_eq!(snapshot.sampler.clock_gaps, 1);
}

#[test]
fn a_container_that_restarts_is_a_new_unit_and_its_pod_goes_on() {
    let old = format!("{POD}/{}", "a".repeat(64));
    let new = format!("{POD}/{}", "b".repeat(64));
    let mut lab = lab(Config::default(), &[POD, &old]);
    for tick in 1..=10 {
        lab.set(&old, "cpu.stat", &format!("usage_usec {}\n", tick * 40_000));
        lab.tick(POD, tick * 40_000);
    }
    fs::remove_dir_all(lab.dir.path().join(&old)).unwrap();
    lab.set(&new, "cpu.stat", "usage_usec 10\n");
    lab.sampler.process_events();
    let snapshot = lab.snapshot();
    let gone = unit(&snapshot, &format!("/{old}"));
    assert!(gone.gone);
    assert_eq!(gone.values.get(Field::UsageUsec), Some(400_000), "its last truth is published once");
    assert!(!unit(&snapshot, &format!("/{new}")).gone);
    let snapshot = lab.snapshot();
    assert!(snapshot.units.iter().all(|unit| *unit.cgroup.path != *format!("/{old}")));
    assert_eq!(unit(&snapshot, &format!("/{POD}")).values.get(Field::UsageUsec), Some(400_000));
    assert_eq!(snapshot.sampler.counter_resets, 0);
}

#[test]
fn names_arrive_later_and_stay() {
    let mut lab = lab(Config::default(), &[POD]);
    assert!(unit(&lab.snapshot(), &format!("/{POD}")).identity.is_none());
    let list = format!(r#"{{"items":[{{"metadata":{{"name":"web","namespace":"shop","uid":"{UID}"}}}}]}}"#);
    let directory = Directory::parse("list", list.as_bytes(), &[], 1).unwrap();
    lab.sampler.feeds.directory.store(Arc::new(directory));
    let first = lab.snapshot();
    let named = unit(&first, &format!("/{POD}")).identity.clone().unwrap();
    assert_eq!(&*named.pod.as_ref().unwrap().name, "web");
    let empty = Directory::parse("list", br#"{"items":[]}"#, &[], 2).unwrap();
    lab.sampler.feeds.directory.store(Arc::new(empty));
    let second = lab.snapshot();
    let kept = unit(&second, &format!("/{POD}")).identity.clone().unwrap();
    assert!(Arc::ptr_eq(&named, &kept), "the same name is the same pointer");
}

#[test]
fn working_set_is_usage_without_inactive_file_and_never_below_zero() {
    let mut lab = lab(Config::default(), &[POD]);
    for (current, inactive, expected) in [(1000, 300, 700), (100, 300, 0)] {
        lab.set(POD, "memory.current", &format!("{current}\n"));
        lab.set(POD, "memory.stat", &format!("anon 1\nfile 2\ninactive_file {inactive}\n"));
        lab.sampler.rescan();
        for tick in 0..20 {
            lab.tick(POD, tick);
        }
        let snapshot = lab.snapshot();
        assert_eq!(unit(&snapshot, &format!("/{POD}")).memory.working_set_bytes, Some(expected));
    }
    let snapshot = lab.snapshot();
    let memory = &unit(&snapshot, &format!("/{POD}")).memory;
    assert_eq!((memory.window_max_bytes[0], memory.peak_method), (Some(1000), Some(PeakMethod::Sampled)));
}

#[test]
fn every_file_of_every_unit_has_its_turn_within_its_interval() {
    let units: Vec<String> = (0..37).map(|unit| format!("u{unit}.service")).collect();
    let names: Vec<&str> = units.iter().map(String::as_str).collect();
    let mut lab = lab(Config::default(), &names);
    for unit in &names {
        lab.set(unit, "pids.current", "1\n");
        lab.set(unit, "memory.current", "1\n");
    }
    lab.sampler.rescan();
    for tick in 0..100 {
        lab.tick("u0.service", tick);
    }
    let snapshot = lab.snapshot();
    for unit in snapshot.units.iter().filter(|unit| matches!(unit.cgroup.kind, UnitKind::Service)) {
        let age = |pace: Pace| snapshot.taken.boot_ns - unit.stamp(pace).unwrap().boot_ns;
        assert_eq!(unit.values.get(Field::PidsCurrent), Some(1), "{}", unit.cgroup.path);
        assert!(age(Pace::Fast) == 0 && age(Pace::Memory) <= 10 * TICK && age(Pace::Slow) <= 100 * TICK);
    }
}

#[test]
fn over_budget_the_costly_files_are_read_less_often_and_it_shows() {
    let mut lab = lab(Config::default(), &[POD]);
    lab.sampler.stats.pass_cpu_seconds = [0.1, 0.3, 0.2];
    lab.hand.cpu.set(600_000_000);
    lab.hand.boot.set(lab.hand.boot.get() + 50 * TICK);
    lab.sampler.govern();
    let snapshot = lab.snapshot();
    assert_eq!(snapshot.sampler.intervals[Pace::Memory as usize], Duration::from_secs(2));
    assert!((snapshot.sampler.process_cores - 0.12).abs() < 1e-9);
}
