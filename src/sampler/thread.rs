//! The sampler's own thread: it sleeps until a deadline or an event of the tree, whichever is first.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};

use super::clock::{Clock, KernelClock};
use super::schedule::Deadline;
use super::tick::Sampler;

/// Time between two snapshots.
pub const PUBLISH_INTERVAL: Duration = Duration::from_secs(1);
const GOVERN_INTERVAL: Duration = Duration::from_secs(5);
/// With signs of missed events the whole tree is walked this often.
const SUSPECT_INTERVAL: Duration = Duration::from_secs(1);

/// A running sampler. Dropping it stops the thread.
#[derive(Debug)]
pub struct SamplerThread {
    stop: Arc<OwnedFd>,
    thread: Option<JoinHandle<()>>,
}

impl SamplerThread {
    pub fn start(sampler: Sampler<KernelClock>) -> io::Result<SamplerThread> {
        let stop = Arc::new(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?);
        let stopped = stop.clone();
        let thread =
            std::thread::Builder::new().name("sampler".to_owned()).spawn(move || run(sampler, &stopped))?;
        Ok(SamplerThread { stop, thread: Some(thread) })
    }

    /// True when the thread has ended though nobody asked it to.
    pub fn has_died(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }
}

impl Drop for SamplerThread {
    fn drop(&mut self) {
        let _woken = rustix::io::write(&self.stop, &1u64.to_ne_bytes());
        if let Some(thread) = self.thread.take() {
            let _ended = thread.join();
        }
    }
}

fn run(mut sampler: Sampler<KernelClock>, stop: &OwnedFd) {
    let clock = KernelClock;
    let now = clock.monotonic_ns();
    let rescan_interval = sampler.config.rescan_interval;
    let mut fast = Deadline::new(now, sampler.fast_interval());
    let mut publish = Deadline::new(now, PUBLISH_INTERVAL);
    let mut govern = Deadline::new(now, GOVERN_INTERVAL);
    let mut rescan = Deadline::new(now, rescan_interval);
    let mut suspect = Deadline::new(now, SUSPECT_INTERVAL);
    sampler.publish();
    loop {
        let next = [fast, publish, govern, rescan, suspect].map(|deadline| deadline.next_ns());
        let next = next.into_iter().min().unwrap_or_default();
        let wait = next.saturating_sub(clock.monotonic_ns());
        let timeout =
            Timespec { tv_sec: (wait / 1_000_000_000) as i64, tv_nsec: (wait % 1_000_000_000) as i64 };
        let (has_events, is_stopped) = {
            let mut fds = [
                PollFd::from_borrowed_fd(sampler.tree.event_fd(), PollFlags::IN),
                PollFd::new(stop, PollFlags::IN),
            ];
            // An interrupted wait is a short wait: the deadlines are absolute.
            let _ready = poll(&mut fds, Some(&timeout));
            (!fds[0].revents().is_empty(), !fds[1].revents().is_empty())
        };
        if is_stopped {
            return;
        }
        if has_events {
            sampler.process_events();
        }
        let now = clock.monotonic_ns();
        if let Some(missed) = fast.take(now) {
            sampler.missed(missed);
            sampler.tick();
        }
        if rescan.take(now).is_some() || (suspect.take(now).is_some() && sampler.tree.wants_rescan()) {
            sampler.rescan();
        }
        if publish.take(now).is_some() {
            sampler.publish();
        }
        if govern.take(now).is_some() {
            sampler.govern();
            fast.set_interval(now, sampler.fast_interval());
        }
    }
}
