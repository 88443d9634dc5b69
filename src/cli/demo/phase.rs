//! What a stretch of the run came to: requests on one side, the target on the other.

use super::shape::Part;
use super::watch::Reading;
use crate::load::engine::Tick;
use crate::load::histogram::Histogram;
use crate::load::span::Span;

/// One second, or several.
#[derive(Clone, Debug, Default)]
pub(super) struct Side {
    pub(super) seconds: f64,
    pub(super) requests: u64,
    pub(super) failed: u64,
    /// From the intended start.
    pub(super) latency: Histogram,
    /// From when it was sent.
    pub(super) service: Histogram,
    /// Seconds of CPU.
    pub(super) cpu_seconds: Option<f64>,
    pub(super) peak_cores: Option<f64>,
    pub(super) memory_bytes: Option<u64>,
    pub(super) periods: Option<u64>,
    pub(super) throttled: Option<u64>,
}

/// All of the demo so far.
#[derive(Debug, Default)]
pub(super) struct Story {
    parts: [Side; 3],
    cpu_seconds: Option<f64>,
    periods: Option<(u64, u64)>,
    /// When the latency was first back to what it had been, behind the spike.
    pub(super) back_at: Option<Span>,
}

impl Side {
    pub(super) fn of(tick: &Tick<'_>) -> Side {
        let (requests, failed) = tick.last.requests();
        let mut side = Side { seconds: tick.span.seconds(), requests, failed, ..Side::default() };
        for outcome in tick.last.outcomes() {
            side.latency.merge(&outcome.latency);
            side.service.merge(&outcome.duration);
        }
        side
    }

    fn add(&mut self, other: &Side) {
        let is_first = self.seconds <= 0.0;
        self.seconds += other.seconds;
        self.requests += other.requests;
        self.failed += other.failed;
        self.latency.merge(&other.latency);
        self.service.merge(&other.service);
        // A part of which a second is not known is not known.
        let sum = |own: Option<u64>, other: Option<u64>| if is_first { other } else { Some(own? + other?) };
        self.periods = sum(self.periods, other.periods);
        self.throttled = sum(self.throttled, other.throttled);
        self.cpu_seconds = if is_first {
            other.cpu_seconds
        } else {
            self.cpu_seconds.zip(other.cpu_seconds).map(|(a, b)| a + b)
        };
        self.peak_cores = self.peak_cores.into_iter().chain(other.peak_cores).max_by(f64::total_cmp);
        self.memory_bytes = self.memory_bytes.max(other.memory_bytes);
    }

    pub(super) fn rate(&self) -> Option<f64> {
        (self.seconds > 0.0).then(|| self.requests as f64 / self.seconds)
    }

    /// Mean.
    pub(super) fn cores(&self) -> Option<f64> {
        self.cpu_seconds.filter(|_| self.seconds > 0.0).map(|cpu| cpu / self.seconds)
    }

    /// Share of the periods in which the quota ran out; `None` where there is no quota. Without a period nothing ran.
    pub(super) fn throttled_share(&self) -> Option<f64> {
        let (periods, throttled) = (self.periods?, self.throttled?);
        Some(if periods == 0 { 0.0 } else { throttled as f64 / periods as f64 })
    }

    /// Seconds of CPU.
    pub(super) fn cpu_of_a_request(&self) -> Option<f64> {
        (self.requests > 0).then_some(())?;
        self.cpu_seconds.map(|cpu| cpu / self.requests as f64)
    }
}

impl Story {
    /// With what the target had used before.
    pub(super) fn begin(reading: &Reading) -> Story {
        Story { cpu_seconds: reading.cpu_seconds, periods: reading.periods, ..Story::default() }
    }

    /// A second, with what the target did in it.
    pub(super) fn add(&mut self, part: Part, at: Span, mut second: Side, reading: &Reading) -> Side {
        second.cpu_seconds = reading.cpu_seconds.zip(self.cpu_seconds).map(|(now, before)| now - before);
        self.cpu_seconds = reading.cpu_seconds;
        second.peak_cores = reading.peak_cores;
        second.memory_bytes = reading.memory_bytes;
        let since = reading.periods.zip(self.periods);
        second.periods = since.map(|(now, before)| now.0.saturating_sub(before.0));
        second.throttled = since.map(|(now, before)| now.1.saturating_sub(before.1));
        self.periods = reading.periods;
        if part == Part::After && self.back_at.is_none() && self.is_back(&second) {
            self.back_at = Some(at);
        }
        self.parts[part as usize].add(&second);
        second
    }

    pub(super) fn part(&self, part: Part) -> &Side {
        &self.parts[part as usize]
    }

    /// Its p95 is at most twice that of the calm before.
    fn is_back(&self, second: &Side) -> bool {
        let before = self.part(Part::Before).latency.quantile(0.95);
        before.zip(second.latency.quantile(0.95)).is_some_and(|(before, now)| now <= 2.0 * before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(latency_ms: u64) -> Side {
        let mut side = Side { seconds: 1.0, requests: 10, ..Side::default() };
        side.latency.record_many(latency_ms * 1_000_000, 10);
        side
    }

    #[test]
    fn parts_add_up_and_what_is_missing_stays_missing() {
        let mut story = Story::default();
        let at = Span::from_secs;
        let reading = |cpu: f64, periods: Option<u64>| Reading {
            cpu_seconds: Some(cpu),
            peak_cores: Some(cpu / 2.0),
            memory_bytes: Some(7),
            periods: periods.map(|periods| (periods, periods / 2)),
            ..Reading::default()
        };
        // What went before is not known.
        story.add(Part::Before, at(1), second(50), &reading(1.0, Some(10)));
        assert_eq!(story.part(Part::Before).periods, None);
        assert_eq!(story.part(Part::Before).cpu_seconds, None);
        assert_eq!(Story::begin(&reading(1.0, None)).cpu_seconds, Some(1.0));
        for (number, cpu) in [(2, 1.5), (3, 2.5)] {
            story.add(Part::Spike, at(number), second(2000), &reading(cpu, Some(10 * number)));
        }
        let spike = story.part(Part::Spike);
        assert_eq!(
            (spike.cores(), spike.rate(), spike.throttled_share()),
            (Some(0.75), Some(10.0), Some(0.5))
        );
        assert_eq!((spike.cpu_of_a_request(), spike.peak_cores), (Some(0.075), Some(1.25)));
        story.add(Part::After, at(4), second(101), &reading(2.6, None));
        assert_eq!((story.back_at, story.part(Part::After).throttled_share()), (None, None));
        story.add(Part::After, at(5), second(99), &reading(2.7, None));
        assert_eq!(story.back_at, Some(at(5)));
    }
}
