//! Which span of time metrics-server looked at, container by container, and our counters over it.
//!
//! The API gives the pod's time T, cut to the second, and window W: those of its earliest container. The true
//! ends are the kubelet's stamps. A pair of the kubelet's samples is metrics-server's when it gives its value to
//! the nanocore, or has its time and window. Without one, the end is fitted within the second that was cut off.
//!
//! The kubelet reads the counter that we read. What it read must lie between our readings before and after; then
//! it is one more reading of the same counter, at its stamp, and better than a line between ours. If it does not,
//! the counter is another's or the stamp is wrong: our line stands, and the difference shows.

use super::series::{Pair, Series};
use super::side::{Ours, Range};
use crate::model::history::History;
use crate::model::metrics_api::ContainerUsage;

const MS: u64 = 1_000_000;
const SECOND: u64 = 1000 * MS;
/// The kubelet stamps a sample after all of its files are read: measured up to 50 ms after cpu.stat.
const LATE: u64 = 100 * MS;
/// Its stamp and our clock readings are whole milliseconds and some.
const EARLY: u64 = 5 * MS;
/// Steps of the fit within the second that the API cuts off.
const FIT_STEP: u64 = 50 * MS;
/// Another container of the pod may have been sampled this much later than the earliest.
const SPREAD: u64 = 20 * SECOND;

/// A span of time on the boot clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) from: u64,
    pub(super) to: u64,
    /// The span may lie this much later, as nothing says when exactly it was.
    pub(super) spare_ns: u64,
    /// So much may the memory have been read before or after the end.
    pub(super) memory_slack_ns: u64,
    /// What the kubelet read at both ends, in microseconds.
    pub(super) read: Option<(u64, u64)>,
    /// All of the kubelet's samples around it were seen, and none of them is metrics-server's.
    pub(super) is_unknown: bool,
    /// Its length by the kubelet's clock.
    pub(super) stated_ns: u64,
}

impl Span {
    /// Of our own choice: nothing about it is uncertain.
    pub(super) fn of(from: u64, to: u64) -> Span {
        Span {
            from,
            to,
            spare_ns: 0,
            memory_slack_ns: 0,
            read: None,
            is_unknown: false,
            stated_ns: to.saturating_sub(from),
        }
    }

    /// Between two of the kubelet's samples.
    pub(super) fn of_pair(pair: &Pair) -> Span {
        let read = Some((pair.from.usage_ns / 1000, pair.to.usage_ns / 1000));
        Span { read, stated_ns: pair.window_ns(), ..Span::of(pair.from.boot_ns, pair.to.boot_ns) }
    }

    /// True where the clock that the window was measured by was set within it.
    pub(super) fn is_stretched(&self) -> bool {
        self.stated_ns.abs_diff(self.to - self.from) * 200 > self.stated_ns
    }

    pub(super) fn latest(&self) -> u64 {
        self.to + self.spare_ns
    }
}

/// What metrics-server says of the span: time, window, and whether it is of this container alone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Said {
    pub(super) at_ms: i64,
    pub(super) window_ns: u64,
    pub(super) is_alone: bool,
}

/// The span of one container's value.
pub(super) fn span(
    usage: Said,
    said: &ContainerUsage,
    end_boot_ns: u64,
    series: Option<&Series>,
    history: &History,
) -> Span {
    let cpu = said.cpu_nanocores;
    let pairs = || series.into_iter().flat_map(Series::pairs);
    let is_value = |pair: &Pair| {
        // The API's time is that of the pod's earliest container.
        pair.to.wall_ms + 1 > usage.at_ms
            && pair.to.working_set_bytes.is_none_or(|bytes| bytes == said.memory_bytes)
            && pair.nanocores().is_some_and(|ours| ours.abs_diff(cpu) <= 2 + cpu / 1_000_000)
    };
    let is_time = |pair: &Pair| {
        pair.to.wall_ms.div_euclid(1000) == usage.at_ms.div_euclid(1000)
            && pair.window_ns().abs_diff(usage.window_ns) <= 2 * MS
    };
    let both = |pair: &Pair| is_value(pair) && is_time(pair);
    let found = pairs().find(both).or_else(|| pairs().find(is_value)).or_else(|| pairs().find(is_time));
    if let Some(pair) = found {
        return Span::of_pair(&pair);
    }
    let may_be_unseen = series.is_none_or(|series| series.has_hole(end_boot_ns, usage.window_ns));
    let spare_ns = if usage.is_alone || !may_be_unseen { 0 } else { SPREAD };
    let fits = (0..=SECOND / FIT_STEP).map(|step| end_boot_ns + step * FIT_STEP);
    let best = fits
        .filter_map(|end| {
            let rate = history.rate(end.checked_sub(usage.window_ns)?, end)?;
            Some((end, (rate.nanocores - cpu as f64).abs()))
        })
        .min_by(|(_, a), (_, b)| a.total_cmp(b));
    let to = best.map_or(end_boot_ns + SECOND / 2, |(end, _)| end);
    let from = to.saturating_sub(usage.window_ns);
    Span { spare_ns, memory_slack_ns: SECOND, is_unknown: !may_be_unseen, ..Span::of(from, to) }
}

/// The rate between the kubelet's two readings, where both lie between ours around their stamps.
fn read_rate(history: &History, span: &Span) -> Option<f64> {
    let (from, to) = span.read?;
    let is_ours = |at: u64, usage: u64| {
        let around = history.around(at.saturating_sub(LATE), at + EARLY);
        around.is_some_and(|(low, high)| low <= usage && usage <= high)
    };
    let is_same = is_ours(span.from, from) && is_ours(span.to, to);
    let window_us = (span.to - span.from) as f64 / 1000.0;
    is_same.then(|| to.saturating_sub(from) as f64 / window_us * 1e9)
}

/// One history over a span, with the range that an uncertain span leaves.
pub(super) fn over(history: &History, span: &Span) -> Ours {
    let rate = |from: u64, to: u64| history.rate(from, to).map(|rate| rate.nanocores);
    let cpu = rate(span.from, span.to).map(|line| {
        let at = read_rate(history, span).unwrap_or(line);
        let mut range = Range::exact(at);
        let window = span.to - span.from;
        for later in 1..=span.spare_ns / SECOND {
            let end = span.to + later * SECOND;
            let lengths = [10 * SECOND, 15 * SECOND, 20 * SECOND, 30 * SECOND];
            for length in
                lengths.into_iter().chain([window, window.saturating_sub(6 * SECOND), window + 6 * SECOND])
            {
                let Some(other) = end.checked_sub(length).and_then(|start| rate(start, end)) else {
                    continue;
                };
                (range.low, range.high) = (range.low.min(other), range.high.max(other));
            }
        }
        range
    });
    let slack = span.memory_slack_ns + span.spare_ns / 2;
    let near = history.working_set_at(span.to, span.memory_slack_ns);
    let memory = near.map(|near| {
        let wide = history.working_set_at(span.to + span.spare_ns / 2, slack).unwrap_or(near);
        Range {
            low: wide.low.min(near.low) as f64,
            at: near.bytes as f64,
            high: wide.high.max(near.high) as f64,
        }
    });
    Ours { cpu, memory }
}
