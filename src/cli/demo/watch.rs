//! The target's CPU, memory and throttling, read ten times a second: from its cgroup by the agent's own sampler where
//! it has one, else from its process.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::process::Process;
use crate::cli::SnapshotSource;
use crate::model::field::Field;
use crate::model::snapshot::Snapshot;
use crate::model::unit::memory_usage_bytes;

const EVERY: Duration = Duration::from_millis(100);
/// Readings of which a mean of a second is made.
const OF_A_SECOND: usize = 11;
const PATIENCE: Duration = Duration::from_secs(5);

/// The target at one time. What is not measured here is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Reading {
    /// Mean of the last second.
    pub(super) cores: Option<f64>,
    /// Of the tenth of it that took most.
    pub(super) peak_cores: Option<f64>,
    /// Since it began, in seconds.
    pub(super) cpu_seconds: Option<f64>,
    pub(super) memory_bytes: Option<u64>,
    /// Periods of its CPU limit since it began, and those of them that ended with the quota used up.
    pub(super) periods: Option<(u64, u64)>,
}

/// Reads until it is dropped.
#[derive(Debug)]
pub(super) struct Watch {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    latest: Mutex<Reading>,
    /// Readings of the CPU so far.
    count: AtomicU64,
    is_over: AtomicBool,
}

/// Times and CPU of the last second.
#[derive(Debug, Default)]
struct Counters(VecDeque<(f64, f64)>);

impl Watch {
    /// `cgroup` is the sampler with the path of the target's cgroup.
    pub(super) fn start(process: Process, cgroup: Option<(Box<dyn SnapshotSource>, String)>) -> Watch {
        let mut watch = Watch { shared: Arc::default(), threads: Vec::new() };
        let has_cgroup = cgroup.is_some();
        watch.spawn(move |shared| {
            let begun = Instant::now();
            let mut counters = Counters::default();
            while !shared.is_over() {
                let mut reading = Reading::default();
                if let Some(cpu) = process.cpu_ns().filter(|_| !has_cgroup) {
                    reading = counters.push(begun.elapsed().as_secs_f64(), cpu as f64 / 1e9);
                }
                reading.memory_bytes = process.resident_bytes();
                shared.take(|latest| {
                    // What the cgroup says stands above.
                    let kept = if has_cgroup { *latest } else { reading };
                    Reading { memory_bytes: kept.memory_bytes.or(reading.memory_bytes), ..kept }
                });
                if !has_cgroup {
                    shared.count.fetch_add(1, Ordering::Relaxed);
                }
                std::thread::sleep(EVERY);
            }
        });
        if let Some((mut source, path)) = cgroup {
            watch.spawn(move |shared| {
                while !shared.is_over() {
                    // A sampler that ended has said so in the log; what is missing from then on is shown as missing.
                    let reading = source.next().ok().and_then(|snapshot| of_cgroup(&snapshot, &path));
                    let is_there = reading.is_some();
                    let reading = reading.unwrap_or_default();
                    shared.take(|latest| Reading {
                        memory_bytes: reading.memory_bytes.or(latest.memory_bytes),
                        ..reading
                    });
                    shared.count.fetch_add(u64::from(is_there), Ordering::Relaxed);
                    if !is_there {
                        std::thread::sleep(EVERY);
                    }
                }
            });
        }
        watch
    }

    fn spawn(&mut self, work: impl FnOnce(&Shared) + Send + 'static) {
        let shared = Arc::clone(&self.shared);
        self.threads.push(std::thread::spawn(move || work(&shared)));
    }

    pub(super) fn latest(&self) -> Reading {
        *self.shared.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the next two readings, so that there are rates, and that the seconds of the load end a little later
    /// than those of the readings. Not for ever: what cannot be read is shown as missing.
    pub(super) fn settle(&self) {
        let (begun, before) = (Instant::now(), self.shared.count.load(Ordering::Relaxed));
        while self.shared.count.load(Ordering::Relaxed) < before + 2 && begun.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(5));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

impl Shared {
    fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }

    fn take(&self, change: impl FnOnce(&Reading) -> Reading) {
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        *latest = change(&latest);
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            let _ended = thread.join();
        }
    }
}

fn of_cgroup(snapshot: &Snapshot, path: &str) -> Option<Reading> {
    let unit = snapshot.units.iter().find(|unit| *unit.cgroup.path == *path && !unit.gone)?;
    Some(Reading {
        cores: unit.cpu.live.map(|rate| rate.cores),
        peak_cores: unit.cpu.windows[0].as_ref().map(|window| window.max),
        cpu_seconds: Some(unit.values.get(Field::UsageUsec)? as f64 / 1e6),
        memory_bytes: memory_usage_bytes(&unit.values),
        periods: unit.values.get(Field::NrPeriods).zip(unit.values.get(Field::NrThrottled)),
    })
}

impl Counters {
    /// Seconds since any time, and seconds of CPU.
    fn push(&mut self, at: f64, cpu: f64) -> Reading {
        self.0.push_back((at, cpu));
        if self.0.len() > OF_A_SECOND {
            self.0.pop_front();
        }
        let mut reading = Reading { cpu_seconds: Some(cpu), ..Reading::default() };
        let (Some(first), Some(last)) = (self.0.front(), self.0.back()) else { return reading };
        let rate = |from: &(f64, f64), to: &(f64, f64)| (to.1 - from.1) / (to.0 - from.0);
        if last.0 > first.0 {
            reading.cores = Some(rate(first, last));
            let steps = self.0.iter().zip(self.0.iter().skip(1));
            reading.peak_cores = steps.map(|(from, to)| rate(from, to)).max_by(f64::total_cmp);
        }
        reading
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_of_the_last_second_and_of_its_worst_tenth() {
        let mut counters = Counters::default();
        let mut last = counters.push(0.0, 5.0);
        assert_eq!((last.cores, last.cpu_seconds), (None, Some(5.0)));
        for step in 1..=20 {
            // Half a core, and a whole one in the tenth before the last.
            let cpu = 5.0 + f64::from(step) * 0.05 + if step >= 19 { 0.05 } else { 0.0 };
            last = counters.push(f64::from(step) / 10.0, cpu);
        }
        assert!((last.cores.unwrap() - 0.55).abs() < 1e-9, "{last:?}");
        assert!((last.peak_cores.unwrap() - 1.0).abs() < 1e-9, "{last:?}");
    }
}
