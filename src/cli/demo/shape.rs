//! When there is how much load: calm, a steep rise, a spike, a steep fall, calm.

use crate::load::span::Span;

/// Calm, rise, spike, fall, calm, in twentieths of the whole.
const TWENTIETHS: [u64; 5] = [5, 1, 7, 1, 6];

/// A part of the demo, as the summary has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    Before,
    Spike,
    After,
}

/// Starts a second over time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    duration: Span,
    calm: u32,
    peak: u32,
}

impl Part {
    pub(super) const ALL: [Part; 3] = [Part::Before, Part::Spike, Part::After];

    pub(super) fn name(self) -> &'static str {
        match self {
            Part::Before => "before",
            Part::Spike => "spike",
            Part::After => "after",
        }
    }
}

impl Shape {
    pub(super) fn new(duration: Span, peak: u32) -> Shape {
        Shape { duration, calm: peak.div_ceil(10), peak }
    }

    /// For each stage its length and the rate at its end.
    pub(super) fn stages(&self) -> [(Span, u32); 5] {
        let rates = [self.calm, self.peak, self.peak, self.calm, self.calm];
        let mut stages = [(Span::default(), 0); 5];
        for (stage, (twentieths, rate)) in stages.iter_mut().zip(TWENTIETHS.into_iter().zip(rates)) {
            *stage = (Span::from_nanos(self.duration.nanos() / 20 * twentieths), rate);
        }
        stages
    }

    pub(super) fn calm(&self) -> u32 {
        self.calm
    }

    pub(super) fn peak(&self) -> u32 {
        self.peak
    }

    /// Starts a second at this time.
    pub(super) fn rate(&self, at: Span) -> f64 {
        let (mut begin, mut from) = (0, self.calm);
        for (length, to) in self.stages() {
            let length = length.nanos();
            if at.nanos() < begin + length {
                let share = (at.nanos() - begin) as f64 / length as f64;
                return f64::from(from) + (f64::from(to) - f64::from(from)) * share;
            }
            (begin, from) = (begin + length, to);
        }
        0.0
    }

    /// Mean of the second that ends then.
    pub(super) fn mean_rate(&self, end: Span) -> f64 {
        const PARTS: u64 = 20;
        let part = Span::SECOND.nanos() / PARTS;
        let middles = (0..PARTS).map(|n| end.nanos().saturating_sub(n * part + part / 2));
        middles.map(|at| self.rate(Span::from_nanos(at))).sum::<f64>() / PARTS as f64
    }

    /// Rise and fall belong to the spike; what comes behind the end to the last part.
    pub(super) fn part(&self, at: Span) -> Part {
        let twentieth = self.duration.nanos() / 20;
        let (before, spike) = (TWENTIETHS[0], TWENTIETHS[0] + TWENTIETHS[1] + TWENTIETHS[2] + TWENTIETHS[3]);
        match at.nanos() {
            at if at <= before * twentieth => Part::Before,
            at if at <= spike * twentieth => Part::Spike,
            _ => Part::After,
        }
    }

    /// When the spike's fall ends.
    pub(super) fn end_of_spike(&self) -> Span {
        Span::from_nanos(self.duration.nanos() / 20 * 14)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_follow_the_stages_and_the_parts_meet() {
        let shape = Shape::new(Span::from_secs(120), 180);
        let rate = |seconds| shape.rate(Span::from_secs(seconds)).round() as u32;
        assert_eq!([0, 29, 36, 60, 78, 90, 119, 121].map(rate), [18, 18, 180, 180, 180, 18, 18, 0]);
        assert_eq!(rate(33), 99, "half of the rise");
        assert_eq!(shape.mean_rate(Span::from_secs(31)).round() as u32, 32, "from 18 to 45");
        let part = |seconds| shape.part(Span::from_secs(seconds));
        assert_eq!(
            [1, 30, 31, 84, 85, 130].map(part),
            [Part::Before, Part::Before, Part::Spike, Part::Spike, Part::After, Part::After]
        );
        let whole: u64 = shape.stages().iter().map(|(length, _)| length.nanos()).sum();
        assert_eq!(whole, Span::from_secs(120).nanos());
        assert_eq!(shape.end_of_spike(), Span::from_secs(84));
    }
}
