//! Others stamp their values by the wall clock, which steps. This maps their stamps to boot time, by what the
//! wall clock showed when.

use std::collections::VecDeque;

use crate::model::stamp::Stamp;

/// Changes of the wall clock that are kept; the oldest go first.
const KEPT: usize = 256;
/// A smaller change is the clock's usual slewing between two looks at it.
const SLEW_NS: i64 = 1_000_000;
/// Where two spans of the clock meet, a stamp may lie this far outside of both.
const EDGE_NS: u64 = 5_000_000;
/// Another's clock may run ahead of ours by this much.
const AHEAD_NS: u64 = 60_000_000_000;

/// From `since_boot_ns` on, the wall clock showed boot time plus this.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::struct_field_names, reason = "the unit is part of a name")]
struct Setting {
    since_boot_ns: u64,
    /// The last look at the clock before: it changed between the two.
    after_boot_ns: u64,
    ahead_ns: i64,
}

/// What the wall clock showed when.
#[derive(Clone, Debug, Default)]
pub(super) struct Walls {
    /// Oldest first.
    offsets: VecDeque<Setting>,
    looked_boot_ns: u64,
}

impl Walls {
    pub(super) fn learn(&mut self, stamp: Stamp) {
        let ahead_ns = stamp.wall_ns.wrapping_sub(stamp.boot_ns as i64);
        let is_known = self.offsets.back().is_some_and(|last| {
            (last.ahead_ns - ahead_ns).abs() < SLEW_NS || stamp.boot_ns <= last.since_boot_ns
        });
        let after_boot_ns = self.looked_boot_ns;
        self.looked_boot_ns = after_boot_ns.max(stamp.boot_ns);
        if is_known {
            return;
        }
        if self.offsets.len() == KEPT {
            self.offsets.pop_front();
        }
        self.offsets.push_back(Setting { since_boot_ns: stamp.boot_ns, after_boot_ns, ahead_ns });
    }

    /// The boot time of a wall stamp that was seen at `seen`. `None` where no span of the clock held it, and
    /// where two did, because the clock was set back over it.
    pub(super) fn boot_ns(&self, wall_ns: i64, seen: Stamp) -> Option<u64> {
        let mut until = seen.boot_ns.saturating_add(AHEAD_NS);
        let mut found: Option<u64> = None;
        for (place, offset) in self.offsets.iter().enumerate().rev() {
            let since = if place == 0 { 0 } else { offset.after_boot_ns.saturating_sub(EDGE_NS) };
            let boot = u64::try_from(wall_ns.checked_sub(offset.ahead_ns)?).ok();
            if let Some(boot) = boot.filter(|&boot| boot >= since && boot <= until) {
                match found {
                    Some(other) if other.abs_diff(boot) > 4 * EDGE_NS => return None,
                    _ => found = found.or(Some(boot)),
                }
            }
            until = offset.since_boot_ns.saturating_add(EDGE_NS);
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: u64 = 1_000_000_000;

    fn stamp(boot_s: u64, wall_s: i64) -> Stamp {
        Stamp { boot_ns: boot_s * S, wall_ns: wall_s * S as i64 }
    }

    #[test]
    fn a_step_forward_leaves_stamps_on_both_sides_where_they_were() {
        let mut walls = Walls::default();
        for second in 100..110 {
            walls.learn(stamp(second, second as i64 + 1000));
        }
        walls.learn(stamp(110, 1110 + 300));
        let now = stamp(120, 1420);
        for (wall, boot) in [(1105, Some(105)), (1415, Some(115)), (1200, None), (1000, Some(0))] {
            assert_eq!(walls.boot_ns(wall * S as i64, now), boot.map(|boot| boot * S), "{wall}");
        }
    }

    #[test]
    fn a_stamp_that_the_clock_showed_twice_says_nothing() {
        let mut walls = Walls::default();
        walls.learn(stamp(100, 1100));
        walls.learn(stamp(110, 1100));
        let now = stamp(130, 1120);
        assert_eq!(walls.boot_ns(1105 * S as i64, now), None);
        assert_eq!(walls.boot_ns(1095 * S as i64, now), Some(95 * S));
        assert_eq!(walls.boot_ns(1115 * S as i64, now), Some(125 * S));
    }

    #[test]
    fn slewing_is_followed_and_bounded() {
        let mut walls = Walls::default();
        for second in 0..10_000u64 {
            walls
                .learn(Stamp { boot_ns: second * S, wall_ns: (second * S) as i64 + second as i64 * 500_000 });
        }
        assert_eq!(walls.offsets.len(), KEPT);
        let seen = Stamp { boot_ns: 10_000 * S, wall_ns: 10_000 * S as i64 };
        let wall = 9_950 * S as i64 + 9_950 * 500_000;
        let found = walls.boot_ns(wall, seen).unwrap();
        assert!(found.abs_diff(9_950 * S) < 2_000_000, "{found}");
    }
}
