//! One connection to a server: opened once, used for one request after the other, whatever it speaks.

use super::clock::Clock;
use super::deadline::Deadline;
use super::failure::Failure;
use super::over::Over;
use super::stream::Stream;
use super::thread::Thread;
use super::{http1, http2};
use crate::load::protocol::http1::{Keep, Reader};

/// An open connection.
#[derive(Debug)]
pub(super) struct Connection {
    speaks: Speaks,
    pub(super) over: Over,
}

/// What is spoken over it.
#[derive(Debug)]
enum Speaks {
    Http1(Stream),
    /// A clone of the client is the same connection: requests that are under way together share it.
    Http2(http2::Client),
}

/// What is sent and what is wanted in return.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sending<'a> {
    /// As HTTP/1.1 has it, head and body.
    pub(super) bytes: &'a [u8],
    pub(super) is_head: bool,
    pub(super) keep: Keep,
}

/// The times of one exchange, in nanoseconds of the run.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Times {
    pub(super) sent: u64,
    /// Of the first byte; as long as there is none, the time of the failure.
    pub(super) first: u64,
    pub(super) end: u64,
    /// How often something came.
    pub(super) reads: u64,
    /// What went out, above TLS.
    pub(super) sent_bytes: u64,
}

impl Times {
    /// The exchange is over. Where all of it came at once its last byte came with its first.
    pub(super) fn ended(&mut self, is_answered: bool, clock: Clock) {
        let came_at_once = self.reads == 1 && is_answered;
        self.end = if came_at_once { self.first } else { clock.now_ns() };
        if self.reads == 0 {
            self.first = self.end;
        }
    }
}

impl Connection {
    pub(super) fn http1(stream: Stream, over: Over) -> Connection {
        Connection { speaks: Speaks::Http1(stream), over }
    }

    pub(super) fn http2(client: http2::Client, over: Over) -> Connection {
        Connection { speaks: Speaks::Http2(client), over }
    }

    /// The same connection once more, where it can carry several requests at a time.
    pub(super) fn shared(&self) -> Option<Connection> {
        match &self.speaks {
            Speaks::Http1(_) => None,
            Speaks::Http2(client) => Some(Connection::http2(client.clone(), self.over)),
        }
    }

    /// Nobody closed it while it was idle, as far as was heard.
    pub(super) fn is_open(&mut self) -> bool {
        match &mut self.speaks {
            Speaks::Http1(stream) => stream.is_open(),
            Speaks::Http2(client) => client.is_open(),
        }
    }

    /// Sends a request and reads its response; the times are filled in as far as it comes. Beside what came of it is
    /// told whether the connection can carry another one.
    pub(super) async fn exchange(
        &mut self,
        sending: Sending<'_>,
        reader: &mut Reader,
        deadline: &Deadline,
        thread: &Thread,
        times: &mut Times,
    ) -> (Result<(), Failure>, bool) {
        reader.begin(sending.is_head, sending.keep);
        match &mut self.speaks {
            Speaks::Http1(stream) => {
                match http1::exchange(stream, sending, reader, deadline, thread, times).await {
                    Ok(is_kept) => (Ok(()), is_kept),
                    Err(failure) => (Err(failure), false),
                }
            }
            // In a box, so that users of HTTP/1.1 do not have its size.
            Speaks::Http2(client) => {
                Box::pin(client.exchange(sending, reader, deadline, thread.clock, times)).await
            }
        }
    }
}
