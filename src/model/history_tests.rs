//! Tables and properties of the history.

use super::*;
use proptest::prelude::*;

const S: u64 = 1_000_000_000;

fn history(steps: &[(u64, u64)]) -> History {
    let mut history = History::new(DEFAULT_READINGS);
    for &(boot_ns, usage) in steps {
        history.usage(boot_ns, 0, usage);
    }
    history
}

#[test]
fn between_two_readings_the_counter_is_a_line_within_its_bound() {
    let history = history(&[(10 * S, 1000), (11 * S, 3000), (13 * S, 3000)]);
    for (at, usage, error) in [
        (10 * S, 1000.0, 0.0),
        (10 * S + S / 4, 1500.0, 1500.0),
        (11 * S, 3000.0, 0.0),
        (12 * S, 3000.0, 0.0),
        (13 * S, 3000.0, 0.0),
    ] {
        assert_eq!(history.usage_at(at), Some(UsageAt { usage_usec: usage, error_usec: error }), "{at}");
    }
    assert_eq!((history.usage_at(9 * S), history.usage_at(14 * S)), (None, None));
    assert_eq!(history.around(10 * S + 1000, 10 * S + 2000), Some((1000, 3000)));
    assert_eq!(history.around(11 * S, 12 * S), Some((3000, 3000)));
    assert_eq!(history.around(10 * S, 10 * S), Some((1000, 1000)));
    assert_eq!((history.around(9 * S, 10 * S), history.around(12 * S, 14 * S)), (None, None));
    let rate = history.rate(10 * S, 12 * S).unwrap();
    assert!((rate.nanocores - 1e6).abs() < 1e-6, "2 ms of CPU in 2 s is 1m");
}

#[test]
fn a_counter_that_fell_ends_the_history() {
    let mut history = history(&[(S, 5000), (2 * S, 6000)]);
    assert_eq!(history.usage(3 * S, 0, 10), Taken::Reset);
    assert_eq!((history.usage_at(2 * S), history.reset_boot_ns()), (None, Some(3 * S)));
    assert_eq!(history.usage(4 * S, 0, 20), Taken::Kept);
    assert_eq!(history.usage(4 * S, 0, 20), Taken::Old);
    assert!(history.rate(3 * S, 4 * S).is_some());
}

#[test]
fn a_span_that_ends_in_a_gap_has_no_rate_unless_nothing_moved() {
    let busy = history(&[(S, 0), (2 * S, 500_000), (62 * S, 1_000_000), (63 * S, 1_500_000)]);
    assert_eq!(busy.rate(2 * S + S / 2, 63 * S), None);
    assert!(busy.rate(2 * S, 63 * S).is_some(), "both ends were read");
    assert!(busy.has_gap(2 * S, 63 * S) && busy.has_gap(30 * S, 31 * S) && !busy.has_gap(62 * S, 63 * S));
    let idle = history(&[(S, 0), (2 * S, 0), (62 * S, 0), (63 * S, 0)]);
    assert!(idle.rate(30 * S, 63 * S).unwrap().nanocores.abs() < 1e-9);
}

#[test]
fn a_value_is_found_at_its_time() {
    let history = history(&[(10 * S, 0), (11 * S, 1000), (12 * S, 1000), (13 * S, 5000)]);
    assert_eq!(history.time_at(500).unwrap().boot_ns, 10 * S + S / 2);
    assert_eq!(history.time_at(3000).unwrap().boot_ns, 12 * S + S / 2);
    assert_eq!(history.time_at(5001), None);
}

#[test]
fn a_working_set_shows_whether_it_moved() {
    let mut history = History::new(4);
    for (second, pages) in [(1u64, 10u64), (2, 10), (3, 30), (4, 30), (5, 30)] {
        assert!(history.working_set(second * S, pages * PAGE_BYTES));
    }
    let at = |ns, slack| {
        let memory = history.working_set_at(ns, slack).unwrap();
        (memory.bytes / PAGE_BYTES, memory.low / PAGE_BYTES, memory.high / PAGE_BYTES)
    };
    assert_eq!(at(2 * S, 0), (10, 10, 10));
    assert_eq!(at(2 * S + S / 4, 0), (10, 10, 30));
    assert_eq!(at(4 * S + S / 2, S / 4), (30, 30, 30));
    assert_eq!(at(3 * S, 2 * S), (30, 10, 30));
    assert_eq!(history.working_set_at(100 * S, 0), None);
}

proptest! {
    /// Any span's rate is off by no more than it says, whatever the counter did between readings.
    #[test]
    fn the_bound_holds(uses in prop::collection::vec(0u64..1_000_000, 40..400), from in 0usize..100, len in 1usize..100) {
        // Uses of tenths of seconds; the history sees every tenth of them.
        let mut history = History::new(64);
        let (mut usage, mut truth) = (0u64, vec![]);
        for (tenth, used) in uses.iter().enumerate() {
            if tenth % 10 == 0 {
                history.usage(S + tenth as u64 * S / 10, 0, usage);
            }
            truth.push(usage);
            usage += used;
        }
        let (from, to) = (from.min(truth.len() - 2), (from + len).min(truth.len() - 1));
        if let Some(rate) = history.rate(S + from as u64 * S / 10, S + to as u64 * S / 10) {
            let true_rate = (truth[to] - truth[from]) as f64 * 1e9 / ((to - from) as f64 * 1e5);
            prop_assert!((rate.nanocores - true_rate).abs() <= rate.error_nanocores + 1.0);
        }
    }
}
