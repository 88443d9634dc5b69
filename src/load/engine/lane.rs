//! The way of one request at a time to its servers: connections that are kept, a reader for what comes back, and a
//! deadline. A user has one, and more for its batches.

use std::rc::Rc;

use super::connection::{Connection, Sending, Times};
use super::deadline::Deadline;
use super::dial::{Opening, dial};
use super::failure::Failure;
use super::outcome::Timing;
use super::over::Over;
use super::thread::Thread;
use crate::load::protocol::http1::{Keep, Reader};

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
    pub(super) over: Over,
    pub(super) result: Result<(), Failure>,
}

impl Lane {
    pub(super) fn new(thread: &Thread) -> Lane {
        Lane { connections: Vec::new(), reader: Reader::default(), deadline: thread.deadlines.enter() }
    }

    /// It keeps a connection to this server.
    pub(super) fn has(&self, host: usize) -> bool {
        self.connections.iter().any(|(known, _)| *known == host)
    }

    /// Its connection to this server, where others can use it at the same time.
    pub(super) fn shared(&self, host: usize) -> Option<Connection> {
        self.connections.iter().find(|(known, _)| *known == host)?.1.shared()
    }

    /// Uses this connection from now on, in place of one of its own.
    pub(super) fn take_up(&mut self, host: usize, connection: Connection) {
        match self.connections.iter_mut().find(|(known, _)| *known == host) {
            Some((_, own)) => *own = connection,
            None => self.keep(host, connection),
        }
    }

    /// Lets go of a connection to this server that others use as well.
    pub(super) fn drop_shared(&mut self, host: usize) {
        self.connections.retain(|(known, connection)| *known != host || connection.shared().is_none());
    }

    fn keep(&mut self, host: usize, connection: Connection) {
        if self.connections.len() == MOST_IDLE {
            self.connections.remove(0);
        }
        self.connections.push((host, connection));
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
                // What the user did since the last answer is none of the request's.
                let begun = thread.clock.now_ns();
                let (ended, has_answer) =
                    self.exchange(thread, at, ask, begun, begun, Opening::default()).await;
                // The server closed it while the request was on its way, or says that it did nothing: nobody's failure.
                let may_again = ended.result.as_ref().is_err_and(|failure| {
                    failure.is_unprocessed() || failure.is_broken() && !has_answer && ask.may_repeat
                });
                if !may_again {
                    return ended;
                }
                self.connections.retain(|(host, _)| *host != ask.host);
            } else {
                self.connections.swap_remove(at);
            }
        }
        let mut opening = Opening::default();
        let opened = Box::pin(dial(thread, ask.host, self.deadline.at_ns(), &mut opening)).await;
        let begun = thread.clock.now_ns();
        match opened {
            Ok(connection) => {
                self.keep(ask.host, connection);
                let at = self.connections.len() - 1;
                self.exchange(thread, at, ask, wanted, begun, opening).await.0
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
        thread: &Thread,
        at: usize,
        ask: &Ask<'_>,
        wanted: u64,
        begun: u64,
        opening: Opening,
    ) -> (Ended, bool) {
        let mut times = Times::default();
        let connection = &mut self.connections[at].1;
        let over = connection.over;
        let sending = Sending { bytes: ask.bytes, is_head: ask.is_head, keep: ask.keep };
        let exchanged = connection.exchange(sending, &mut self.reader, &self.deadline, thread, &mut times);
        let (result, is_kept) = exchanged.await;
        if !is_kept || thread.plan.options.no_connection_reuse {
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
            is_void: false,
            was_sent: true,
            sent_bytes: times.sent_bytes,
        };
        (Ended { timing, at: times.end, over, result }, times.reads > 0)
    }
}
