//! Waiting for a moment, exactly: tokio's own timer counts milliseconds, which is too coarse for arrivals.

use std::os::fd::OwnedFd;

use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::clock::Clock;

const NANOS: u64 = 1_000_000_000;

/// A timer of the kernel's. Where there is none, tokio's.
pub(super) struct Alarm {
    clock: Clock,
    timer: Option<AsyncFd<OwnedFd>>,
}

impl Alarm {
    #[expect(deprecated, reason = "its successor is unsafe; the descriptor is the alarm's own to its end")]
    pub(super) fn new(clock: Clock) -> Alarm {
        let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
        let timer = timerfd_create(TimerfdClockId::Monotonic, flags).ok();
        let timer = timer.and_then(|timer| AsyncFd::with_interest(timer, Interest::READABLE).ok());
        Alarm { clock, timer }
    }

    /// Until so much of the run is over. It may be dropped while it waits.
    pub(super) async fn until(&self, ns: u64) {
        let Some(timer) = &self.timer else {
            return tokio::time::sleep(self.clock.until(ns)).await;
        };
        loop {
            let left = ns.saturating_sub(self.clock.now_ns());
            if left == 0 {
                return;
            }
            let time = |ns: u64| Timespec { tv_sec: (ns / NANOS) as i64, tv_nsec: (ns % NANOS) as i64 };
            let set = Itimerspec { it_interval: time(0), it_value: time(left) };
            if timerfd_settime(timer.get_ref(), TimerfdTimerFlags::empty(), &set).is_err() {
                return tokio::time::sleep(self.clock.until(ns)).await;
            }
            if let Ok(mut ready) = timer.readable().await {
                // What it reads is how often it went off.
                let _read = rustix::io::read(timer.get_ref(), &mut [0; 8]);
                ready.clear_ready();
            }
        }
    }
}
