//! Sinks for whoever makes batches of his own, such as a load test: started together on a thread of their own, ended
//! together.

use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::Context;
use tokio::sync::oneshot;

use crate::cli::Outlets;
use crate::config::Config;
use crate::encode::Batch;
use crate::model::report::SinkReport;
use crate::sampler::clock::{Clock, KernelClock};
use crate::sink::{Handle, Plan, spool};

/// All of them and the thread that delivers.
pub(super) struct Running {
    handles: Vec<Arc<Handle>>,
    end: oneshot::Sender<Duration>,
    thread: JoinHandle<()>,
}

impl Running {
    /// Refuses what cannot work. A server that is away is none of that.
    pub(super) fn start(config: &Config) -> anyhow::Result<Running> {
        let mut plans = Vec::new();
        for sink in config.sinks.all() {
            let plan = sink.plan()?;
            plan.try_out()?;
            plans.push(plan);
        }
        let spool = config.spool.clone();
        let (started, starts) = mpsc::channel();
        let (end, ending) = oneshot::channel();
        let thread = thread::Builder::new().name("load-delivery".to_owned());
        let thread =
            thread.spawn(move || run(plans, &spool, &started, ending)).context("delivery of outputs")?;
        let handles = starts.recv().context("delivery of outputs ended at once")??;
        Ok(Running { handles, end, thread })
    }
}

impl Outlets for Running {
    fn push(&self, sink: &str, batch: Batch) {
        if let Some(handle) = self.handles.iter().find(|handle| handle.name() == sink) {
            handle.push(batch);
        }
    }

    fn reports(&self) -> Vec<SinkReport> {
        self.handles.iter().map(|handle| handle.report()).collect()
    }

    fn finish(self: Box<Self>, grace: Duration) -> Vec<SinkReport> {
        let Running { handles, end, thread } = *self;
        // A thread that is gone has nothing to end; the books tell the rest.
        let _told = end.send(grace);
        let _ended = thread.join();
        handles.iter().map(|handle| handle.report()).collect()
    }
}

type Started = anyhow::Result<Vec<Arc<Handle>>>;

/// Delivers until it is told how long it may go on.
fn run(
    plans: Vec<Plan>,
    spool: &spool::Config,
    started: &mpsc::Sender<Started>,
    ending: oneshot::Receiver<Duration>,
) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = match runtime.context("runtime of the outputs") {
        Ok(runtime) => runtime,
        Err(error) => {
            let _told = started.send(Err(error));
            return;
        }
    };
    runtime.block_on(async {
        let handles = match start(plans, spool) {
            Ok(handles) => handles,
            Err(error) => {
                let _told = started.send(Err(error));
                return;
            }
        };
        let _told = started.send(Ok(handles.clone()));
        // Whoever dropped the other end wants no more.
        let grace = ending.await.unwrap_or_default();
        let end = |handle: Arc<Handle>| tokio::spawn(async move { handle.shutdown(grace).await });
        let ends: Vec<_> = handles.into_iter().map(end).collect();
        for end in ends {
            // One that panicked has said so; its books tell what is missing.
            let _ledger = end.await;
        }
    });
    // A name that is still looked up is waited for by nobody.
    runtime.shutdown_background();
}

fn start(plans: Vec<Plan>, spool: &spool::Config) -> Started {
    let seed = KernelClock.wall_ns() as u64;
    plans.into_iter().map(|plan| Ok(Arc::new(plan.start(spool, seed)?))).collect()
}
