//! All sinks, from start to shutdown. A reload touches those whose settings changed, and loses or doubles nothing:
//! what waits is sent by the new settings, and a snapshot goes to a sink once.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::influx::Lines;
use super::producing::{Produce, Report, Written, produce};
use super::samples::{Otlp, Pushed, Series};
use crate::config::Config;
use crate::config::sinks::Sink;
use crate::encode::prometheus;
use crate::model::ledger::Ledger;
use crate::sampler::Feeds;
use crate::sampler::clock::{Clock, KernelClock};
use crate::sink::{Handle, Plan, Status, spool};

/// How long a sink may go on sending after the agent was told to stop.
const GRACE: Duration = Duration::from_secs(5);

/// The handles that reports are made of.
pub(in crate::agent) type Handles = Arc<Mutex<Vec<Arc<Handle>>>>;

/// All running sinks.
pub(in crate::agent) struct Deliveries {
    running: Vec<Delivery>,
    spool: spool::Config,
    host: Arc<str>,
    rows: prometheus::Options,
    feeds: Feeds,
    report: Report,
    shown: Handles,
}

struct Delivery {
    sink: Sink,
    handle: Arc<Handle>,
    production: Production,
}

struct Production {
    stop: watch::Sender<bool>,
    task: JoinHandle<Ended>,
}

/// The time of the last snapshot that was produced of, and who did it.
type Ended = (u64, Box<dyn Produce>);

/// Sinks that can be started; trying that out changed nothing.
pub(in crate::agent) struct Wanted {
    sinks: Vec<(Sink, Plan)>,
    spool: spool::Config,
    host: Arc<str>,
    /// Which rows pages have.
    rows: prometheus::Options,
}

impl Wanted {
    /// Refuses what cannot work before anything is stopped. What a start lacks may still come: it is told, and what
    /// is made meanwhile waits.
    pub(in crate::agent) fn of(config: &Config, host: Arc<str>, is_start: bool) -> anyhow::Result<Wanted> {
        let mut sinks = Vec::new();
        for sink in config.sinks.all() {
            let sink = sink.for_node(&host);
            let plan = sink.plan()?;
            match plan.try_out() {
                Err(error) if is_start => tracing::warn!(%error, "a sink cannot deliver yet"),
                tried => tried?,
            }
            sinks.push((sink, plan));
        }
        Ok(Wanted { sinks, spool: config.spool.clone(), host, rows: config.server.rows() })
    }
}

impl Deliveries {
    pub(in crate::agent) fn new(feeds: Feeds, report: Report, shown: Handles) -> Deliveries {
        Deliveries {
            running: Vec::new(),
            spool: spool::Config::default(),
            host: "".into(),
            rows: prometheus::Options::default(),
            feeds,
            report,
            shown,
        }
    }

    /// Makes the running sinks what is wanted.
    pub(in crate::agent) async fn change_to(&mut self, wanted: Wanted) -> anyhow::Result<()> {
        let is_all_new = wanted.spool != self.spool || wanted.host != self.host || wanted.rows != self.rows;
        (self.spool, self.host, self.rows) = (wanted.spool, wanted.host, wanted.rows);
        let mut before = std::mem::take(&mut self.running);
        let mut failure = None;
        for (sink, plan) in wanted.sinks {
            let place = before.iter().position(|delivery| {
                (delivery.sink.kind(), delivery.sink.name()) == (sink.kind(), sink.name())
            });
            let old = place.map(|place| before.swap_remove(place));
            match self.renew(old, sink, plan, is_all_new).await {
                Ok(delivery) => self.running.push(delivery),
                Err(error) => failure = Some(error),
            }
        }
        for gone in before {
            gone.stop().await;
        }
        let handles = self.running.iter().map(|delivery| delivery.handle.clone()).collect();
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = handles;
        failure.map_or(Ok(()), Err)
    }

    async fn renew(
        &self,
        old: Option<Delivery>,
        sink: Sink,
        plan: Plan,
        is_all_new: bool,
    ) -> anyhow::Result<Delivery> {
        let seed = KernelClock.wall_ns() as u64;
        let context = || format!("sinks.{} {}", sink.kind(), sink.name());
        let old = match old {
            Some(old) if leaves_a_group(&old.sink, &sink) => {
                old.stop().await;
                None
            }
            old => old,
        };
        let Some(old) = old else {
            let handle = Arc::new(plan.start(&self.spool, seed).with_context(context)?);
            return Ok(self.deliver(sink, handle, Written::default()));
        };
        if old.sink == sink && !is_all_new {
            return Ok(old);
        }
        let is_all_new = is_all_new || old.sink.spools() != sink.spools();
        let mut ended = old.production.end().await;
        if names_other_series(&old.sink, &sink) || is_all_new {
            // Nobody goes on with the series that were written.
            push_last(ended.as_mut(), &old.handle);
        }
        let written = ended.map(written_by).unwrap_or_default();
        if is_all_new {
            let left = old.handle.retire().await;
            log_final(&old.handle, &old.handle.ledger(), &old.handle.status());
            if let Err(error) = plan.bring_spool(&old.handle, &self.spool) {
                tracing::warn!(sink = sink.name(), %error, "a spool is left behind");
            }
            let handle = Arc::new(plan.start(&self.spool, seed).with_context(context)?);
            handle.adopt(left);
            return Ok(self.deliver(sink, handle, written));
        }
        let change = old.handle.begin_change(plan).with_context(context)?;
        // A request that takes long holds up no snapshot.
        let delivery = self.deliver(sink, old.handle.clone(), written);
        change.finish(seed).await;
        Ok(delivery)
    }

    /// Begins the production for a sink that delivers.
    fn deliver(&self, sink: Sink, handle: Arc<Handle>, written: Written) -> Delivery {
        let (stop, stopped) = watch::channel(false);
        let last_ns = written.snapshot_boot_ns;
        let producer: Box<dyn Produce> = match &sink {
            Sink::InfluxDb(config) => Box::new(Lines::new(config, &self.host, written)),
            Sink::Otlp(config) => Box::new(Otlp::new(config)),
            Sink::Pushgateway(config) => Box::new(Pushed::new(config, self.rows)),
            Sink::RemoteWrite(config) => Box::new(Series::new(config, &self.host, self.rows)),
        };
        let heard = (self.feeds.clone(), self.report.clone());
        let task = produce(producer, sink.interval(), last_ns, heard, handle.clone(), stopped);
        let production = Production { stop, task: tokio::spawn(task) };
        Delivery { sink, handle, production }
    }

    /// Sends what waits, within the grace period, and says in the log what became of every point.
    pub(in crate::agent) async fn stop(self) {
        let ends = self.running.into_iter().map(Delivery::stop).map(tokio::spawn).collect::<Vec<_>>();
        for end in ends {
            _ = end.await;
        }
    }
}

impl Production {
    /// `None` where the task panicked.
    async fn end(self) -> Option<Ended> {
        self.stop.send_replace(true);
        self.task.await.ok()
    }
}

fn written_by((last_ns, mut producer): Ended) -> Written {
    Written { snapshot_boot_ns: last_ns, ..producer.written() }
}

impl Delivery {
    async fn stop(self) {
        let mut ended = self.production.end().await;
        push_last(ended.as_mut(), &self.handle);
        let ledger = self.handle.shutdown(GRACE).await;
        log_final(&self.handle, &ledger, &self.handle.status());
    }
}

/// Whether a receiver of remote write would keep the old series beside the new ones.
fn names_other_series(old: &Sink, new: &Sink) -> bool {
    match (old, new) {
        (Sink::RemoteWrite(old), Sink::RemoteWrite(new)) => {
            (&old.job, &old.instance, &old.external_labels, old.send_node_names)
                != (&new.job, &new.instance, &new.external_labels, new.send_node_names)
        }
        _ => false,
    }
}

/// Whether a Pushgateway would keep the old group for ever, though the sink is to delete its group at the end: for that
/// group this is the end.
fn leaves_a_group(old: &Sink, new: &Sink) -> bool {
    match (old, new) {
        (Sink::Pushgateway(old), Sink::Pushgateway(new)) => {
            old.delete_at_end
                && (&old.url, &old.urls, &old.job, &old.grouping)
                    != (&new.url, &new.urls, &new.job, &new.grouping)
        }
        _ => false,
    }
}

fn push_last(ended: Option<&mut Ended>, handle: &Handle) {
    for batch in ended.map(|(_, producer)| producer.last_batches()).unwrap_or_default() {
        handle.push(batch);
    }
}

fn log_final(handle: &Handle, ledger: &Ledger, status: &Status) {
    let sum = |reasons: &[(&str, u64)]| reasons.iter().map(|(_, points)| points).sum::<u64>();
    tracing::info!(
        kind = handle.kind(),
        sink = handle.name(),
        produced = ledger.produced,
        acknowledged = ledger.acknowledged,
        rejected = sum(&ledger.rejected),
        queued = ledger.queued,
        queued_on_disk = status.spooled_points,
        dropped = sum(&ledger.dropped),
        reasons = ?(&ledger.rejected, &ledger.dropped),
        balances = ledger.balances(),
        "sink closed"
    );
}
