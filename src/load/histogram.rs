//! A histogram of nanoseconds with three significant digits, bounded for ever: the layout of HdrHistogram.
//!
//! Up to 2,048 ns each value has a bucket of its own; above, each power of two is cut into 1,024, so that a bucket is
//! less than 0.1 % of its values wide. The buckets of a power of two come into being with its first value: what is
//! measured spans few of them, and there is one histogram for each set of tags on each core. That, merging and the
//! interpolation that k6 has are why it is our own code and no crate.

use serde::{Deserialize, Serialize};

use super::percentile::rank;

/// Buckets of one power of two.
const PAGE: usize = 1024;
/// Values from here on, about 73 minutes, share the last bucket; the maximum is exact all the same.
const LIMIT: u64 = 1 << 42;
/// Two pages of single values and one for each power of two from 2^11 to 2^41.
const PAGES: usize = 33;

/// Counts of durations, with the exact sum, minimum and maximum.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histogram {
    /// As many as the highest value needs; a page without values is `None`.
    pages: Vec<Option<Box<[u64]>>>,
    count: u64,
    sum: u128,
    /// Meaningless without values.
    min: u64,
    max: u64,
}

/// A histogram as plain counts, to keep or to send: [`Histogram::counts`] and back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    pub sum_nanos: u128,
    pub min_nanos: u64,
    pub max_nanos: u64,
    /// Number of the bucket and its count, ascending, without empty ones.
    pub buckets: Vec<(u32, u64)>,
}

impl Histogram {
    pub fn new() -> Histogram {
        Histogram::default()
    }

    #[inline]
    pub fn record(&mut self, nanos: u64) {
        self.record_many(nanos, 1);
    }

    pub fn record_many(&mut self, nanos: u64, count: u64) {
        if count == 0 {
            return;
        }
        *self.bucket(index_of(nanos)) += count;
        self.min = if self.count == 0 { nanos } else { self.min.min(nanos) };
        self.max = self.max.max(nanos);
        self.sum += u128::from(nanos) * u128::from(count);
        self.count += count;
    }

    /// Adds what another has seen, as if it had been recorded here.
    pub fn merge(&mut self, other: &Histogram) {
        if other.count == 0 {
            return;
        }
        for (number, page) in other.pages.iter().enumerate() {
            let Some(page) = page else { continue };
            for (own, count) in self.page(number).iter_mut().zip(page) {
                *own += count;
            }
        }
        self.min = if self.count == 0 { other.min } else { self.min.min(other.min) };
        self.max = self.max.max(other.max);
        self.sum += other.sum;
        self.count += other.count;
    }

    /// Forgets everything and keeps the memory for the next interval.
    pub fn clear(&mut self) {
        for page in self.pages.iter_mut().flatten() {
            page.fill(0);
        }
        (self.count, self.sum, self.min, self.max) = (0, 0, 0, 0);
    }

    pub fn count(&self) -> u64 {
        self.count
    }

    pub fn sum_nanos(&self) -> u128 {
        self.sum
    }

    pub fn min(&self) -> Option<u64> {
        (self.count > 0).then_some(self.min)
    }

    pub fn max(&self) -> Option<u64> {
        (self.count > 0).then_some(self.max)
    }

    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum as f64 / self.count as f64)
    }

    /// As [`super::percentile::of_sorted`], within 0.1 % for values below 73 minutes. `0.95` is k6's `p(95)`.
    pub fn quantile(&self, quantile: f64) -> Option<f64> {
        let (below, share) = rank(quantile, self.count)?;
        let low = self.nth(below)?;
        if share == 0.0 {
            return Some(low);
        }
        let high = self.nth(below + 1)?;
        Some(low + (high - low) * share)
    }

    /// How many values lie in buckets that end at or below `nanos`: the share of a Prometheus bucket.
    pub fn at_most(&self, nanos: u64) -> u64 {
        if self.count > 0 && nanos >= self.max {
            return self.count;
        }
        let fits = |&(index, _): &(usize, u64)| {
            let (low, width) = bounds(index);
            low + width - 1 <= nanos
        };
        self.filled().take_while(fits).map(|(_, count)| count).sum()
    }

    /// Bytes on the heap.
    pub fn heap_bytes(&self) -> usize {
        self.pages.iter().flatten().count() * PAGE * size_of::<u64>()
            + self.pages.capacity() * size_of::<Option<Box<[u64]>>>()
    }

    pub fn counts(&self) -> Counts {
        Counts {
            sum_nanos: self.sum,
            min_nanos: self.min,
            max_nanos: self.max,
            buckets: self.filled().map(|(index, count)| (index as u32, count)).collect(),
        }
    }

    /// `None` where a bucket has a number that no histogram has.
    pub fn from_counts(counts: &Counts) -> Option<Histogram> {
        let mut histogram = Histogram::new();
        for &(index, count) in &counts.buckets {
            if index as usize >= PAGES * PAGE {
                return None;
            }
            *histogram.bucket(index as usize) += count;
            histogram.count = histogram.count.checked_add(count)?;
        }
        if histogram.count > 0 {
            (histogram.sum, histogram.min, histogram.max) =
                (counts.sum_nanos, counts.min_nanos, counts.max_nanos);
        }
        Some(histogram)
    }

    /// The value at a place among the sorted ones. Those of a bucket are taken to lie evenly in it.
    fn nth(&self, place: u64) -> Option<f64> {
        let mut before = 0;
        let (index, count) = self.filled().find(|&(_, count)| {
            let is_here = place < before + count;
            before += if is_here { 0 } else { count };
            is_here
        })?;
        let (low, width) = bounds(index);
        // A bucket of one value holds just that one.
        let inside =
            if width == 1 { 0.0 } else { width as f64 * ((place - before) as f64 + 0.5) / count as f64 };
        // The ends are known exactly, also beyond the last bucket.
        if place == 0 {
            return Some(self.min as f64);
        }
        if place + 1 == self.count {
            return Some(self.max as f64);
        }
        Some((low as f64 + inside).clamp(self.min as f64, self.max as f64))
    }

    fn filled(&self) -> impl Iterator<Item = (usize, u64)> {
        let pages = self.pages.iter().enumerate().filter_map(|(number, page)| Some((number, page.as_ref()?)));
        let buckets = pages.flat_map(|(number, page)| {
            page.iter().enumerate().map(move |(place, &count)| (number * PAGE + place, count))
        });
        buckets.filter(|&(_, count)| count > 0)
    }

    #[inline]
    fn bucket(&mut self, index: usize) -> &mut u64 {
        &mut self.page(index / PAGE)[index % PAGE]
    }

    #[inline]
    fn page(&mut self, number: usize) -> &mut [u64] {
        if self.pages.len() <= number {
            self.pages.resize(number + 1, None);
        }
        self.pages[number].get_or_insert_with(|| vec![0; PAGE].into_boxed_slice())
    }
}

/// The bucket of a value: its own number below 2,048, and then the leading eleven bits behind those of lower powers.
fn index_of(nanos: u64) -> usize {
    let nanos = nanos.min(LIMIT - 1);
    let shift = 53u32.saturating_sub(nanos.leading_zeros()) as usize;
    shift * PAGE + (nanos >> shift) as usize
}

/// The lowest value of a bucket, and how many different ones it takes in.
fn bounds(index: usize) -> (u64, u64) {
    let shift = (index / PAGE).saturating_sub(1);
    (((index - shift * PAGE) as u64) << shift, 1 << shift)
}

#[cfg(test)]
#[path = "histogram_tests.rs"]
mod tests;
