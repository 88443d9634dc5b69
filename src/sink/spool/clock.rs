//! When a record was written. Its age must not change because somebody set the clock: within one boot of the
//! machine it goes by the boot clock, across boots by the wall clock, which is all there is.

use std::hash::{DefaultHasher, Hash, Hasher};

use rustix::time::{ClockId, clock_gettime};

/// One instant on both clocks, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Now {
    pub wall_ms: i64,
    pub boot_ms: i64,
}

impl Now {
    pub(super) fn read() -> Now {
        let ms = |clock| {
            let time = clock_gettime(clock);
            time.tv_sec * 1000 + time.tv_nsec / 1_000_000
        };
        Now { wall_ms: ms(ClockId::Realtime), boot_ms: ms(ClockId::Boottime) }
    }

    /// Milliseconds since `then`; never negative.
    pub(super) fn since(self, then: Now, is_same_boot: bool) -> i64 {
        let (now, then) =
            if is_same_boot { (self.boot_ms, then.boot_ms) } else { (self.wall_ms, then.wall_ms) };
        // What stands on disk may be any number.
        now.saturating_sub(then).max(0)
    }
}

/// Tells this boot of the machine from others; 0 where the kernel does not say.
pub(super) fn boot() -> u64 {
    let Ok(id) = std::fs::read("/proc/sys/kernel/random/boot_id") else { return 0 };
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish() | 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_set_makes_nothing_older() {
        let then = Now { wall_ms: 1_000, boot_ms: 50 };
        let set_forward = Now { wall_ms: 1_000_000_000, boot_ms: 60 };
        assert_eq!(set_forward.since(then, true), 10);
        let set_back = Now { wall_ms: 0, boot_ms: 70 };
        assert_eq!(set_back.since(then, true), 20);
        assert_eq!(set_back.since(then, false), 0);
        assert_eq!(Now { wall_ms: 3_000, boot_ms: 1 }.since(then, false), 2_000);
        let never = Now { wall_ms: i64::MIN, boot_ms: i64::MAX };
        assert_eq!((then.since(never, true), then.since(never, false)), (0, i64::MAX));
    }
}
