//! The loop that hands each snapshot to a sink in the sink's own form.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::encode::Batch;
use crate::model::node::Node;
use crate::model::report::AgentReport;
use crate::model::scraped::Scraped;
use crate::model::snapshot::Snapshot;
use crate::model::stamp::Stamp;
use crate::sampler::Feeds;
use crate::sampler::clock::{Clock, KernelClock};
use crate::sink::Handle;

/// How often there is a look at the feeds when a snapshot is due.
const LOOK: Duration = Duration::from_millis(100);
/// Snapshots come at whole seconds and a little late each time: so much too early is in time.
const SLACK_NS: u64 = 250_000_000;

/// What the agent says about itself, asked for when it is needed.
pub(super) type Report = Arc<dyn Fn() -> AgentReport + Send + Sync>;

/// Turns snapshots into batches of one form.
pub(super) trait Produce: Send {
    /// The batches of one snapshot, and how many points a filter left out.
    fn batches(&mut self, snapshot: &Arc<Snapshot>, feeds: &Feeds, report: &Report) -> (Vec<Batch>, u64);

    /// What is said at the end of the run.
    fn last_batches(&mut self) -> Vec<Batch> {
        Vec::new()
    }

    /// What of it must not be written again by whoever goes on.
    fn written(&mut self) -> Written {
        Written::default()
    }
}

/// What a sink was given last, beside the snapshots: it is read at a pace of its own, and written once.
#[derive(Clone, Debug, Default)]
pub(super) struct Written {
    /// The last snapshot's time since boot; zero before the first.
    pub(super) snapshot_boot_ns: u64,
    pub(super) node: Option<Arc<Node>>,
    pub(super) listed: Stamp,
    pub(super) scraped: Arc<Scraped>,
}

/// Which snapshots are for a sink: by the times at which they were taken, not by those at which they are found, so
/// that two clocks of one second never meet just before a snapshot and then just after the next one.
/// All in nanoseconds since boot.
#[derive(Clone, Copy, Debug)]
struct Pace {
    interval: u64,
    last: u64,
    due: u64,
}

impl Pace {
    fn new(interval: Duration, last_ns: u64) -> Pace {
        let interval = interval.as_nanos() as u64;
        let due = if last_ns == 0 { 0 } else { last_ns.saturating_add(interval) };
        Pace { interval, last: last_ns, due }
    }

    /// Whether a snapshot of this time is to be sent; then it is the last one.
    fn takes(&mut self, taken_ns: u64) -> bool {
        if taken_ns <= self.last || taken_ns.saturating_add(SLACK_NS) < self.due {
            return false;
        }
        self.last = taken_ns;
        let next_ns = self.due.saturating_add(self.interval);
        // With the first one and after a pause the count begins anew.
        let is_behind = self.due == 0 || next_ns <= taken_ns.saturating_add(SLACK_NS);
        self.due = if is_behind { taken_ns.saturating_add(self.interval) } else { next_ns };
        true
    }

    /// How long nothing can be due.
    fn pause(&self, now_ns: u64) -> Duration {
        Duration::from_nanos(self.due.saturating_sub(SLACK_NS).saturating_sub(now_ns)).max(LOOK)
    }
}

/// Produces until told to stop; returns the time of the last snapshot, so that whoever goes on does not send it
/// again.
pub(super) async fn produce(
    mut producer: Box<dyn Produce>,
    interval: Duration,
    last_ns: u64,
    (feeds, report): (Feeds, Report),
    handle: Arc<Handle>,
    mut stop: watch::Receiver<bool>,
) -> (u64, Box<dyn Produce>) {
    let mut pace = Pace::new(interval, last_ns);
    loop {
        if let Some(snapshot) = feeds.snapshot.load_full()
            && pace.takes(snapshot.taken.boot_ns)
        {
            let (batches, filtered) = producer.batches(&snapshot, &feeds, &report);
            handle.filtered(filtered);
            for batch in batches {
                handle.push(batch);
            }
        }
        tokio::select! {
            () = tokio::time::sleep(pace.pause(KernelClock.boot_ns())) => {}
            _ = stop.changed() => return (pace.last, producer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Times in milliseconds, as a sampler publishes them: each a little late.
    fn taken(interval_ms: u64, last_ms: u64, times_ms: &[u64]) -> Vec<u64> {
        let mut pace = Pace::new(Duration::from_millis(interval_ms), last_ms * 1_000_000);
        times_ms.iter().copied().filter(|time| pace.takes(time * 1_000_000)).collect()
    }

    #[test]
    fn each_that_is_due_is_taken_once() {
        let late = [1_002, 2_090, 3_001, 3_001, 4_120, 5_000, 6_003];
        assert_eq!(taken(1_000, 0, &late), [1_002, 2_090, 3_001, 4_120, 5_000, 6_003]);
        assert_eq!(taken(500, 0, &late), [1_002, 2_090, 3_001, 4_120, 5_000, 6_003]);
        assert_eq!(taken(2_000, 0, &late), [1_002, 3_001, 5_000]);
        assert_eq!(taken(1_500, 0, &late), [1_002, 3_001, 4_120, 6_003]);
        // Whoever goes on does not send again what was sent, and keeps the step.
        assert_eq!(taken(2_000, 3_001, &late), [5_000]);
        assert_eq!(taken(1_000, 2_090, &late[1..]), [3_001, 4_120, 5_000, 6_003]);
        // After a pause of the sampler there is no hurry to make up for it.
        assert_eq!(taken(1_000, 0, &[1_000, 9_000, 10_000, 11_000]), [1_000, 9_000, 10_000, 11_000]);
    }
}
