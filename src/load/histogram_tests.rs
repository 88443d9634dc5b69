use super::*;
use crate::load::percentile::of_sorted;
use crate::load::random::Random;

const QUANTILES: [f64; 9] = [0.0, 0.01, 0.25, 0.5, 0.9, 0.95, 0.99, 0.999, 1.0];

/// A name, and a latency in nanoseconds.
type Shape = (&'static str, fn(&mut Random) -> f64);

const SHAPES: [Shape; 6] = [
    ("even, 1 us to 60 s", |random| 1e3 + random.fraction() * 60e9),
    ("exponential, mean 5 ms", |random| 1e3 + random.exponential() * 5e6),
    ("log-even, 1 us to 60 s", |random| 1e3 * (random.fraction() * (6e7f64).ln()).exp()),
    ("two humps, 80 us and 2 s", |random| {
        if random.fraction() < 0.9 { 8e4 + random.fraction() * 1e3 } else { 2e9 + random.fraction() * 1e6 }
    }),
    ("heavy tail", |random| 1e6 / (1.0 - random.fraction()).powf(0.7)),
    ("nearly constant", |random| 1_234_567.0 + (random.fraction() * 3.0).floor()),
];

#[test]
fn quantiles_of_a_hundred_merged_are_those_of_the_pooled_samples() {
    for (name, shape) in SHAPES {
        let mut random = Random::new(42);
        let mut pooled = Vec::new();
        let mut merged = Histogram::new();
        for part in 0..100 {
            let mut histogram = Histogram::new();
            // Parts of unequal size, some of them empty.
            for _ in 0..part % 7 * 40 {
                let nanos = shape(&mut random).min(4e12) as u64;
                histogram.record(nanos);
                pooled.push(nanos as f64);
            }
            merged.merge(&histogram);
        }
        pooled.sort_by(f64::total_cmp);
        assert_eq!(merged.count(), pooled.len() as u64);
        for quantile in QUANTILES {
            let exact = of_sorted(&pooled, quantile).unwrap();
            let found = merged.quantile(quantile).unwrap();
            let error = (found - exact).abs() / exact;
            assert!(error <= 0.001, "{name} at {quantile}: {found}, not {exact}");
        }
    }
}

#[test]
fn a_bucket_is_less_than_a_thousandth_wide_and_none_is_missing() {
    let mut expected = 0;
    for index in 0..PAGES * PAGE {
        let (low, width) = bounds(index);
        assert_eq!(low, expected, "bucket {index}");
        assert_eq!((index_of(low), index_of(low + width - 1)), (index, index));
        assert!(width == 1 || width as f64 / low as f64 <= 1.0 / 1024.0, "bucket {index}");
        expected = low + width;
    }
    assert_eq!(expected, LIMIT);
}

#[test]
fn without_values_there_is_no_answer() {
    let histogram = Histogram::new();
    assert_eq!((histogram.quantile(0.5), histogram.mean()), (None, None));
    assert_eq!((histogram.min(), histogram.max(), histogram.at_most(u64::MAX)), (None, None, 0));
    assert_eq!(histogram.heap_bytes(), 0);
}

#[test]
fn what_is_beyond_the_last_bucket_keeps_its_maximum() {
    let mut histogram = Histogram::new();
    histogram.record(5);
    histogram.record(u64::MAX);
    assert_eq!(histogram.quantile(1.0), Some(u64::MAX as f64));
    assert_eq!(histogram.quantile(0.0), Some(5.0));
    assert_eq!((histogram.at_most(4), histogram.at_most(5), histogram.at_most(u64::MAX)), (0, 1, 2));
}

#[test]
fn merging_is_the_same_as_recording_together() {
    let (mut random, mut all) = (Random::new(3), Histogram::new());
    let mut parts = [Histogram::new(), Histogram::new(), Histogram::new()];
    for _ in 0..10_000 {
        let nanos = 1 << random.below(45);
        all.record(nanos);
        parts[random.below(2) as usize].record(nanos);
    }
    let mut merged = Histogram::new();
    for part in &parts {
        merged.merge(part);
    }
    assert_eq!(merged.counts(), all.counts());
}

#[test]
fn counts_come_back_and_foreign_ones_are_refused() {
    let mut histogram = Histogram::new();
    for nanos in [0, 1, 2_047, 2_048, 1_000_000, 60_000_000_000, 1 << 50] {
        histogram.record_many(nanos, 3);
    }
    let text = serde_json::to_string(&histogram.counts()).unwrap();
    let counts: Counts = serde_json::from_str(&text).unwrap();
    assert_eq!(Histogram::from_counts(&counts), Some(histogram.clone()));
    let foreign = Counts { buckets: vec![((PAGES * PAGE) as u32, 1)], ..counts };
    assert_eq!(Histogram::from_counts(&foreign), None);
    histogram.clear();
    assert_eq!((histogram.count(), histogram.quantile(0.5)), (0, None));
}

#[test]
fn memory_is_bounded_whatever_comes() {
    let mut histogram = Histogram::new();
    for power in 0..64 {
        histogram.record_many(1 << power, u64::from(u32::MAX));
    }
    assert!(histogram.heap_bytes() < 300_000, "{}", histogram.heap_bytes());
    let mut usual = Histogram::new();
    // From 100 us to 1 s.
    for step in 0..10_000 {
        usual.record(100_000 + step * 100_000);
    }
    assert!(usual.heap_bytes() < 130_000, "{}", usual.heap_bytes());
}
