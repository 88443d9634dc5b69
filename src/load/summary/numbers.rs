//! Shares and rates of counts.

use crate::load::span::Span;

/// Nothing in no time is no rate; k6 says 0 there, and so do we.
pub(super) fn per_second(count: f64, elapsed: Span) -> f64 {
    if elapsed == Span::default() { 0.0 } else { count / elapsed.seconds() }
}

/// From 0 to 1. A rate without samples is left out of results, so that the 0 of an empty one is never shown.
pub(super) fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}
