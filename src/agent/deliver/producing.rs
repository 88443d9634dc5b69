//! The loop that hands each snapshot to a sink in the sink's own form.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

use crate::encode::Batch;
use crate::model::report::AgentReport;
use crate::model::snapshot::Snapshot;
use crate::sampler::Feeds;
use crate::sink::{Handle, State};

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
}

/// Produces until told to stop; returns the number of the last snapshot, so that whoever goes on does not send it
/// again.
pub(super) async fn produce(
    mut producer: Box<dyn Produce>,
    interval: Duration,
    mut last_seq: u64,
    (feeds, report): (Feeds, Report),
    handle: Arc<Handle>,
    mut stop: watch::Receiver<bool>,
) -> (u64, Box<dyn Produce>) {
    let mut ticks = tokio::time::interval(interval);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut last_state = State::default();
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            _ = stop.changed() => return (last_seq, producer),
        }
        let status = handle.status();
        if status.state != last_state {
            last_state = status.state;
            tracing::info!(
                sink = handle.name(),
                state = status.state.name(),
                message = status.message,
                "sink state"
            );
        }
        let Some(snapshot) = feeds.snapshot.load_full() else { continue };
        if snapshot.seq == last_seq {
            continue;
        }
        last_seq = snapshot.seq;
        let (batches, filtered) = producer.batches(&snapshot, &feeds, &report);
        handle.filtered(filtered);
        for batch in batches {
            handle.push(batch);
        }
    }
}
