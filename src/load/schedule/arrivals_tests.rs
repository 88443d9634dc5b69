use proptest::prelude::*;

use super::Arrivals;
use crate::load::rate::{MAX_RATE, MAX_STAGE, Rate};
use crate::load::scenario::{Arrival, Stage};
use crate::load::span::Span;

const SECOND: u64 = 1_000_000_000;

fn stages(stages: &[(u64, u64)]) -> Vec<Stage> {
    stages.iter().map(|&(nanos, target)| Stage { duration: Span::from_nanos(nanos), target }).collect()
}

fn ramping(start: u64, unit: u64, given: &[(u64, u64)]) -> Arrivals {
    let rate = Rate { starts: start, unit: Span::from_nanos(unit) };
    Arrivals::ramping(rate, &stages(given), Arrival::Constant, 0)
}

fn constant(starts: u64, unit: u64, duration: u64) -> Arrivals {
    let rate = Rate { starts, unit: Span::from_nanos(unit) };
    Arrivals::constant(rate, Some(Span::from_nanos(duration)), Arrival::Constant, 0)
}

/// Twice the unit times the integral up to `at`, times the length of each stage that is cut: an oracle in another
/// form, as a fraction of numerator and denominator.
fn integral(start: u64, given: &[(u64, u64)], at: u64) -> (u128, u128) {
    let (mut whole, mut begin, mut from) = (0u128, 0, u128::from(start));
    for &(length, to) in given {
        let to = u128::from(to);
        let (x, d) = (u128::from(at.saturating_sub(begin)), u128::from(length));
        if x < d {
            // A trapezoid of the rates at its two sides: (from + (from + (to - from) x / d)) x, over d.
            let right = if to >= from { from * d + (to - from) * x } else { from * d - (from - to) * x };
            return (whole * d + (from * d + right) * x, d);
        }
        whole += (from + to) * d;
        begin += length;
        from = to;
    }
    (whole, 1)
}

#[test]
fn constant_rates_begin_at_once_and_never_drift() {
    for (starts, unit, duration, count, last) in [
        (200, SECOND, 10 * SECOND, 2000, 9_995_000_000),
        (3, SECOND, 720 * SECOND, 2160, 719_666_666_666),
        (3, SECOND, SECOND * 3 / 2, 4, SECOND),
        (7, 60 * SECOND, 60 * SECOND, 7, 51_428_571_428),
        (20_000, SECOND, SECOND, 20_000, 999_950_000),
    ] {
        let arrivals = constant(starts, unit, duration);
        assert_eq!(arrivals.left(), Some(count));
        let at: Vec<u64> = arrivals.collect();
        assert_eq!((at.len() as u64, at[0], at[at.len() - 1]), (count, 0, last), "{starts} in {unit}");
        assert!(at.windows(2).all(|pair| pair[0] < pair[1]));
    }
    // The start of number 10^9 at a rate that no nanosecond divides is where it belongs.
    let mut forever = Arrivals::constant(Rate::per_second(10_000_000), None, Arrival::Constant, 0);
    assert_eq!(forever.left(), None);
    assert_eq!(forever.nth(30_000), Some(3_000_000));
}

#[test]
fn ramps_start_where_the_integral_is_whole() {
    // From 0 to 10/s in 10 s: t²/2 = n.
    let at: Vec<u64> = ramping(0, SECOND, &[(10 * SECOND, 10)]).collect();
    assert_eq!(at.len(), 50);
    for (n, &at) in (1u32..).zip(&at) {
        let exact = (2.0 * f64::from(n)).sqrt() * 1e9;
        assert!((at as f64 - exact).abs() <= 1.0, "start {n} at {at}, not {exact}");
    }
    for (start, given, expected) in [
        (2, &[(SECOND, 2)][..], &[SECOND / 2, SECOND][..]),
        (0, &[(SECOND, 0), (0, 4), (SECOND / 2, 4)], &[5 * SECOND / 4, 3 * SECOND / 2]),
        // What one stage leaves of a start goes on in the next.
        (1, &[(SECOND / 2, 1), (SECOND / 2, 1)], &[SECOND]),
        (2, &[(2 * SECOND, 0)], &[585_786_438, 2 * SECOND]),
        (5, &[(0, 9)], &[]),
        (0, &[(SECOND, 0)], &[]),
    ] {
        assert_eq!(ramping(start, SECOND, given).collect::<Vec<_>>(), expected, "{start} {given:?}");
    }
}

#[test]
fn the_largest_ramp_stays_exact() {
    let (rate, length) = (MAX_RATE, MAX_STAGE.nanos());
    for given in [&[(length, rate), (length, 0)][..], &[(length, 0), (length, rate)]] {
        let mut arrivals = ramping(0, SECOND, given);
        let count = arrivals.left().unwrap();
        assert_eq!(u128::from(count), integral(0, given, 2 * length).0 / u128::from(2 * SECOND));
        // The last start, without those before it.
        arrivals.skip_to_last();
        let at = arrivals.next().unwrap();
        assert_eq!(arrivals.next(), None);
        let wanted = u128::from(count) * u128::from(2 * SECOND);
        let reached = |at| {
            let (parts, scale) = integral(0, given, at);
            parts >= wanted * scale
        };
        assert!(reached(at) && !reached(at - 1));
    }
}

#[test]
fn chance_keeps_the_rate_and_a_seed_repeats_it() {
    let rate = Rate::per_second(1000);
    let minute = Some(Span::from_secs(60));
    let draw = |seed| Arrivals::constant(rate, minute, Arrival::Poisson, seed).collect::<Vec<u64>>();
    let at = draw(1);
    assert_eq!(at, draw(1));
    assert_ne!(at, draw(2));
    // 60,000 expected, four standard deviations are 980.
    assert!((59_020..60_980).contains(&at.len()), "{}", at.len());
    // Of exponential gaps, e^-1 are longer than the mean.
    let long = at.windows(2).filter(|pair| pair[1] - pair[0] > 1_000_000).count();
    let share = long as f64 / at.len() as f64;
    assert!((share - 0.3679).abs() < 0.01, "{share}");

    // A ramp to 2,000/s: the first half of the time holds a quarter of the starts.
    let stages = stages(&[(60 * SECOND, 2000)]);
    let ramp = Arrivals::ramping(Rate::per_second(0), &stages, Arrival::Poisson, 5);
    assert_eq!((ramp.left(), ramp.expected()), (None, Some(60_000.0)));
    let at: Vec<u64> = ramp.collect();
    assert!((59_020..60_980).contains(&at.len()), "{}", at.len());
    let early = at.iter().filter(|&&at| at < 30 * SECOND).count() as f64 / at.len() as f64;
    assert!((early - 0.25).abs() < 0.01, "{early}");
    assert!(at.windows(2).all(|pair| pair[0] <= pair[1]) && at[at.len() - 1] <= 60 * SECOND);
}

#[test]
fn cores_share_a_schedule_without_loss() {
    let all: Vec<u64> = ramping(3, SECOND, &[(9 * SECOND, 40)]).collect();
    let mut shared: Vec<u64> = Vec::new();
    for core in 0..3 {
        shared.extend(ramping(3, SECOND, &[(9 * SECOND, 40)]).skip(core).step_by(3));
    }
    shared.sort_unstable();
    assert_eq!(shared, all);
}

fn length() -> impl Strategy<Value = u64> {
    prop_oneof![1 => Just(0u64), 2 => 1..50u64, 4 => 0..20_000_000_000u64]
}

proptest! {
    #[test]
    fn every_start_is_the_first_nanosecond_of_its_number(
        start in 0..400u64,
        unit in prop_oneof![Just(SECOND), Just(60 * SECOND), 100_000_000..10_000_000_000u64],
        given in prop::collection::vec((length(), 0..400u64), 1..6),
    ) {
        let arrivals = ramping(start, unit, &given);
        let end: u64 = given.iter().map(|stage| stage.0).sum();
        let parts = integral(start, &given, end).0;
        let count = (parts / (2 * u128::from(unit))) as u64;
        prop_assert_eq!(arrivals.left(), Some(count));
        let mut number = 0u128;
        let mut before = 0;
        for at in arrivals {
            number += 1;
            prop_assert!(at >= before && at <= end);
            let wanted = number * 2 * u128::from(unit);
            let (parts, scale) = integral(start, &given, at);
            prop_assert!(parts >= wanted * scale, "start {} is too early at {}", number, at);
            if at > 0 {
                let (parts, scale) = integral(start, &given, at - 1);
                prop_assert!(parts < wanted * scale, "start {} is too late at {}", number, at);
            }
            before = at;
        }
        prop_assert_eq!(number, u128::from(count));
    }

    #[test]
    fn constant_counts_are_whole_starts_of_the_integral(
        starts in 1..500u64,
        unit in 1_000_000..60_000_000_000u64,
        duration in 0..5_000_000_000u64,
    ) {
        let count = u128::from(starts) * u128::from(duration) / u128::from(unit);
        let at: Vec<u64> = constant(starts, unit, duration).collect();
        prop_assert_eq!(at.len() as u128, count);
        for (n, at) in at.into_iter().enumerate() {
            prop_assert_eq!(u128::from(at), n as u128 * u128::from(unit) / u128::from(starts));
            prop_assert!(at < duration);
        }
    }
}
