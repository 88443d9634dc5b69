//! A Prometheus native histogram of CPU use, cumulative over the life of a cgroup.
//!
//! Buckets follow schema 3: each power of two is cut into eight, so a bucket is 9 % wide.
//! Bucket `i` holds values in `(2^((i-1)/8), 2^(i/8)]`.
//! Source: Prometheus "Native Histograms" specification, standard schemas.

/// Buckets per power of two is `2^SCHEMA`.
pub const SCHEMA: i32 = 3;
/// At and below this use (in cores) a sample counts as idle.
pub const ZERO_THRESHOLD: f64 = 1.0 / 16384.0;
/// Index of the first bucket above the zero bucket: 2^-14 is the upper bound of index -112.
pub const FIRST_INDEX: i32 = -14 * 8 + 1;
/// 2^-14 to 2^10 cores.
pub const BUCKETS: usize = 24 * 8;

/// Upper bounds within one power of two: `2^(k/8)` for k = 1..=8, over `[1, 2)` mantissas.
const STEPS: [f64; 8] = [
    1.090_507_732_665_257_7,
    1.189_207_115_002_721,
    1.296_839_554_651_009_6,
    std::f64::consts::SQRT_2,
    1.542_210_825_407_940_7,
    1.681_792_830_507_429,
    1.834_008_086_409_342_4,
    2.0,
];

/// Counts of samples by CPU use in cores.
#[derive(Clone, Debug, PartialEq)]
pub struct NativeHistogram {
    pub zero_count: u64,
    /// `counts[k]` is the bucket with index `FIRST_INDEX + k`. Not cumulative over buckets.
    pub counts: [u32; BUCKETS],
    pub count: u64,
    /// Sum of the samples, in cores.
    pub sum: f64,
}

impl Default for NativeHistogram {
    fn default() -> Self {
        NativeHistogram { zero_count: 0, counts: [0; BUCKETS], count: 0, sum: 0.0 }
    }
}

impl NativeHistogram {
    /// Adds one sample of `cores`. Values above the last bucket are counted in the last one.
    pub fn observe(&mut self, cores: f64) {
        self.count += 1;
        self.sum += cores;
        match bucket_of(cores) {
            None => self.zero_count += 1,
            Some(place) => self.counts[place] += 1,
        }
    }

    /// How many samples were at most `2^(index/8)` cores.
    pub fn cumulative(&self, index: i32) -> u64 {
        let end = (index - FIRST_INDEX + 1).clamp(0, BUCKETS as i32) as usize;
        self.zero_count + self.counts[..end].iter().map(|&count| u64::from(count)).sum::<u64>()
    }
}

/// Upper bound in cores of the bucket at `place` in [`NativeHistogram::counts`].
pub fn upper_bound(place: usize) -> f64 {
    let index = FIRST_INDEX + place as i32;
    let power = (index - 1).div_euclid(8);
    let step = (index - 1).rem_euclid(8) as usize;
    STEPS[step] * f64::powi(2.0, power)
}

fn bucket_of(cores: f64) -> Option<usize> {
    if cores.is_nan() || cores <= ZERO_THRESHOLD {
        return None;
    }
    let bits = cores.to_bits();
    let power = ((bits >> 52) & 0x7ff) as i32 - 1023;
    let mantissa = f64::from_bits((bits & ((1 << 52) - 1)) | (1023 << 52));
    // An exact power of two (no mantissa bits) is the upper bound of the bucket below.
    let step = if bits & ((1 << 52) - 1) == 0 {
        -1
    } else {
        STEPS.iter().position(|&bound| mantissa <= bound)? as i32
    };
    let place = power * 8 + step + 1 - FIRST_INDEX;
    Some(place.clamp(0, BUCKETS as i32 - 1) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_bound_belongs_to_its_own_bucket() {
        for place in 0..BUCKETS {
            let bound = upper_bound(place);
            assert_eq!(bucket_of(bound), Some(place), "{bound}");
            if place + 1 < BUCKETS {
                assert_eq!(bucket_of(bound * 1.000_001), Some(place + 1), "just above {bound}");
            }
        }
        assert_eq!(bucket_of(ZERO_THRESHOLD), None);
        assert_eq!(bucket_of(1e9), Some(BUCKETS - 1));
    }

    #[test]
    fn cumulative_counts_idle_and_all() {
        let mut histogram = NativeHistogram::default();
        for cores in [0.0, 0.25, 0.5, 1.0, 3.0] {
            histogram.observe(cores);
        }
        assert_eq!(histogram.cumulative(-1000), 1);
        assert_eq!(histogram.cumulative(0), 4, "at most one core");
        assert_eq!(histogram.cumulative(1000), 5);
        assert!((histogram.sum - 4.75).abs() < 1e-12);
    }
}
