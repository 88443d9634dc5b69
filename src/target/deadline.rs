//! One timer for all time-outs of a connection. Setting a later one costs nothing: the timer finds out when it fires.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::task::coop::has_budget_remaining;
use tokio::time::{Instant, Sleep, sleep_until};

/// When the connection has waited long enough.
#[derive(Debug)]
pub(super) struct Deadline {
    at: Instant,
    timer: Pin<Box<Sleep>>,
    /// Whether the timer knows whom to wake. A task has one waker all its life, so once is enough.
    is_armed: bool,
}

impl Deadline {
    pub(super) fn new(at: Instant) -> Deadline {
        Deadline { at, timer: Box::pin(sleep_until(at)), is_armed: false }
    }

    pub(super) fn set(&mut self, at: Instant) {
        self.at = at;
        if at < self.timer.deadline() {
            self.timer.as_mut().reset(at);
            self.is_armed = false;
        }
    }

    /// Whether it has passed; if not, the task is woken when it does.
    pub(super) fn poll_passed(&mut self, context: &mut Context<'_>) -> bool {
        loop {
            if self.is_armed && !self.timer.is_elapsed() {
                return false;
            }
            if self.timer.as_mut().poll(context) == Poll::Pending {
                // A task that used up its turn is told Pending without being registered, and comes again at once.
                self.is_armed = has_budget_remaining();
                return false;
            }
            if Instant::now() >= self.at {
                return true;
            }
            self.timer.as_mut().reset(self.at);
            self.is_armed = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;
    use std::time::Duration;

    #[tokio::test(start_paused = true)]
    async fn the_last_one_set_counts() {
        let begun = Instant::now();
        let after = |seconds| begun + Duration::from_secs(seconds);
        let mut deadline = Deadline::new(after(10));
        for (set, passes) in [(after(20), 20), (after(30), 30), (after(25), 30), (after(40), 40)] {
            deadline.set(set);
            let passed = poll_fn(|context| {
                if deadline.poll_passed(context) { Poll::Ready(Instant::now()) } else { Poll::Pending }
            });
            assert_eq!((passed.await - begun).as_secs(), passes);
        }
    }
}
