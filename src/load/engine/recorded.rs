//! Sums of a metric of the run's own, from one step.

use std::time::Instant;

use crate::load::histogram::Histogram;
use crate::load::metric::MetricType;
use crate::load::results::Values;

/// A million for each unit of a sample, as in [`Values::Trend`].
const UNIT: f64 = 1e6;

/// What came of its samples so far.
#[derive(Clone, Debug, PartialEq)]
pub enum Recorded {
    Counter { sum: f64, samples: u64 },
    Gauge(Option<Last>),
    Rate { nonzero: u64, zero: u64 },
    Trend(Histogram),
}

/// The last value of a gauge, and when that was: setup and teardown have other clocks than the users between them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Last {
    at: Instant,
    value: f64,
    min: f64,
    max: f64,
}

impl Recorded {
    pub(super) fn new(kind: MetricType) -> Recorded {
        match kind {
            MetricType::Counter => Recorded::Counter { sum: 0.0, samples: 0 },
            MetricType::Gauge => Recorded::Gauge(None),
            MetricType::Rate => Recorded::Rate { nonzero: 0, zero: 0 },
            MetricType::Trend => Recorded::Trend(Histogram::new()),
        }
    }

    /// False where such a sample cannot be.
    pub(super) fn add(&mut self, number: f64) -> bool {
        match self {
            Recorded::Counter { sum, samples } => {
                *sum += number;
                *samples += 1;
            }
            Recorded::Gauge(last) => {
                let new = Last { at: Instant::now(), value: number, min: number, max: number };
                *last = Some(last.map_or(new, |last| last.and(new)));
            }
            Recorded::Rate { nonzero, zero } => *if number == 0.0 { zero } else { nonzero } += 1,
            Recorded::Trend(_) if number < 0.0 => return false,
            Recorded::Trend(histogram) => histogram.record((number * UNIT).round() as u64),
        }
        true
    }

    /// Adds what another thread or second has; both are of one metric.
    pub(super) fn merge(&mut self, other: &Recorded) {
        match (self, other) {
            (Recorded::Counter { sum, samples }, Recorded::Counter { sum: more, samples: others }) => {
                *sum += more;
                *samples += others;
            }
            (Recorded::Gauge(own), Recorded::Gauge(Some(other))) => {
                *own = Some(own.map_or(*other, |own| own.and(*other)));
            }
            (Recorded::Rate { nonzero, zero }, Recorded::Rate { nonzero: more, zero: others }) => {
                *nonzero += more;
                *zero += others;
            }
            (Recorded::Trend(histogram), Recorded::Trend(more)) => histogram.merge(more),
            _ => {}
        }
    }

    pub(super) fn clear(&mut self) {
        match self {
            Recorded::Counter { sum, samples } => (*sum, *samples) = (0.0, 0),
            Recorded::Gauge(last) => *last = None,
            Recorded::Rate { nonzero, zero } => (*nonzero, *zero) = (0, 0),
            Recorded::Trend(histogram) => histogram.clear(),
        }
    }

    /// `None` without a sample.
    pub fn values(&self) -> Option<Values> {
        match self {
            Recorded::Counter { samples: 0, .. }
            | Recorded::Gauge(None)
            | Recorded::Rate { nonzero: 0, zero: 0 } => None,
            Recorded::Counter { sum, .. } => Some(Values::Counter(*sum)),
            Recorded::Gauge(Some(Last { value, min, max, .. })) => {
                Some(Values::Gauge { value: *value, min: *min, max: *max })
            }
            Recorded::Rate { nonzero, zero } => Some(Values::Rate { nonzero: *nonzero, zero: *zero }),
            Recorded::Trend(histogram) => (histogram.count() > 0).then(|| Values::Trend(histogram.clone())),
        }
    }
}

impl Last {
    /// Whichever came later says the value.
    fn and(self, other: Last) -> Last {
        let (min, max) = (self.min.min(other.min), self.max.max(other.max));
        Last { min, max, ..if other.at >= self.at { other } else { self } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(kind: MetricType, numbers: &[f64]) -> Recorded {
        let mut recorded = Recorded::new(kind);
        for number in numbers {
            assert!(recorded.add(*number));
        }
        recorded
    }

    #[test]
    fn samples_add_up_by_kind() {
        for (kind, expected) in [
            (MetricType::Counter, Values::Counter(3.5)),
            (MetricType::Gauge, Values::Gauge { value: 1.5, min: 0.0, max: 2.0 }),
            (MetricType::Rate, Values::Rate { nonzero: 2, zero: 1 }),
        ] {
            let mut merged = of(kind, &[0.0, 2.0]);
            let mut later = of(kind, &[]);
            later.merge(&of(kind, &[1.5]));
            merged.merge(&later);
            assert_eq!(merged.values(), Some(expected));
            merged.clear();
            assert_eq!(merged.values(), None);
        }
    }

    #[test]
    fn a_sum_of_zero_is_a_sum() {
        assert_eq!(of(MetricType::Counter, &[0.0]).values(), Some(Values::Counter(0.0)));
        assert_eq!(Recorded::new(MetricType::Counter).values(), None);
    }

    #[test]
    fn a_trend_counts_millionths_and_no_debts() {
        let mut trend = of(MetricType::Trend, &[0.5, 2.0]);
        assert!(!trend.add(-1.0));
        let Some(Values::Trend(histogram)) = trend.values() else { panic!() };
        assert_eq!(
            (histogram.min(), histogram.max(), histogram.count()),
            (Some(500_000), Some(2_000_000), 2)
        );
    }
}
