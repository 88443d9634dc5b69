//! The last minutes of a run, for thresholds with `over`: bounded however long they look back.

use std::collections::VecDeque;

use super::meter::Meter;
use crate::load::span::Span;
use crate::load::threshold::Threshold;

/// A window is cut into no more slots than this, so its length is exact to one in so many.
const MOST_SLOTS: u64 = 60;
const SECOND_NS: u64 = 1_000_000_000;

/// The end of the run as far as a threshold looks back.
#[derive(Debug)]
pub(super) struct Window {
    over: Span,
    slot_seconds: u64,
    slots: VecDeque<Slot>,
}

#[derive(Debug)]
struct Slot {
    /// The seconds of the run that it takes in, the first included and the last not.
    from: u64,
    to: u64,
    meter: Meter,
}

impl Window {
    /// One for each length that a threshold looks back.
    pub(super) fn of(thresholds: &[Threshold]) -> Vec<Window> {
        let mut spans: Vec<Span> = thresholds.iter().filter_map(|threshold| threshold.over).collect();
        spans.sort_unstable();
        spans.dedup();
        let window = |over: Span| {
            let seconds = over.nanos().div_ceil(SECOND_NS);
            Window { over, slot_seconds: seconds.div_ceil(MOST_SLOTS), slots: VecDeque::new() }
        };
        spans.into_iter().map(window).collect()
    }

    pub(super) fn over(&self) -> Span {
        self.over
    }

    /// A part of the run is over, up to this second.
    pub(super) fn push(&mut self, from: u64, to: u64, meter: &Meter) {
        match self.slots.back_mut() {
            Some(slot) if to - slot.from <= self.slot_seconds => {
                slot.meter.merge(meter);
                slot.to = to;
            }
            _ => self.slots.push_back(Slot { from, to, meter: meter.clone() }),
        }
        let seconds = self.over.nanos().div_ceil(SECOND_NS);
        while self.slots.front().is_some_and(|slot| slot.to + seconds <= to) {
            self.slots.pop_front();
        }
    }

    /// What came behind the last whole second of the run. It moves nothing out: it is next to no time.
    pub(super) fn push_rest(&mut self, at: u64, meter: &Meter) {
        match self.slots.back_mut() {
            Some(slot) => slot.meter.merge(meter),
            None => self.slots.push_back(Slot { from: at, to: at + 1, meter: meter.clone() }),
        }
    }

    /// All that lies within, and how long that is.
    pub(super) fn sum(&self) -> Option<(Meter, Span)> {
        let first = self.slots.front()?;
        let mut sum = first.meter.clone();
        for slot in self.slots.iter().skip(1) {
            sum.merge(&slot.meter);
        }
        let to = self.slots.back().map_or(first.to, |slot| slot.to);
        Some((sum, Span::from_secs(to - first.from)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::engine::meter::ScenarioMeter;

    fn second(iterations: u64) -> Meter {
        let mut scenario = ScenarioMeter::default();
        scenario.iteration_duration.record_many(1, iterations);
        Meter { scenarios: vec![scenario], ..Meter::default() }
    }

    #[test]
    fn what_is_older_is_forgotten_and_slots_are_bounded() {
        for (over, seconds, slots) in [(2, 2, 2), (60, 60, 60), (600, 600, 60)] {
            let mut window = Window {
                over: Span::from_secs(over),
                slot_seconds: over.div_ceil(60),
                slots: VecDeque::new(),
            };
            for at in 0..1000 {
                window.push(at, at + 1, &second(1));
                assert!(window.slots.len() <= slots + 1);
            }
            let (sum, span) = window.sum().unwrap();
            let exact = sum.scenarios[0].iteration_duration.count();
            assert_eq!(Span::from_secs(exact), span);
            assert!((seconds..=seconds + window.slot_seconds).contains(&exact), "{exact} of {seconds}");
            window.push_rest(1000, &second(1));
            let (rest, same) = window.sum().unwrap();
            assert_eq!((rest.scenarios[0].iteration_duration.count(), same), (exact + 1, span));
        }
    }
}
