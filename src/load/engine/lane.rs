//! The way of one request at a time to its servers: connections that are kept, a reader for what comes back, and a
//! deadline. A user has one, and more for its batches.

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use tokio::time::timeout;

use super::connection::{Connection, Times};
use super::deadline::Deadline;
use super::failure::Failure;
use super::outcome::Timing;
use super::thread::{Addresses, Thread};
use crate::load::protocol::http1::{Fault, Keep, Reader};

/// k6's limit for dialling.
const DIAL_TIMEOUT: Duration = Duration::from_secs(30);
/// Idle connections to different servers; k6's `MaxIdleConns` is as much.
const MOST_IDLE: usize = 20;

#[derive(Debug)]
pub(super) struct Lane {
    /// By host; few, and mostly one.
    connections: Vec<(usize, Connection)>,
    pub(super) reader: Reader,
    deadline: Rc<Deadline>,
}

/// A request that is ready to go.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ask<'a> {
    /// Its place on the thread.
    pub(super) host: usize,
    pub(super) bytes: &'a [u8],
    pub(super) is_head: bool,
    pub(super) keep: Keep,
    /// When it is given up.
    pub(super) deadline_ns: u64,
    pub(super) may_repeat: bool,
}

/// What came of a request.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) timing: Timing,
    pub(super) at: u64,
    pub(super) result: Result<(), Failure>,
}

impl Lane {
    pub(super) fn new(thread: &Thread) -> Lane {
        Lane { connections: Vec::new(), reader: Reader::default(), deadline: thread.deadlines.enter() }
    }

    /// Closes what is kept.
    pub(super) fn close(&mut self) {
        self.connections.clear();
    }

    /// Over the connection that is there, or a new one. `wanted` is when the user came to it.
    pub(super) async fn send(&mut self, thread: &Thread, ask: &Ask<'_>, wanted: u64) -> Ended {
        self.deadline.set(ask.deadline_ns);
        let ended = self.attempt(thread, ask, wanted).await;
        self.deadline.clear();
        ended
    }

    async fn attempt(&mut self, thread: &Thread, ask: &Ask<'_>, wanted: u64) -> Ended {
        if let Some(at) = self.connections.iter().position(|(host, _)| *host == ask.host) {
            if self.connections[at].1.is_open() {
                let (ended, has_answer) = self.exchange(thread, at, ask, wanted, wanted, 0).await;
                // The server closed it while the request was on its way: nobody's failure.
                let is_stale = matches!(
                    ended.result,
                    Err(Failure::Send(_) | Failure::Receive(_) | Failure::Malformed(Fault::Closed))
                );
                if !is_stale || has_answer || !ask.may_repeat {
                    return ended;
                }
            } else {
                self.connections.swap_remove(at);
            }
        }
        let dial = thread.clock.now_ns();
        let opened = Box::pin(self.dial(thread, ask.host)).await;
        let begun = thread.clock.now_ns();
        match opened {
            Ok(connection) => {
                if self.connections.len() == MOST_IDLE {
                    self.connections.remove(0);
                }
                self.connections.push((ask.host, connection));
                let at = self.connections.len() - 1;
                self.exchange(thread, at, ask, wanted, begun, begun - dial).await.0
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
        thread: &Thread,
        at: usize,
        ask: &Ask<'_>,
        wanted: u64,
        begun: u64,
        connecting: u64,
    ) -> (Ended, bool) {
        let mut times = Times::default();
        self.reader.begin(ask.is_head, ask.keep);
        let connection = &mut self.connections[at].1;
        let exchanged = connection.exchange(ask.bytes, &mut self.reader, &self.deadline, thread, &mut times);
        let result = exchanged.await;
        let is_kept =
            result.is_ok() && self.reader.response().keeps_alive && !thread.plan.options.no_connection_reuse;
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

    async fn dial(&self, thread: &Thread, host: usize) -> Result<Connection, Failure> {
        let left = thread.clock.until(self.deadline.at_ns());
        let open = async {
            let addresses = addresses(thread, host).await?;
            Connection::open(&addresses).await
        };
        match timeout(left.min(DIAL_TIMEOUT), open).await {
            Ok(opened) => opened,
            Err(_) if left <= DIAL_TIMEOUT => Err(Failure::Timeout),
            Err(_) => Err(Failure::DialTimeout),
        }
    }
}

/// Where a server is; the one to be tried first in front.
async fn addresses(thread: &Thread, place: usize) -> Result<Vec<SocketAddr>, Failure> {
    let names = &thread.plan.names;
    let now = thread.clock.now_ns();
    let host = thread.host(place);
    if names.is_blocked(&host.name) {
        return Err(Failure::BlockedHost);
    }
    let mut found = match (names.instead_of(&host.name, host.port), thread.known(place, now)) {
        (Some(address), _) => vec![address],
        (None, Some(known)) => known,
        (None, None) => {
            let found = tokio::net::lookup_host((&*host.name, host.port)).await.map_err(Failure::Lookup)?;
            let all = names.allowed(found.collect());
            let until_ns = now.saturating_add(names.last_ns());
            thread.learn(place, Addresses { all: all.clone(), until_ns });
            all
        }
    };
    let count = found.len();
    found.retain(|address| !names.is_blacklisted(address.ip()));
    if found.is_empty() && count > 0 {
        return Err(Failure::BlockedAddress);
    }
    let turn = thread.dials.get();
    thread.dials.set(turn.wrapping_add(1));
    names.select(&mut found, turn, &mut thread.random.borrow_mut());
    Ok(found)
}
