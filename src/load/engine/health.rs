//! Whether the generator itself is the bottleneck: its own processor time, throttling of its cgroup, lateness that no
//! user caused, and file descriptors and ports that ran out. Past these bounds the numbers do not speak of the target.

use std::fs;
use std::path::{Path, PathBuf};

use super::meter::Meter;
use super::report::Report;

/// A thread that is at work, or waits for a processor, for this share of a second has no reserve: what it measures is
/// its own queue.
pub const MOST_BUSY_SHARE: f64 = 0.95;
/// One such second may be chance, of which a run of any length has some; so many are not.
pub const MOST_BUSY_SECONDS: u64 = 2;
/// Where the generator itself comes to starts later than this at the 99th percentile, it was too slow.
pub const MOST_OWN_LATENESS_NS: u64 = 10_000_000;
/// Fewer starts say nothing of a 99th percentile.
pub const LEAST_STARTS: u64 = 100;
/// The share of the run's time for which its cgroup may be throttled.
pub const MOST_THROTTLED_SHARE: f64 = 0.01;

/// By Little's law users are as many as iterations end in a second, times what their requests and planned pauses take.
/// What is left over, as a share of the users' time, is time that the generator took to wake them.
pub const MOST_RESIDUAL: f64 = 0.05;
/// A pause is longer than planned by up to a few milliseconds anywhere: timers are so coarse.
pub const MOST_PAUSE_LAG_NS: u64 = 5_000_000;

const ROOT: &str = "/sys/fs/cgroup";

/// What was seen so far.
#[derive(Debug)]
pub(super) struct Health {
    /// Seconds without reserve, of the thread that had most of them.
    busy: Vec<u64>,
    most_share: f64,
    /// The cgroup and those above it that tell, and how long each had been throttled when the run began.
    throttled_usec: Vec<(PathBuf, u64)>,
}

impl Health {
    pub(super) fn start(threads: usize) -> Health {
        let cgroup = fs::read_to_string("/proc/self/cgroup").ok().and_then(|text| cgroup_of(&text));
        let throttled_usec = cgroup.map(|cgroup| limited(Path::new(ROOT), &cgroup)).unwrap_or_default();
        Health { busy: vec![0; threads], most_share: 0.0, throttled_usec }
    }

    pub(super) fn take(&mut self, report: &Report) {
        // The rest of a second at the end is no second. Where most requests found no server there is nothing that
        // could have been measured wrong: users go round as fast as they are refused.
        if report.span_ns < 500_000_000 || is_refused(&report.meter) {
            return;
        }
        let share = report.busy_ns as f64 / report.span_ns as f64;
        self.most_share = self.most_share.max(share);
        if let Some(busy) = self.busy.get_mut(report.thread) {
            *busy += u64::from(share >= MOST_BUSY_SHARE);
        }
    }

    /// Why the run cannot be believed; nothing where it can.
    pub(super) fn reasons(&self, total: &Meter, elapsed_ns: u64) -> Vec<String> {
        let mut reasons = Vec::new();
        let busy = self.busy.iter().copied().max().unwrap_or(0);
        if busy > MOST_BUSY_SECONDS {
            reasons.push(format!(
                "a thread of the generator was at work or waited for a processor {:.0} % of the time for {busy} s (bound: {:.0} % for {MOST_BUSY_SECONDS} s); take fewer users, think time, or more --threads",
                self.most_share.min(1.0) * 100.0,
                MOST_BUSY_SHARE * 100.0,
            ));
        }
        let grown = self
            .throttled_usec
            .iter()
            .filter_map(|(cgroup, before)| Some((throttled_usec(cgroup)?.saturating_sub(*before), cgroup)));
        if let Some((usec, cgroup)) = grown.max_by_key(|(usec, _)| *usec) {
            let share = usec as f64 * 1e3 / elapsed_ns.max(1) as f64;
            if share > MOST_THROTTLED_SHARE {
                reasons.push(format!(
                    "the generator's cgroup {} was throttled for {:.1} % of the run (bound: {:.0} %); raise its CPU limit",
                    cgroup.display(),
                    share * 100.0,
                    MOST_THROTTLED_SHARE * 100.0,
                ));
            }
        }
        for scenario in &total.scenarios {
            let own = &scenario.starts.own_lateness;
            let late = own.quantile(0.99).filter(|_| own.count() >= LEAST_STARTS);
            if let Some(late) = late.filter(|&late| late > MOST_OWN_LATENESS_NS as f64) {
                reasons.push(format!(
                    "the generator came to starts {:.1} ms late at p(99) (bound: {} ms); give it more cores",
                    late / 1e6,
                    MOST_OWN_LATENESS_NS / 1_000_000,
                ));
            }
        }
        for scenario in &total.scenarios {
            let (lag, users_ns) =
                (scenario.pause_lag_ns as f64, scenario.iteration_duration.sum_nanos() as f64);
            let (residual, mean) = (lag / users_ns.max(1.0), lag / scenario.pauses.max(1) as f64);
            if residual > MOST_RESIDUAL && mean > MOST_PAUSE_LAG_NS as f64 {
                reasons.push(format!(
                    "by Little's law {:.1} % of the users' time was in no request and no planned pause (bound: {:.0} %): pauses lasted {:.1} ms too long on average; give the generator more cores",
                    residual * 100.0,
                    MOST_RESIDUAL * 100.0,
                    mean / 1e6,
                ));
            }
        }
        for (count, what, remedy) in [
            (total.out_of_files, "file descriptors", "raise ulimit -n"),
            (total.out_of_ports, "local ports", "reuse connections or widen net.ipv4.ip_local_port_range"),
        ] {
            if count > 0 {
                reasons.push(format!("{count} connections were not opened for lack of {what}; {remedy}"));
            }
        }
        reasons
    }
}

/// The directory of the unified hierarchy that a process is in.
fn cgroup_of(text: &str) -> Option<PathBuf> {
    let path = text.lines().find_map(|line| line.strip_prefix("0::"))?;
    Some(Path::new(ROOT).join(path.trim_start_matches('/')))
}

/// The cgroup and all above it up to the root that say for how long they were throttled, and what they say.
fn limited(root: &Path, cgroup: &Path) -> Vec<(PathBuf, u64)> {
    let above = cgroup.ancestors().take_while(|path| path.starts_with(root));
    above.filter_map(|path| Some((path.to_owned(), throttled_usec(path)?))).collect()
}

/// For how long in all; `None` where nothing limits it.
fn throttled_usec(cgroup: &Path) -> Option<u64> {
    let stat = fs::read_to_string(cgroup.join("cpu.stat")).ok()?;
    stat.lines().find_map(|line| line.strip_prefix("throttled_usec ")?.trim().parse().ok())
}

/// Most requests never had a connection.
fn is_refused(meter: &Meter) -> bool {
    let (all, sent) = meter
        .outcomes()
        .fold((0, 0), |(all, sent), outcome| (all + outcome.requests(), sent + outcome.duration.count()));
    all > 2 * sent
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::engine::meter::ScenarioMeter;

    fn healthy() -> Health {
        Health { busy: vec![0; 2], most_share: 0.0, throttled_usec: Vec::new() }
    }

    fn second(thread: usize, cpu_ms: u64) -> Report {
        Report {
            thread,
            second: 1,
            meter: Box::default(),
            vus: 0,
            vus_max: 0,
            busy_ns: cpu_ms * 1_000_000,
            span_ns: 1_000_000_000,
            is_last: false,
        }
    }

    #[test]
    fn a_thread_without_reserve_is_told() {
        let mut health = healthy();
        for _ in 0..10 {
            health.take(&second(0, 940));
        }
        health.take(&second(1, 960));
        health.take(&second(1, 960));
        assert_eq!(health.reasons(&Meter::default(), 1), Vec::<String>::new());
        health.take(&second(1, 990));
        let told = health.reasons(&Meter::default(), 1);
        assert!(told[0].contains("99 % of the time for 3 s"), "{told:?}");
    }

    #[test]
    fn own_lateness_counts_and_the_targets_does_not() {
        let mut scenario = ScenarioMeter::default();
        for _ in 0..200 {
            scenario.starts.made(20_000_000, false);
        }
        let meter = Meter { scenarios: vec![scenario.clone()], ..Meter::default() };
        assert_eq!(healthy().reasons(&meter, 1), Vec::<String>::new());
        for _ in 0..200 {
            scenario.starts.made(20_000_000, true);
        }
        let meter = Meter { scenarios: vec![scenario], out_of_files: 3, out_of_ports: 0 };
        let told = healthy().reasons(&meter, 1);
        assert!(told[0].contains("20.0 ms late at p(99) (bound: 10 ms)"), "{told:?}");
        assert!(told[1].starts_with("3 connections were not opened for lack of file descriptors"));
    }

    #[test]
    fn users_whose_pauses_are_too_long_are_fewer_than_they_seem() {
        let reasons = |lag_ms: u64, pauses: u64| {
            let mut scenario = ScenarioMeter::default();
            scenario.iteration_duration.record_many(100_000_000, 100);
            for _ in 0..pauses {
                scenario.paused(10_000_000, 10_000_000 + lag_ms * 1_000_000);
            }
            healthy().reasons(&Meter { scenarios: vec![scenario], ..Meter::default() }, 1)
        };
        assert_eq!(reasons(6, 80), Vec::<String>::new(), "4.8 %");
        assert_eq!(reasons(4, 200), Vec::<String>::new(), "as coarse as timers are");
        let told = reasons(6, 100);
        assert!(told[0].contains("Little's law 6.0 % of the users' time"), "{told:?}");
        assert!(told[0].contains("pauses lasted 6.0 ms too long"), "{told:?}");
    }

    #[test]
    fn the_kernels_files_are_read() {
        assert_eq!(cgroup_of("1:name=x:/y\n0::/a/b\n").unwrap(), Path::new("/sys/fs/cgroup/a/b"));
    }

    /// An ancestor that was throttled long before must not hide what happened to us.
    #[test]
    fn each_cgroup_is_compared_with_itself() {
        let root = tempfile::tempdir().unwrap();
        let (parent, own) = (root.path().join("parent"), root.path().join("parent/own"));
        fs::create_dir_all(&own).unwrap();
        let throttle = |cgroup: &Path, usec: u64| {
            let text = format!("usage_usec 5\nnr_throttled 2\nthrottled_usec {usec}\n");
            fs::write(cgroup.join("cpu.stat"), text).unwrap();
        };
        fs::write(root.path().join("cpu.stat"), "usage_usec 5\n").unwrap();
        throttle(&parent, 9_000_000);
        throttle(&own, 0);
        let health = Health { throttled_usec: limited(root.path(), &own), ..healthy() };
        assert_eq!(health.throttled_usec, [(own.clone(), 0), (parent.clone(), 9_000_000)]);
        throttle(&own, 10_000);
        assert_eq!(health.reasons(&Meter::default(), 1_000_000_000), Vec::<String>::new());
        throttle(&own, 10_001);
        let told = health.reasons(&Meter::default(), 1_000_000_000);
        assert!(told[0].contains("parent/own was throttled for 1.0 % of the run"), "{told:?}");
    }
}
