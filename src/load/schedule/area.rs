//! The integral of a rate that is linear piece by piece, and its inverse, in whole numbers.
//!
//! A rate is a whole number of starts in a time unit of `u` nanoseconds, so the integral over a stage of `d`
//! nanoseconds from `a` to `b` is `(a + b) * d / 2u`. Counted in parts of `1 / 2u` of a start it is whole, and no sum
//! of stages is ever rounded.

use crate::load::rate::Rate;
use crate::load::scenario::Stage;

/// Starts in parts: `2u` of them are one start.
pub(super) type Parts = u128;

/// A rate over time.
#[derive(Clone, Debug)]
pub(super) enum Area {
    /// One rate, to an end or without one.
    Flat {
        rate: u64,
        length: Option<u64>,
    },
    Ramp {
        pieces: Vec<Piece>,
        at: usize,
    },
}

/// A stage with the time and the parts before it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece {
    from: u64,
    to: u64,
    length: u64,
    start: u64,
    before: Parts,
}

impl Area {
    pub(super) fn ramp(start: Rate, stages: &[Stage]) -> Area {
        let (mut from, mut at, mut before) = (start.starts, 0u64, 0);
        let mut pieces = Vec::with_capacity(stages.len());
        for stage in stages {
            let piece = Piece { from, to: stage.target, length: stage.duration.nanos(), start: at, before };
            // A stage of no duration has no area: the rate jumps.
            before += piece.area();
            at = at.saturating_add(piece.length);
            from = stage.target;
            pieces.push(piece);
        }
        Area::Ramp { pieces, at: 0 }
    }

    /// The whole integral; `None` without an end.
    pub(super) fn total(&self) -> Option<Parts> {
        match self {
            Area::Flat { rate, length } => length.map(|length| 2 * Parts::from(*rate) * Parts::from(length)),
            Area::Ramp { pieces, .. } => Some(pieces.last().map_or(0, |piece| piece.before + piece.area())),
        }
    }

    /// The time at which the integral is so large: cut to a nanosecond where the rate is constant, and the first
    /// nanosecond at which it is where it ramps. `None` behind the end. Positions must not go down.
    pub(super) fn time_of(&mut self, position: Parts) -> Option<u64> {
        match self {
            Area::Flat { rate, length } => {
                let nanos = position.checked_div(2 * Parts::from(*rate))?;
                let nanos = u64::try_from(nanos).ok()?;
                (length.is_none_or(|length| nanos <= length)).then_some(nanos)
            }
            Area::Ramp { pieces, at } => loop {
                let piece = pieces.get(*at)?;
                if position <= piece.before + piece.area() {
                    return Some(piece.start + piece.inverse(position - piece.before));
                }
                *at += 1;
            },
        }
    }
}

impl Piece {
    fn area(&self) -> Parts {
        (Parts::from(self.from) + Parts::from(self.to)) * Parts::from(self.length)
    }

    /// The first nanosecond `x` of the stage with an area of `parts`, which are no more than all of it.
    fn inverse(&self, parts: Parts) -> u64 {
        if parts == 0 {
            return 0;
        }
        // The area up to x is 2ax + (b - a)x²/d. Its root in the form that cancels no digits, for rates that rise,
        // stay and fall alike, is parts / (a + sqrt(a² + (b - a) parts / d)).
        let (from, to, length) = (self.from as f64, self.to as f64, self.length as f64);
        let root = (from * from + (to - from) * parts as f64 / length).max(0.0).sqrt();
        let guess = parts as f64 / (from + root);
        // A float has 53 bits of it. Whole numbers give the rest: ever larger steps to both sides until the answer
        // lies between, and then halves. The end always reaches.
        let guess = (guess as u64).min(self.length);
        let (mut low, mut high, mut step) = (guess, guess, 1u64);
        while low > 0 && self.reaches(low - 1, parts) {
            low = low.saturating_sub(step);
            step = step.saturating_mul(2);
        }
        step = 1;
        while !self.reaches(high, parts) {
            high = high.saturating_add(step).min(self.length);
            step = step.saturating_mul(2);
        }
        while low < high {
            let middle = low + (high - low) / 2;
            if self.reaches(middle, parts) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        high
    }

    /// True where the area up to `x` is at least `parts`. Rates up to `MAX_RATE` and stages up to `MAX_STAGE` stay
    /// within 127 bits: 2 * 10^7 * (2.6 * 10^15)² is 1.4 * 10^38.
    fn reaches(&self, x: u64, parts: Parts) -> bool {
        // The whole stage has what is asked for.
        if x >= self.length {
            return true;
        }
        let (from, to, length) = (i128::from(self.from), i128::from(self.to), i128::from(self.length));
        let x = i128::from(x);
        2 * from * x * length + (to - from) * x * x >= parts as i128 * length
    }
}
