//! Scrapers of any rhythm read the same truth: no scrape moves a window.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::agent::{Agent, sample};
use crate::http::wait;
use crate::node::Node;
use crate::workload::{Journal, Workload, now};

/// The window under test, in seconds, and its label.
const WINDOW: f64 = 8.0;
const WINDOW_LABEL: &str = "window=\"8s\"";
/// Calm, then a burst so large that a window which lost a part of itself shows it, then calm again.
const CALM_MILLICORES: u64 = 100;
const BURST_MILLICORES: u64 = 1500;
const BURST_SECONDS: f64 = 1.5;
const SCRAPES: usize = 200;

/// A page's tick, which names its snapshot, and its rows of use over time.
#[derive(Debug, PartialEq)]
struct Seen {
    usage_usec: u64,
    mean: Option<f64>,
    max: Option<f64>,
    rows: Vec<String>,
}

/// What one scraper saw, by tick. Two scrapes of one snapshot must not differ.
#[derive(Default)]
struct Log(BTreeMap<u64, Seen>);

impl Log {
    fn scrape(&mut self, agent: &Agent) -> u64 {
        let page = agent.get("/metrics");
        let value = |name: &str, labels: &[&str]| sample(&page, name, labels);
        let tick = value("podometer_sampler_ticks_total", &[]).unwrap() as u64;
        let app = ["container=\"app\"", WINDOW_LABEL];
        let is_use = |line: &&str| line.starts_with("podometer_") && line.contains("_cpu_usage_");
        let usage = value("container_cpu_usage_seconds_total", &app[..1]).unwrap();
        let seen = Seen {
            usage_usec: (usage * 1e6).round() as u64,
            mean: value("podometer_container_cpu_usage_mean_cores", &app),
            max: value("podometer_container_cpu_usage_max_cores", &app),
            rows: page.lines().filter(is_use).map(str::to_owned).collect(),
        };
        assert!(seen.rows.len() >= 12, "{:?}", seen.rows);
        match self.0.get(&tick) {
            Some(before) => assert_eq!(before, &seen, "two scrapes of snapshot {tick}"),
            None => assert!(self.0.insert(tick, seen).is_none()),
        }
        tick
    }
}

/// Cores between this reading and the one a window earlier, by what the files said.
fn mean_of_files(journal: &Journal, usage_usec: u64) -> f64 {
    let read_at = journal.written(usage_usec).at;
    (usage_usec - journal.at(read_at - WINDOW)) as f64 / 1e6 / WINDOW
}

#[test]
fn scrapers_of_any_rhythm_read_the_same_truth() {
    let node = Node::new();
    let workload = Workload::start(&node, CALM_MILLICORES);
    let agent = Agent::start(&node, &["sampler.windows=[8s]"]);
    let (finished, scrapes) = (AtomicBool::new(false), AtomicUsize::new(0));
    let (often, seldom, burst) = std::thread::scope(|scope| {
        let often = scope.spawn(|| {
            let mut log = Log::default();
            while !finished.load(Ordering::Relaxed) {
                log.scrape(&agent);
                scrapes.fetch_add(1, Ordering::Relaxed);
            }
            log
        });
        // Ends the other scraper also when this one fails.
        let _finish = Finish(&finished);
        let mut seldom = Log::default();
        // The window is full, and many scrapes had the chance to move it.
        let started = now();
        wait("a full window and many scrapes", || {
            assert!(!often.is_finished(), "the tight loop failed");
            let is_many = scrapes.load(Ordering::Relaxed) >= SCRAPES;
            (is_many && now() - started > WINDOW).then_some(())
        });
        seldom.scrape(&agent);
        let burst = workload.journal.newest();
        workload.set_millicores(BURST_MILLICORES);
        let burst_end = wait("the burst", || {
            let newest = workload.journal.newest();
            (newest.at - burst.at >= BURST_SECONDS).then_some(newest)
        });
        workload.set_millicores(CALM_MILLICORES);
        // Single scrapes, one a snapshot, while the burst is in the window.
        let mut last = 0;
        wait("snapshots that hold the burst", || {
            if now() - burst.at < WINDOW {
                last = last.max(seldom.scrape(&agent));
                return None;
            }
            Some(())
        });
        finished.store(true, Ordering::Relaxed);
        assert!(last > 0);
        (often.join().unwrap(), seldom, (burst, burst_end))
    });

    let common: Vec<u64> = seldom.0.keys().copied().filter(|tick| often.0.contains_key(tick)).collect();
    assert!(common.len() >= 3, "both saw {common:?}");
    for tick in &common {
        assert_eq!(often.0[tick], seldom.0[tick], "snapshot {tick}");
    }

    // Away from the edges of the burst: there one sampling step more or less is a large part of it.
    let journal = &workload.journal;
    let (begin, end) = burst;
    let height = (end.usage_usec - begin.usage_usec) as f64 / 1e6 / (end.at - begin.at);
    let mut compared = 0;
    for (tick, seen) in &often.0 {
        let read_at = journal.written(seen.usage_usec).at;
        if read_at < end.at + 0.5 || read_at > begin.at + WINDOW - 0.5 {
            continue;
        }
        let (mean, truth) = (seen.mean.unwrap(), mean_of_files(journal, seen.usage_usec));
        assert!((mean - truth).abs() <= 0.15 * truth, "snapshot {tick}: mean {mean}, by the files {truth}");
        assert!(seen.max.unwrap() >= 0.95 * height, "snapshot {tick}: {:?} of {height}", seen.max);
        compared += 1;
    }
    assert!(compared >= 3, "{compared} snapshots hold the burst");
}

/// Sets the flag when it goes.
struct Finish<'a>(&'a AtomicBool);

impl Drop for Finish<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
