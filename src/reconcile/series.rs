//! The kubelet's newest distinct samples of one counter, with the kubelet's own times. One series is one run of
//! one container: a counter that fell, or another start time, begins anew.

/// metrics-server's pair lies among the kubelet's newest few.
const KEPT: usize = 8;
/// The kubelet samples every 10 s at most.
const HOLE_NS: u64 = 19_500_000_000;

/// One sample of CPU time and working set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sample {
    /// Its time on our boot clock.
    pub(super) boot_ns: u64,
    /// Its time as stated, milliseconds since the epoch.
    pub(super) wall_ms: i64,
    pub(super) usage_ns: u64,
    /// Of the same instant; `None` where it was not served with it.
    pub(super) working_set_bytes: Option<u64>,
}

/// Two samples: what a rate is made of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair {
    pub(super) from: Sample,
    pub(super) to: Sample,
}

impl Pair {
    /// Stated span, in nanoseconds.
    pub(super) fn window_ns(&self) -> u64 {
        u64::try_from((self.to.wall_ms - self.from.wall_ms) * 1_000_000).unwrap_or(0)
    }

    /// As metrics-server computes it: whole nanocores, cut. Source: metrics-server `pkg/storage`.
    pub(super) fn nanocores(&self) -> Option<u64> {
        let window = self.window_ns();
        let used = u128::from(self.to.usage_ns.checked_sub(self.from.usage_ns)?);
        u64::try_from((used * 1_000_000_000).checked_div(u128::from(window))?).ok()
    }
}

/// Newest last.
#[derive(Clone, Debug, Default)]
pub(super) struct Series {
    samples: [Sample; KEPT],
    len: usize,
}

impl Series {
    /// Takes a sample. True when it is news.
    pub(super) fn push(&mut self, sample: Sample) -> bool {
        if let Some(last) = self.newest() {
            // One sample comes with milliseconds from one document and cut to the second from the other.
            let is_same_instant = (sample.wall_ms - last.wall_ms).abs() < 1000;
            if is_same_instant && sample.usage_ns == last.usage_ns || sample.wall_ms <= last.wall_ms {
                return false;
            }
            if sample.usage_ns < last.usage_ns || sample.boot_ns <= last.boot_ns {
                self.len = 0;
            }
        }
        if self.len == KEPT {
            self.samples.rotate_left(1);
            self.len -= 1;
        }
        self.samples[self.len] = sample;
        self.len += 1;
        true
    }

    pub(super) fn clear(&mut self) {
        self.len = 0;
    }

    pub(super) fn newest(&self) -> Option<Sample> {
        self.samples[..self.len].last().copied()
    }

    /// The two newest.
    pub(super) fn pair(&self) -> Option<Pair> {
        let [.., from, to] = self.samples[..self.len] else { return None };
        Some(Pair { from, to })
    }

    /// The two newest that neighbour and are no younger than this.
    pub(super) fn pair_until(&self, boot_ns: u64) -> Option<Pair> {
        let pairs = self.samples[..self.len].windows(2).rev();
        pairs.map(|pair| Pair { from: pair[0], to: pair[1] }).find(|pair| pair.to.boot_ns <= boot_ns)
    }

    /// True where a sample may lie around the window that was not seen: two that were are further apart than
    /// two of the kubelet's least intervals, or the newest is too old.
    pub(super) fn has_hole(&self, end_boot_ns: u64, window_ns: u64) -> bool {
        let samples = &self.samples[..self.len];
        // Another container of the pod may have been sampled earlier.
        let from = end_boot_ns.saturating_sub(window_ns + HOLE_NS);
        let is_covered = samples.first().is_some_and(|first| first.boot_ns <= from)
            && samples.last().is_some_and(|last| last.boot_ns >= end_boot_ns);
        !is_covered
            || samples.windows(2).any(|pair| {
                pair[1].boot_ns > from && pair[1].boot_ns.saturating_sub(pair[0].boot_ns) >= HOLE_NS
            })
    }

    /// Every pair of samples, those with the newest ends first.
    pub(super) fn pairs(&self) -> impl Iterator<Item = Pair> + '_ {
        let samples = &self.samples[..self.len];
        (1..samples.len())
            .rev()
            .flat_map(move |to| (0..to).rev().map(move |from| Pair { from: samples[from], to: samples[to] }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(second: i64, usage_ns: u64) -> Sample {
        let boot_ns = second as u64 * 1_000_000_000;
        Sample { boot_ns, wall_ms: second * 1000 + 7, usage_ns, working_set_bytes: None }
    }

    #[test]
    fn only_distinct_samples_are_kept_and_a_fall_begins_anew() {
        let mut series = Series::default();
        for (second, usage, is_news) in
            [(1, 10, true), (1, 10, false), (11, 20, true), (11, 20, false), (9, 30, false)]
        {
            assert_eq!(series.push(sample(second, usage)), is_news, "{second} {usage}");
        }
        let cut = Sample { wall_ms: 11_000, ..sample(11, 20) };
        assert!(!series.push(cut), "the same sample, cut to the second");
        let pair = series.pair().unwrap();
        assert_eq!((pair.window_ns(), pair.nanocores()), (10_000_000_000, Some(1)));
        assert!(series.push(sample(20, 5)));
        assert_eq!((series.len, series.pair().is_none()), (1, true));
        for second in 30..60 {
            series.push(sample(second, second as u64));
        }
        assert_eq!(series.pairs().count(), KEPT * (KEPT - 1) / 2);
        assert_eq!(series.pairs().next().unwrap().from.wall_ms, 58_007);
    }
}
