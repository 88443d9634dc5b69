//! Setup and teardown: one user on a thread of its own, before all others and after them.

use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio::runtime::{Builder, LocalOptions};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::spawn_local;
use tokio::time::timeout;

use super::clock::Clock;
use super::meter::Meter;
use super::plan::Plan;
use super::report::Told;
use super::shared::{Shared, Stop};
use super::thread::Thread;
use super::user::{User, Verdict};
use crate::load::flow::Values;
use crate::load::span::Span;

/// What is to be run.
pub(super) struct Outer {
    pub(super) plan: Arc<Plan>,
    /// Of its script in the plan.
    pub(super) place: usize,
    /// What it starts from.
    pub(super) start: Option<Values>,
    pub(super) timeout: Span,
    pub(super) stop: watch::Receiver<Stop>,
    pub(super) tell: mpsc::UnboundedSender<Told>,
}

/// What came of it.
#[derive(Debug)]
pub(super) struct Gone {
    /// What it set.
    pub(super) values: Values,
    pub(super) meter: Meter,
    pub(super) end: End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Ran(Verdict),
    TimedOut,
    /// The run was to end.
    Stopped,
}

impl Outer {
    /// What came of it comes over a channel, which is closed where the thread fails.
    pub(super) fn start(self, name: &str) -> io::Result<oneshot::Receiver<Gone>> {
        let (send, gone) = oneshot::channel();
        thread::Builder::new().name(format!("load-{name}")).spawn(move || {
            let built = Builder::new_current_thread().enable_all().build_local(LocalOptions::default());
            if let Ok(runtime) = built {
                // Nobody waits for it any more where that fails.
                let _told = send.send(runtime.block_on(self.run()));
                runtime.shutdown_background();
            }
        })?;
        Ok(gone)
    }

    async fn run(self) -> Gone {
        let Outer { plan, place, start, timeout: limit, stop, tell } = self;
        let shared = Arc::new(Shared::new(&plan, 1, None));
        let thread = Rc::new(Thread::new(plan, shared, Clock::start(), 0, stop, tell));
        let watched = Rc::clone(&thread);
        spawn_local(async move { watched.deadlines.watch(watched.clock).await });
        // k6 numbers this user with zero, too.
        let (vocabulary, seed) = (&thread.plan.vocabulary, thread.plan.seed);
        let values = start.map_or_else(|| Values::new(vocabulary, 0, seed), |start| start.handed_on(0, seed));
        let mut user = User::with(&thread, place, values);
        let end = tokio::select! {
            biased;
            () = thread.stopped(Stop::Now) => End::Stopped,
            ran = timeout(Duration::from_nanos(limit.nanos()), user.walk(0, 0)) => match ran {
                Ok((_, verdict)) => End::Ran(verdict),
                Err(_) => End::TimedOut,
            },
        };
        let meter = thread.meter.take();
        Gone { values: user.values.clone(), meter, end }
    }
}
