//! Chance that a seed repeats.

use podometer::model::backoff::Jitter;

#[derive(Debug)]
pub(crate) struct Dice(Jitter);

impl Dice {
    pub(crate) fn new(seed: u64) -> Dice {
        Dice(Jitter::new(seed))
    }

    /// From zero up to, and without, `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        (self.0.fraction() * end as f64) as u64
    }

    pub(crate) fn between(&mut self, first: u64, last: u64) -> u64 {
        first + self.below(last - first + 1)
    }

    pub(crate) fn chance(&mut self, share: f64) -> bool {
        self.0.fraction() < share
    }

    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize]
    }

    /// One of the rows, each as often as its weight says.
    pub(crate) fn weighted<T: Copy>(&mut self, rows: &[(T, u64)]) -> T {
        let mut place = self.below(rows.iter().map(|(_, weight)| weight).sum());
        for &(value, weight) in rows {
            if place < weight {
                return value;
            }
            place -= weight;
        }
        rows[0].0
    }
}
