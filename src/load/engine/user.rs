//! A virtual user: runs the flow of its scenario, one iteration after the other, over connections of its own.

use std::rc::Rc;
use std::time::Duration;

use tokio::task::yield_now;
use tokio::time::sleep;

use super::codes::ErrorCode;
use super::connection::{Connection, Sending, Times};
use super::deadline::Deadline;
use super::dial::{Opening, dial};
use super::failure::Failure;
use super::outcome::{Met, Timing};
use super::over::Over;
use super::plan::{Request, Step};
use super::thread::Thread;
use crate::load::protocol::http1::Reader;

/// One user.
pub(super) struct User {
    thread: Rc<Thread>,
    scenario: usize,
    /// By host of the plan; few, and mostly one.
    connections: Vec<(usize, Connection)>,
    reader: Reader,
    deadline: Rc<Deadline>,
}

/// What came of a request.
struct Ended {
    timing: Timing,
    at: u64,
    over: Over,
    result: Result<(), Failure>,
}

impl User {
    pub(super) fn new(thread: &Rc<Thread>, scenario: usize) -> User {
        User {
            thread: Rc::clone(thread),
            scenario,
            connections: Vec::new(),
            reader: Reader::default(),
            deadline: thread.deadlines.enter(),
        }
    }

    /// Runs the flow once. `intended` is when its schedule wanted it to begin, in nanoseconds of the run.
    pub(super) async fn iterate(&mut self, begun: u64, intended: u64) {
        let thread = Rc::clone(&self.thread);
        let (mut now, mut intended) = (begun, Some(intended));
        for (place, step) in thread.plan.scenarios[self.scenario].steps.iter().enumerate() {
            match step {
                // Only the first request of an iteration has a place in the schedule; the others follow it.
                Step::Request(request) => {
                    now = self.request(place, request, now, intended.take().unwrap_or(now)).await;
                }
                Step::Sleep { least, most } => {
                    let (least, most) = (least.nanos(), most.nanos());
                    let more = self.thread.random.borrow_mut().below(most.saturating_sub(least) + 1);
                    sleep(Duration::from_nanos(least + more)).await;
                    now = self.thread.clock.now_ns();
                }
            }
        }
        if thread.plan.scenarios[self.scenario].steps.is_empty() {
            // Nothing to wait for: others shall have their turn all the same.
            yield_now().await;
        }
        let mut meter = self.thread.meter.borrow_mut();
        meter.scenarios[self.scenario].iteration_duration.record(now - begun);
    }

    /// Returns when it ended.
    async fn request(&mut self, place: usize, request: &Request, wanted: u64, intended: u64) -> u64 {
        self.deadline.set(wanted.saturating_add(request.timeout.nanos()));
        let mut ended = self.attempt(request, wanted).await;
        self.deadline.clear();
        ended.timing.latency = ended.at.saturating_sub(intended);
        let has_failed = self.account(place, request, &ended);
        if has_failed {
            // A failure may come at once: others shall have their turn all the same.
            yield_now().await;
        }
        ended.at
    }

    /// Over the connection that is there, or a new one.
    async fn attempt(&mut self, request: &Request, wanted: u64) -> Ended {
        if let Some(at) = self.connections.iter().position(|(host, _)| *host == request.host) {
            if self.connections[at].1.is_open() {
                let (ended, has_answer) =
                    self.exchange(at, request, wanted, wanted, Opening::default()).await;
                // The server closed it while the request was on its way, or says that it did nothing: nobody's failure.
                let may_again = ended.result.as_ref().is_err_and(|failure| {
                    failure.is_unprocessed() || failure.is_broken() && !has_answer && request.may_repeat()
                });
                if !may_again {
                    return ended;
                }
                self.connections.retain(|(host, _)| *host != request.host);
            } else {
                self.connections.swap_remove(at);
            }
        }
        let mut opening = Opening::default();
        let opened = Box::pin(dial(&self.thread, request.host, self.deadline.at_ns(), &mut opening)).await;
        let begun = self.thread.clock.now_ns();
        match opened {
            Ok(connection) => {
                self.connections.push((request.host, connection));
                let at = self.connections.len() - 1;
                self.exchange(at, request, wanted, begun, opening).await.0
            }
            Err(failure) => {
                let Opening { connecting, handshaking } = opening;
                let timing = Timing { blocked: begun - wanted, connecting, handshaking, ..Timing::default() };
                Ended { timing, at: begun, over: Over::default(), result: Err(failure) }
            }
        }
    }

    /// Over the connection at a place. True where some of an answer came.
    async fn exchange(
        &mut self,
        at: usize,
        request: &Request,
        wanted: u64,
        begun: u64,
        opening: Opening,
    ) -> (Ended, bool) {
        let mut times = Times::default();
        let connection = &mut self.connections[at].1;
        let over = connection.over;
        let sending =
            Sending { bytes: request.bytes.bytes(), is_head: request.bytes.is_head(), keep: request.keep };
        let exchanged =
            connection.exchange(sending, &mut self.reader, &self.deadline, &self.thread, &mut times);
        let (result, is_kept) = exchanged.await;
        if !is_kept || self.thread.plan.never_reuses_connections {
            self.connections.swap_remove(at);
        }
        let timing = Timing {
            blocked: begun - wanted,
            connecting: opening.connecting,
            handshaking: opening.handshaking,
            sending: times.sent - begun,
            waiting: times.first.saturating_sub(times.sent),
            receiving: times.end - times.first.min(times.end),
            latency: 0,
            was_sent: true,
            sent_bytes: times.sent_bytes,
        };
        (Ended { timing, at: times.end, over, result }, times.reads > 0)
    }

    /// Into the books. True where there is no response.
    fn account(&self, place: usize, request: &Request, ended: &Ended) -> bool {
        let mut meter = self.thread.meter.borrow_mut();
        let failure = ended.result.as_ref().err();
        if let Some(shortage) = failure.and_then(Failure::shortage) {
            meter.lacked(shortage);
        }
        let scenario = &mut meter.scenarios[self.scenario];
        let step = &mut scenario.steps[place];
        let response = self.reader.response();
        let met = match failure {
            None => Met {
                status: response.status,
                error: ErrorCode::of_status(response.status),
                over: Some(ended.over),
            },
            Some(failure) => Met { status: 0, error: Some(failure.code()), over: None },
        };
        step.ended(request, met, &ended.timing);
        for (number, check) in request.checks.iter().enumerate() {
            step.checked(number, failure.is_none() && check.condition.holds(&self.reader));
        }
        if ended.timing.was_sent {
            scenario.sent_bytes += ended.timing.sent_bytes;
            scenario.received_bytes += response.wire_bytes;
        }
        failure.is_some()
    }
}
