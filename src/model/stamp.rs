//! When a reading was taken: two clocks, before and after.

/// One instant on the two clocks that matter, in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stamp {
    /// CLOCK_BOOTTIME: never steps, runs on through suspend. Rates use this one.
    pub boot_ns: u64,
    /// CLOCK_REALTIME since the epoch. Exported timestamps use this one.
    pub wall_ns: i64,
}

impl Stamp {
    pub const fn wall_ms(self) -> i64 {
        self.wall_ns / 1_000_000
    }
}

/// The clock before and after a read: the true instant of the value lies between.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bracket {
    /// Just after the read returned.
    pub after: Stamp,
    /// How long the read took, in nanoseconds: the bound on the instant's error.
    pub width_ns: u32,
}

impl Bracket {
    /// The middle of the bracket on CLOCK_BOOTTIME.
    pub const fn boot_ns(self) -> u64 {
        self.after.boot_ns - (self.width_ns / 2) as u64
    }
}
