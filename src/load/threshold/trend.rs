//! The numbers of a trend out of its histogram.

use super::expression::Method;
use crate::load::histogram::Histogram;

const NANOS_PER_MILLI: f64 = 1e6;

/// In milliseconds; `None` without a sample, and for methods that trends do not have.
pub fn millis_of(histogram: &Histogram, method: Method) -> Option<f64> {
    let nanos = match method {
        Method::Avg => histogram.mean(),
        Method::Min => histogram.min().map(|nanos| nanos as f64),
        Method::Max => histogram.max().map(|nanos| nanos as f64),
        Method::Med => histogram.quantile(0.5),
        Method::Percentile(percentile) => histogram.quantile(percentile / 100.0),
        Method::Count | Method::Rate | Method::Value => None,
    };
    nanos.map(|nanos| nanos / NANOS_PER_MILLI)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_method_is_in_milliseconds() {
        let mut histogram = Histogram::new();
        assert_eq!(millis_of(&histogram, Method::Avg), None);
        for micros in [500, 1_000, 1_500, 3_000] {
            histogram.record(micros * 1_000);
        }
        for (method, expected) in [
            (Method::Avg, Some(1.5)),
            (Method::Min, Some(0.5)),
            (Method::Max, Some(3.0)),
            (Method::Med, Some(1.25)),
            (Method::Percentile(100.0), Some(3.0)),
            (Method::Percentile(90.0), Some(2.55)),
            (Method::Count, None),
        ] {
            let found = millis_of(&histogram, method);
            let is_near = match (found, expected) {
                (Some(found), Some(expected)) => (found - expected).abs() / expected <= 0.001,
                (found, expected) => found == expected,
            };
            assert!(is_near, "{method}: {found:?}, not {expected:?}");
        }
    }
}
