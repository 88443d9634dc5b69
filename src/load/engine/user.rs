//! A virtual user: runs the flow of its scenario, one iteration after the other, over connections of its own.

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use tokio::task::yield_now;
use tokio::time::{sleep, timeout};

use super::connection::{Connection, Times};
use super::deadline::Deadline;
use super::failure::{ErrorCode, Failure};
use super::outcome::Timing;
use super::plan::{Request, Step};
use super::thread::{Addresses, Thread};
use crate::load::protocol::http1::{Fault, Reader};

/// Names are asked for again after this; k6's `dns.ttl`.
const NAMES_LAST_NS: u64 = 300 * 1_000_000_000;
/// k6's limit for dialling.
const DIAL_TIMEOUT: Duration = Duration::from_secs(30);

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
                let (ended, has_answer) = self.exchange(at, request, wanted, wanted, 0).await;
                // The server closed it while the request was on its way: nobody's failure.
                let is_stale = matches!(
                    ended.result,
                    Err(Failure::Send(_) | Failure::Receive(_) | Failure::Malformed(Fault::Closed))
                );
                if !is_stale || has_answer || !request.may_repeat() {
                    return ended;
                }
            } else {
                self.connections.swap_remove(at);
            }
        }
        let dial = self.thread.clock.now_ns();
        let opened = Box::pin(self.dial(request)).await;
        let begun = self.thread.clock.now_ns();
        match opened {
            Ok(connection) => {
                self.connections.push((request.host, connection));
                let at = self.connections.len() - 1;
                self.exchange(at, request, wanted, begun, begun - dial).await.0
            }
            Err(failure) => {
                let timing =
                    Timing { blocked: begun - wanted, connecting: begun - dial, ..Timing::default() };
                Ended { timing, at: begun, result: Err(failure) }
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
        connecting: u64,
    ) -> (Ended, bool) {
        let mut times = Times::default();
        let connection = &mut self.connections[at].1;
        let exchanged =
            connection.exchange(request, &mut self.reader, &self.deadline, &self.thread, &mut times);
        let result = exchanged.await;
        let is_kept = result.is_ok()
            && self.reader.response().keeps_alive
            && !self.thread.plan.never_reuses_connections;
        if !is_kept {
            self.connections.swap_remove(at);
        }
        let timing = Timing {
            blocked: begun - wanted,
            connecting,
            sending: times.sent - begun,
            waiting: times.first.saturating_sub(times.sent),
            receiving: times.end - times.first.min(times.end),
            latency: 0,
            was_sent: true,
        };
        (Ended { timing, at: times.end, result }, times.reads > 0)
    }

    async fn dial(&mut self, request: &Request) -> Result<Connection, Failure> {
        let left = self.thread.clock.until(self.deadline.at_ns());
        let open = async {
            let addresses = self.addresses(request.host).await?;
            Connection::open(&addresses).await
        };
        match timeout(left.min(DIAL_TIMEOUT), open).await {
            Ok(opened) => opened,
            Err(_) if left <= DIAL_TIMEOUT => Err(Failure::Timeout),
            Err(_) => Err(Failure::DialTimeout),
        }
    }

    async fn addresses(&self, host: usize) -> Result<Vec<SocketAddr>, Failure> {
        let now = self.thread.clock.now_ns();
        if let Some(known) = &self.thread.addresses.borrow()[host]
            && now < known.until_ns
        {
            return Ok(known.all.clone());
        }
        let name = &self.thread.plan.hosts[host];
        let found = tokio::net::lookup_host((&*name.name, name.port)).await.map_err(Failure::Lookup)?;
        let mut found: Vec<SocketAddr> = found.collect();
        // k6's `preferIPv4`.
        found.sort_by_key(SocketAddr::is_ipv6);
        let until_ns = now.saturating_add(NAMES_LAST_NS);
        self.thread.addresses.borrow_mut()[host] = Some(Addresses { all: found.clone(), until_ns });
        Ok(found)
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
        let (status, code) = match failure {
            None => (response.status, ErrorCode::of_status(response.status)),
            Some(failure) => (0, Some(failure.code())),
        };
        step.ended(request, status, code, &ended.timing);
        for (number, check) in request.checks.iter().enumerate() {
            step.checked(number, failure.is_none() && check.condition.holds(&self.reader));
        }
        if ended.timing.was_sent {
            let (sent_bytes, received_bytes) = (request.bytes.bytes().len() as u64, response.wire_bytes);
            step.sent_bytes += sent_bytes;
            step.received_bytes += received_bytes;
            scenario.sent_bytes += sent_bytes;
            scenario.received_bytes += received_bytes;
        }
        failure.is_some()
    }
}
