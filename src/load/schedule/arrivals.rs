//! The start of each iteration of an arrival rate, one after the other, exactly and repeatably.

use super::area::{Area, Parts};
use crate::load::random::Random;
use crate::load::rate::Rate;
use crate::load::scenario::{Arrival, Executor, Stage};
use crate::load::span::Span;

/// Nanoseconds since the start of the executor, ascending. Even arrivals at a constant rate begin at 0, as k6's do;
/// those of a ramp come when the integral of the rate reaches the next whole number. Both are as many as the integral
/// has whole starts.
///
/// Several cores share one schedule by `skip(core).step_by(cores)`: each draws all of it and takes its own.
#[derive(Clone, Debug)]
pub struct Arrivals {
    area: Area,
    /// Parts that are one start.
    whole: Parts,
    position: Parts,
    /// How many are left; `None` where only the area ends.
    left: Option<u64>,
    gaps: Option<Random>,
}

impl Arrivals {
    /// `None` for executors that do not start iterations at a rate. The seed is used for `arrival: poisson` alone.
    pub fn of(executor: &Executor, seed: u64) -> Option<Arrivals> {
        match executor {
            Executor::ConstantArrivalRate { rate, duration, arrival, .. } => {
                Some(Arrivals::constant(*rate, *duration, *arrival, seed))
            }
            Executor::RampingArrivalRate { start_rate, stages, arrival, .. } => {
                Some(Arrivals::ramping(*start_rate, stages, *arrival, seed))
            }
            _ => None,
        }
    }

    /// Without a duration they never end.
    pub fn constant(rate: Rate, duration: Option<Span>, arrival: Arrival, seed: u64) -> Arrivals {
        let area = Area::Flat { rate: rate.starts, length: duration.map(Span::nanos) };
        Arrivals::new(area, rate, arrival, seed, 0)
    }

    pub fn ramping(start_rate: Rate, stages: &[Stage], arrival: Arrival, seed: u64) -> Arrivals {
        Arrivals::new(Area::ramp(start_rate, stages), start_rate, arrival, seed, 1)
    }

    /// How many are still to come: `None` without an end, and where chance decides.
    pub fn left(&self) -> Option<u64> {
        self.left
    }

    /// The integral of the rate over the whole duration, in starts; `None` without an end.
    pub fn expected(&self) -> Option<f64> {
        Some(self.area.total()? as f64 / self.whole as f64)
    }

    fn new(area: Area, rate: Rate, arrival: Arrival, seed: u64, first: Parts) -> Arrivals {
        let whole = 2 * Parts::from(rate.unit.nanos().max(1));
        let count = area.total().map(|total| u64::try_from(total / whole).unwrap_or(u64::MAX));
        let (gaps, left) = match arrival {
            Arrival::Constant => (None, count),
            Arrival::Poisson => (Some(Random::new(seed)), None),
        };
        let position = if gaps.is_some() { 0 } else { first * whole };
        Arrivals { area, whole, position, left, gaps }
    }

    /// Goes to the last start at once, for tests of schedules that are too long to walk.
    #[cfg(test)]
    pub(super) fn skip_to_last(&mut self) {
        if let Some(left) = self.left.filter(|&left| left > 0) {
            self.position += Parts::from(left - 1) * self.whole;
            self.left = Some(1);
        }
    }
}

impl Iterator for Arrivals {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        if let Some(gaps) = &mut self.gaps {
            // A homogeneous process in the integral is the wanted one in time. A part is less than a nanosecond at
            // any rate, so that rounding to whole parts shifts nothing that could be measured.
            self.position += (gaps.exponential() * self.whole as f64).round() as Parts;
            return self.area.time_of(self.position);
        }
        if let Some(left) = &mut self.left {
            *left = left.checked_sub(1)?;
        }
        let at = self.area.time_of(self.position);
        self.position += self.whole;
        at
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.left.and_then(|left| usize::try_from(left).ok());
        (left.unwrap_or(0), left)
    }
}
