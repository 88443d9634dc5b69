//! The clocks of one pass. A trait, so that tests hold the time in their hands.

use rustix::thread::ClockId;
use rustix::time::clock_gettime;

/// What the sampler asks of time, in nanoseconds.
pub trait Clock {
    /// CLOCK_BOOTTIME.
    fn boot_ns(&self) -> u64;
    /// CLOCK_MONOTONIC: stands still while the machine is suspended.
    fn monotonic_ns(&self) -> u64;
    /// CLOCK_REALTIME since the epoch.
    fn wall_ns(&self) -> i64;
    /// CPU time of the calling thread.
    fn thread_cpu_ns(&self) -> u64;
    /// CPU time of the whole process.
    fn process_cpu_ns(&self) -> u64;
}

/// The kernel's clocks.
#[derive(Clone, Copy, Debug, Default)]
pub struct KernelClock;

impl Clock for KernelClock {
    fn boot_ns(&self) -> u64 {
        read(ClockId::Boottime)
    }

    fn monotonic_ns(&self) -> u64 {
        read(ClockId::Monotonic)
    }

    fn wall_ns(&self) -> i64 {
        read(ClockId::Realtime) as i64
    }

    fn thread_cpu_ns(&self) -> u64 {
        read(ClockId::ThreadCPUTime)
    }

    fn process_cpu_ns(&self) -> u64 {
        read(ClockId::ProcessCPUTime)
    }
}

fn read(clock: ClockId) -> u64 {
    let time = clock_gettime(clock);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}
