//! A steady second of the sampler, readings and publication, allocates nothing.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use podometer::sampler::clock::KernelClock;
use podometer::sampler::{Config, Feeds, Sampler};
use podometer::source::cgroup::Limits;
use podometer::source::cgroup::Tree;
use std::fs;
use std::path::Path;

const CPU: &str =
    "usage_usec 100\nuser_usec 60\nsystem_usec 40\nnr_periods 7\nnr_throttled 2\nthrottled_usec 9\n";
const PSI: &str =
    "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n";

fn unit(dir: &Path) {
    fs::create_dir_all(dir).unwrap();
    for (name, text) in [
        ("cgroup.controllers", "cpu memory io pids"),
        ("cgroup.events", "populated 1\nfrozen 0\n"),
        ("cpu.stat", CPU),
        ("cpu.max", "max 100000\n"),
        ("cpu.pressure", PSI),
        ("memory.pressure", PSI),
        ("io.pressure", PSI),
        ("io.stat", "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6\n"),
        ("memory.current", "4096\n"),
        ("memory.peak", "8192\n"),
        ("memory.max", "max\n"),
        (
            "memory.stat",
            "anon 1\nfile 2\nkernel 3\ninactive_file 1\nactive_file 1\npgfault 5\npgmajfault 0\n",
        ),
        ("memory.events", "low 0\nhigh 0\nmax 0\noom 0\noom_kill 0\noom_group_kill 0\n"),
        ("pids.current", "3\n"),
        ("hugetlb.2MB.current", "0\n"),
        ("hugetlb.2MB.max", "max\n"),
    ] {
        fs::write(dir.join(name), text).unwrap();
    }
}

#[test]
fn a_steady_second_allocates_nothing() {
    let dir = tempfile::tempdir().unwrap();
    unit(dir.path());
    for pod in 0..10 {
        let pod = dir.path().join(format!("kubepods/pod18451618-ada8-4b1c-a71e-5d336ca178{pod:02}"));
        for container in 0..3 {
            unit(&pod.join(format!("{container:064x}")));
        }
        unit(&pod);
    }
    let tree = Tree::open(dir.path(), Limits::default()).unwrap();
    let config = Config { slow_interval: std::time::Duration::from_secs(1), ..Config::default() };
    let feeds = Feeds::default();
    let mut sampler = Sampler::new(tree, KernelClock, config, feeds.clone(), "node".into());
    let mut second = || {
        for _ in 0..10 {
            sampler.process_events();
            sampler.tick();
        }
        sampler.publish();
    };
    // The first snapshots of the pool are made here, one of them held by a slow reader.
    second();
    let held = feeds.snapshot.load_full().unwrap();
    (0..5).for_each(|_| second());
    let counted = allocation_counter::measure(|| (0..20).for_each(|_| second()));
    assert_eq!(held.units.len(), 42);
    assert_eq!(counted.count_total, 0, "{counted:?}");
}
