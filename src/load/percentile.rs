//! Percentiles as k6 has them: linear interpolation at `p * (n - 1)` on the sorted samples.
//!
//! Source: k6 `metrics/sink.go`. Exact, for few samples and as the measure of what a histogram says.

/// Where a quantile lies among `n` sorted samples: the index below, and how far the next one is mixed in.
/// `None` without samples.
pub fn rank(quantile: f64, n: u64) -> Option<(u64, f64)> {
    let last = n.checked_sub(1)?;
    let place = quantile.clamp(0.0, 1.0) * last as f64;
    let below = (place.floor() as u64).min(last);
    Some((below, if below == last { 0.0 } else { place - below as f64 }))
}

/// The quantile of samples that are sorted already; `None` without samples. `0.95` is k6's `p(95)`.
pub fn of_sorted(sorted: &[f64], quantile: f64) -> Option<f64> {
    let (below, share) = rank(quantile, sorted.len() as u64)?;
    let low = *sorted.get(below as usize)?;
    Some(sorted.get(below as usize + 1).map_or(low, |high| low + (high - low) * share))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_mixed_by_their_distance() {
        let ten: Vec<f64> = (1..=10).map(f64::from).collect();
        for (sorted, quantile, expected) in [
            (&[][..], 0.5, None),
            (&[7.0][..], 0.0, Some(7.0)),
            (&[7.0][..], 0.99, Some(7.0)),
            (&[1.0, 2.0][..], 0.5, Some(1.5)),
            (&[10.0, 20.0, 30.0, 40.0][..], 0.5, Some(25.0)),
            (&ten[..], 0.95, Some(9.55)),
            (&ten[..], 0.9, Some(9.1)),
            (&ten[..], 1.0, Some(10.0)),
            (&ten[..], 2.0, Some(10.0)),
            (&ten[..], -1.0, Some(1.0)),
        ] {
            let found = of_sorted(sorted, quantile);
            let is_near = match (found, expected) {
                (Some(found), Some(expected)) => (found - expected).abs() < 1e-9,
                (found, expected) => found == expected,
            };
            assert!(is_near, "{sorted:?} at {quantile}: {found:?}, not {expected:?}");
        }
    }
}
