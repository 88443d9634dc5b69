//! From the coordinator to the thread of the outputs: what it is told is handed on without waiting. Where the thread is
//! behind, seconds become one until it takes them: nothing is lost, and no more than so many wait.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context;

use super::worker::Worker;
use crate::cli::Failure;
use crate::load::engine::{Observer, Plan, Second, Tick};
use crate::load::results::Results;
use crate::load::span::Span;

/// So many seconds wait. Each is as large as all that the threads have measured in it.
const MOST: usize = 2;

/// What the thread is told.
pub(super) enum Message {
    Second(Arc<Plan>, Second),
    /// Something that happened, and when.
    Event(String, i64),
    End(Box<Results>, Duration),
}

pub(in crate::cli::load) struct Feed {
    messages: mpsc::Sender<Message>,
    waiting: Arc<AtomicUsize>,
    pending: Option<(Arc<Plan>, Second)>,
    grace: Duration,
    thread: JoinHandle<()>,
}

impl Feed {
    pub(super) fn start(mut worker: Worker, grace: Span) -> Result<Feed, Failure> {
        let (messages, told) = mpsc::channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        let left = Arc::clone(&waiting);
        let thread = thread::Builder::new().name("load-outputs".to_owned()).spawn(move || {
            for message in told {
                match message {
                    Message::Second(plan, second) => {
                        worker.second(&plan, &second);
                        drop(second);
                        left.fetch_sub(1, Ordering::AcqRel);
                    }
                    Message::Event(text, wall_ns) => worker.event(&text, wall_ns),
                    Message::End(results, grace) => return worker.end(&results, grace),
                }
            }
        });
        let thread = thread.context("thread of the outputs")?;
        Ok(Feed { messages, waiting, pending: None, grace: Duration::from_nanos(grace.nanos()), thread })
    }

    /// The run is over: sends all that is left, for as long as the grace is.
    pub(in crate::cli::load) fn finish(mut self, results: &Results) {
        if let Some((plan, second)) = self.pending.take() {
            self.hand(plan, second);
        }
        let _told = self.messages.send(Message::End(Box::new(results.clone()), self.grace));
        // One that panicked has said so.
        let _ended = self.thread.join();
    }

    fn hand(&self, plan: Arc<Plan>, second: Second) {
        self.waiting.fetch_add(1, Ordering::AcqRel);
        // A thread that is gone has panicked, and has said so.
        let _told = self.messages.send(Message::Second(plan, second));
    }
}

impl Observer for Feed {
    fn second(&mut self, tick: &Tick<'_>) {
        let second = tick.to_second();
        let whole = match self.pending.take() {
            None => second,
            Some((_, mut before)) => {
                before.append(&second);
                before
            }
        };
        let plan = Arc::clone(tick.plan);
        if self.waiting.load(Ordering::Acquire) < MOST {
            self.hand(plan, whole);
        } else {
            self.pending = Some((plan, whole));
        }
    }

    fn ending(&mut self, reason: &str) {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let wall_ns = i64::try_from(since.as_nanos()).unwrap_or(i64::MAX);
        let _told = self.messages.send(Message::Event(reason.to_owned(), wall_ns));
    }
}
