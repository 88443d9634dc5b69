//! On this machine's own cgroup v2 mount, with real cgroups: short lives are seen, last readings are exact, and
//! nothing is left behind by those that went.

#![allow(clippy::unwrap_used, clippy::print_stderr, clippy::print_stdout, reason = "tests fail by panicking")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use podometer::model::field::Field;
use podometer::model::snapshot::Snapshot;
use podometer::sampler::clock::KernelClock;
use podometer::sampler::{Config, Feeds, Sampler, SamplerThread};
use podometer::source::cgroup::Limits;
use podometer::source::cgroup::{Tree, mounts};

/// The tests count what this process holds open, so they take turns.
static TURN: Mutex<()> = Mutex::new(());

/// A cgroup of our own, removed with all below it when dropped.
struct Own(PathBuf, #[allow(dead_code, reason = "held for its lock")] MutexGuard<'static, ()>);

impl Own {
    /// `None`, loudly, where this user cannot make cgroups; on CI that is a failure.
    fn make(name: &str) -> Option<Own> {
        let made = mounts::locate(Path::new("/proc"), None).map_err(|error| error.to_string()).and_then(
            |(mount, _)| {
                let path = mount.join(format!("podometer-{name}-{}", std::process::id()));
                let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
                fs::create_dir(&path).map(|()| Own(path, turn)).map_err(|error| error.to_string())
            },
        );
        match made {
            Ok(own) => Some(own),
            Err(error) => {
                assert!(std::env::var_os("CI").is_none(), "no cgroup can be made here: {error}");
                eprintln!("SKIPPED: no cgroup can be made here: {error}");
                None
            }
        }
    }

    fn child(&self, name: &str) -> PathBuf {
        let path = self.0.join(name);
        fs::create_dir(&path).unwrap();
        path
    }

    fn sampler(&self, feeds: &Feeds) -> Sampler<KernelClock> {
        let tree = Tree::open(&self.0, Limits::default()).unwrap();
        Sampler::new(tree, KernelClock, Config::default(), feeds.clone(), "node".into())
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        for child in fs::read_dir(&self.0).into_iter().flatten().flatten() {
            let _is_file = fs::remove_dir(child.path());
        }
        let _busy = fs::remove_dir(&self.0);
    }
}

/// Removes a cgroup whose last process has just been reaped.
fn remove(path: &Path) {
    let since = Instant::now();
    while fs::remove_dir(path).is_err() {
        assert!(since.elapsed() < Duration::from_secs(5), "{}: stays busy", path.display());
        std::thread::yield_now();
    }
}

fn usage_usec(path: &Path) -> u64 {
    let text = fs::read_to_string(path.join("cpu.stat")).unwrap();
    text.lines().find_map(|line| line.strip_prefix("usage_usec ")).unwrap().parse().unwrap()
}

fn wait_for(feeds: &Feeds, what: &str, holds: impl Fn(&Snapshot) -> bool) -> Arc<Snapshot> {
    let since = Instant::now();
    loop {
        if let Some(snapshot) = feeds.snapshot.load_full().filter(|snapshot| holds(snapshot)) {
            return snapshot;
        }
        assert!(since.elapsed() < Duration::from_secs(20), "{what}: never seen");
        std::thread::yield_now();
    }
}

/// A cgroup that lives for 20 ms is found, read and published; nine in ten, as this machine may be busy.
#[test]
fn a_life_of_20_ms_is_seen() {
    let Some(own) = Own::make("short") else { return };
    let feeds = Feeds::default();
    let _thread = SamplerThread::start(own.sampler(&feeds)).unwrap();
    wait_for(&feeds, "the first snapshot", |_| true);
    let mut seen = 0;
    for life in 0..20 {
        let name = format!("life{life}.scope");
        let born = Instant::now();
        let path = own.child(&name);
        while born.elapsed() < Duration::from_millis(20) {
            std::thread::yield_now();
        }
        remove(&path);
        let before = feeds.snapshot.load_full().map_or(0, |snapshot| snapshot.seq);
        let path = format!("/{name}");
        // It is in the next snapshot as gone, or was in one before.
        let snapshot = wait_for(&feeds, "the next snapshot", |snapshot| snapshot.seq > before);
        let unit = snapshot.units.iter().find(|unit| *unit.cgroup.path == *path);
        seen += usize::from(unit.is_some_and(|unit| unit.values.get(Field::UsageUsec).is_some()));
    }
    println!("{seen} of 20 lives of 20 ms were seen");
    assert!(seen >= 18, "{seen} of 20");
}

/// The last reading of a cgroup whose process ended is its final CPU time, to the microsecond.
#[test]
fn the_last_reading_is_the_final_one() {
    let Some(own) = Own::make("last") else { return };
    let feeds = Feeds::default();
    let _thread = SamplerThread::start(own.sampler(&feeds)).unwrap();
    let path = own.child("burner.scope");
    let script = format!(
        "echo $$ > {}/cgroup.procs; i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done",
        path.display()
    );
    assert!(Command::new("sh").args(["-c", &script]).stdin(Stdio::null()).status().unwrap().success());
    let truth = usage_usec(&path);
    assert!(truth > 1000, "{truth}");
    // The reading at `populated 0` is due before the directory goes.
    let is_final = |snapshot: &Snapshot| {
        let unit = snapshot.units.iter().find(|unit| &*unit.cgroup.path == "/burner.scope");
        unit.is_some_and(|unit| unit.values.get(Field::UsageUsec) == Some(truth))
    };
    wait_for(&feeds, "the final usage", is_final);
    remove(&path);
    let gone = wait_for(&feeds, "its end", |snapshot| {
        snapshot.units.iter().any(|unit| &*unit.cgroup.path == "/burner.scope" && unit.gone)
            || snapshot.units.iter().all(|unit| &*unit.cgroup.path != "/burner.scope")
    });
    let last = gone.units.iter().find(|unit| &*unit.cgroup.path == "/burner.scope");
    assert!(last.is_none_or(|unit| unit.values.get(Field::UsageUsec) == Some(truth)));
}

fn open_files() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}

/// 100,000 cgroups come and go: no descriptor, watch, unit or memory stays behind.
#[test]
fn a_hundred_thousand_lives_leave_nothing_behind() {
    const LIVES: usize = 100_000;
    const AT_ONCE: usize = 200;
    let Some(own) = Own::make("churn") else { return };
    let feeds = Feeds::default();
    let mut sampler = own.sampler(&feeds);
    sampler.publish();
    let names: Vec<String> = (0..AT_ONCE).map(|at| format!("{at}.scope")).collect();
    let cycle = |sampler: &mut Sampler<KernelClock>| {
        let paths: Vec<PathBuf> = names.iter().map(|name| own.child(name)).collect();
        sampler.process_events();
        assert_eq!(sampler.tree().order().len(), AT_ONCE + 1);
        for path in &paths {
            remove(path);
        }
        sampler.process_events();
        assert_eq!(sampler.publish(), 1 + AT_ONCE, "each is published once more");
    };
    let measure = |sampler: &Sampler<KernelClock>| {
        (open_files(), sampler.tree().watches(), sampler.tree().budget().held)
    };
    // Buffers and pools grow to their size first.
    (0..4).for_each(|_| cycle(&mut sampler));
    let before = measure(&sampler);
    let resident = resident_kb();
    (4..LIVES / AT_ONCE).for_each(|_| cycle(&mut sampler));
    sampler.publish();
    assert_eq!(measure(&sampler), before);
    assert_eq!(feeds.snapshot.load_full().unwrap().units.len(), 1);
    assert_eq!(sampler.tree().stats().created as usize, LIVES + 1);
    let grown = resident_kb().saturating_sub(resident);
    println!(
        "{LIVES} lives: {before:?} files, watches and held before and after; {grown} kB of memory grown"
    );
    assert!(grown < 4096, "{grown} kB");
}

fn resident_kb() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
