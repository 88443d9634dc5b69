//! What each thread counts. Only that thread writes, so a count is a load and a store; a scrape adds all threads up.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::faults::KEYS;
use super::latency::{BOUNDS_NS, Buckets, Recent, Sums, add};
use super::reply::{STATUS_LABELS, status_label};
use super::route::{METHODS, Method, PATHS, is_own};
use crate::encode::target::{Report, Series};

/// Why a connection was ended by us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CutOff {
    /// Nothing was asked for a while: no fault of anyone.
    Idle,
    /// A request did not come in time.
    SlowRequest,
    /// An answer was not read in time.
    SlowReader,
    /// What came is no request that can be answered.
    BadRequest,
    /// A head or a body is too large.
    TooLarge,
    /// All connections were taken.
    TooMany,
}

/// Each reason's label, in the order of [`CutOff`].
const CUT_OFFS: [&str; 6] = ["idle", "slow_request", "slow_reader", "bad_request", "too_large", "too_many"];

/// The quantiles that prom-client gives to a summary, but for those below the median.
const QUANTILES: [f64; 5] = [0.5, 0.9, 0.95, 0.99, 0.999];

const SERIES: usize = METHODS.len() * PATHS.len() * STATUS_LABELS;

/// What a connection is doing, as nginx tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Waiting,
    Reading,
    Writing,
}

#[derive(Debug)]
pub(super) struct Counters {
    pub(super) accepted: AtomicU64,
    pub(super) handled: AtomicU64,
    pub(super) requests: AtomicU64,
    pub(super) active: AtomicU64,
    reading: AtomicU64,
    writing: AtomicU64,
    cut_off: [AtomicU64; CUT_OFFS.len()],
    faults: [AtomicU64; KEYS.len()],
    leak_refused: AtomicU64,
    recent: Recent,
    /// By method, path and status; those that were never asked for take no room.
    series: Box<[OnceLock<Box<Buckets>>]>,
}

impl Default for Counters {
    fn default() -> Self {
        Counters {
            accepted: AtomicU64::default(),
            handled: AtomicU64::default(),
            requests: AtomicU64::default(),
            active: AtomicU64::default(),
            reading: AtomicU64::default(),
            writing: AtomicU64::default(),
            cut_off: Default::default(),
            faults: Default::default(),
            leak_refused: AtomicU64::default(),
            recent: Recent::default(),
            series: (0..SERIES).map(|_| OnceLock::new()).collect(),
        }
    }
}

impl Counters {
    /// One request with its answer. `status` is the place of its label.
    pub(super) fn answered(
        &self,
        (method, path, status): (Method, usize, usize),
        since_start: Duration,
        took: Duration,
    ) {
        let ns = took.as_nanos() as u64;
        let place = (method as usize * PATHS.len() + path) * STATUS_LABELS + status;
        if let Some(series) = self.series.get(place) {
            series.get_or_init(Box::default).record(ns);
        }
        if !is_own(path) {
            self.recent.record(since_start, ns);
        }
    }

    pub(super) fn cut_off(&self, why: CutOff) {
        add(&self.cut_off[why as usize], 1);
    }

    /// By the place in [`KEYS`].
    pub(super) fn suffered(&self, fault: usize) {
        add(&self.faults[fault], 1);
    }

    pub(super) fn leak_refused(&self) {
        add(&self.leak_refused, 1);
    }

    /// A connection goes from one phase to another.
    pub(super) fn turn(&self, from: Phase, to: Phase) {
        for (phase, gauge) in [(Phase::Reading, &self.reading), (Phase::Writing, &self.writing)] {
            if from == phase && to != phase {
                add(gauge, u64::MAX);
            }
            if from != phase && to == phase {
                add(gauge, 1);
            }
        }
    }
}

/// nginx's seven numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Connections {
    pub(super) active: u64,
    pub(super) accepts: u64,
    pub(super) handled: u64,
    pub(super) requests: u64,
    pub(super) reading: u64,
    pub(super) writing: u64,
    pub(super) waiting: u64,
}

pub(super) fn connections<'a>(threads: impl IntoIterator<Item = &'a Counters>) -> Connections {
    let mut sum = Connections::default();
    for thread in threads {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        sum.active += load(&thread.active);
        sum.accepts += load(&thread.accepted);
        sum.handled += load(&thread.handled);
        sum.requests += load(&thread.requests);
        sum.reading += load(&thread.reading);
        sum.writing += load(&thread.writing);
    }
    sum.waiting = sum.active.saturating_sub(sum.reading + sum.writing);
    sum
}

/// Everything that the threads counted; what they do not know stays empty.
pub(super) fn report(threads: &[&Counters], since_start: Duration) -> Report {
    let mut sums = Sums::default();
    let connections = connections(threads.iter().copied());
    let mut report = Report {
        bounds: BOUNDS_NS.iter().map(|ns| *ns as f64 / 1e9).collect(),
        connections: connections.active,
        accepted: connections.accepts,
        cut_off: CUT_OFFS.map(|reason| (reason, 0)).to_vec(),
        faults: KEYS.map(|fault| (fault, 0)).to_vec(),
        threads: threads.len(),
        ..Report::default()
    };
    for thread in threads {
        thread.recent.add_to(since_start, &mut sums);
        for (sum, counter) in report.cut_off.iter_mut().zip(&thread.cut_off) {
            sum.1 += counter.load(Ordering::Relaxed);
        }
        for (sum, counter) in report.faults.iter_mut().zip(&thread.faults) {
            sum.1 += counter.load(Ordering::Relaxed);
        }
        report.leak_refused += thread.leak_refused.load(Ordering::Relaxed);
    }
    report.quantiles = QUANTILES.map(|quantile| (quantile, sums.quantile(quantile))).to_vec();
    report.series = (0..SERIES).filter_map(|place| series(threads, place)).collect();
    report
}

fn series(threads: &[&Counters], place: usize) -> Option<Series> {
    let mut counts = vec![0; BOUNDS_NS.len() + 1];
    let mut sum_ns = 0;
    let mut found = false;
    for buckets in threads.iter().filter_map(|thread| thread.series.get(place)?.get()) {
        buckets.add_to(&mut counts, &mut sum_ns);
        found = true;
    }
    let (rest, status) = (place / STATUS_LABELS, place % STATUS_LABELS);
    let (method, path) = (rest / PATHS.len(), rest % PATHS.len());
    found.then(|| Series {
        method: METHODS[method],
        path: PATHS[path],
        status: status_label(status),
        is_own: is_own(path),
        counts,
        sum_seconds: sum_ns as f64 / 1e9,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::reply::status_place;
    use crate::target::route::Route;

    #[test]
    fn threads_add_up_and_labels_are_those_of_the_request() {
        let threads = [Counters::default(), Counters::default()];
        let second = Duration::from_secs(1);
        for (thread, method, path, status) in [
            (0, Method::Get, "/status/200", 200),
            (1, Method::Get, "/status/200", 200),
            (1, Method::Other, "/nowhere", 404),
            (1, Method::Get, "/metrics", 200),
        ] {
            let place = (method, Route::of(path).path(), status_place(status));
            threads[thread].answered(place, second, second);
        }
        let report = report(&[&threads[0], &threads[1]], second);
        let told: Vec<_> = report
            .series
            .iter()
            .map(|series| (series.method, series.path, series.status, series.counts.iter().sum::<u64>()))
            .collect();
        let expected =
            [("GET", "status", "200", 2), ("GET", "metrics", "200", 1), ("other", "unknown", "404", 1)];
        assert_eq!(told, expected);
    }

    #[test]
    fn phases_leave_nothing_behind() {
        let counters = Counters::default();
        add(&counters.active, 2);
        counters.turn(Phase::Waiting, Phase::Reading);
        counters.turn(Phase::Reading, Phase::Writing);
        let now = connections([&counters]);
        assert_eq!((now.reading, now.writing, now.waiting), (0, 1, 1));
        counters.turn(Phase::Writing, Phase::Waiting);
        assert_eq!(connections([&counters]).waiting, 2);
    }
}
