//! HTTP/2 over a stream of bytes: any number of requests at a time over one connection. The `h2` library makes the
//! frames; a task of the connection reads and writes them, so that a server's pings and farewells are heard while its
//! user thinks.

use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};

use bytes::Bytes;
use h2::client::{Builder, ResponseFuture, SendRequest};
use h2::{RecvStream, SendStream};
use tokio::task::{AbortHandle, spawn_local};

use super::clock::Clock;
use super::connection::{Sending, Times};
use super::counted::{Counted, Wire, again};
use super::deadline::Deadline;
use super::failure::Failure;
use super::stream::Stream;
use crate::load::protocol::http1::{Fault, Reader};
use crate::load::protocol::http2::{self, FaultFrom, translate};

/// So much may be under way to us that was not read, of a stream and of all of them.
const STREAM_WINDOW: u32 = 1 << 20;
const WINDOW: u32 = 4 << 20;
/// Longer lists of header fields are refused, as with HTTP/1.1.
const MOST_HEAD: u32 = 64 << 10;
/// What is handed to the library of a body at a time.
const MOST_SENT: usize = 64 << 10;

/// A connection that speaks HTTP/2. Each clone is the same one.
#[derive(Clone, Debug)]
pub(super) struct Client {
    sender: SendRequest<Bytes>,
    task: Rc<Task>,
    is_tls: bool,
}

/// The connection ends with the last of its clients.
#[derive(Debug)]
struct Task {
    handle: AbortHandle,
    wire: Rc<Wire>,
}

/// A request under way.
struct Exchange {
    response: ResponseFuture,
    /// The rest of the body, while there is any.
    sending: Option<(SendStream<Bytes>, Bytes)>,
    body: Option<RecvStream>,
}

impl Drop for Task {
    fn drop(&mut self) {
        self.handle.abort();
    }
}

impl Client {
    /// Greets the server, and does not wait for its greeting.
    pub(super) async fn open(stream: Stream, clock: Clock) -> Result<Client, Failure> {
        let is_tls = matches!(stream, Stream::Tls(_));
        let wire = Rc::new(Wire::default());
        let counted = Counted::new(stream, Rc::clone(&wire), clock);
        let mut builder = Builder::new();
        builder.initial_window_size(STREAM_WINDOW).initial_connection_window_size(WINDOW);
        builder.max_header_list_size(MOST_HEAD).enable_push(false);
        let opened = builder.handshake(counted).await;
        let (sender, connection) = opened.map_err(|error| failure_of(&error, &wire))?;
        let task = spawn_local(async move {
            // How it ended is told to each request, and is on the wire.
            let _ = connection.await;
        });
        let task = Rc::new(Task { handle: task.abort_handle(), wire });
        Ok(Client { sender, task, is_tls })
    }

    /// The server did not say that it goes away, and the connection is not over.
    pub(super) fn is_open(&mut self) -> bool {
        let ready = self.sender.poll_ready(&mut Context::from_waker(Waker::noop()));
        !self.task.handle.is_finished() && !matches!(ready, Poll::Ready(Err(_)))
    }

    /// As [`super::connection::Connection::exchange`].
    pub(super) async fn exchange(
        &mut self,
        sending: Sending<'_>,
        reader: &mut Reader,
        deadline: &Deadline,
        clock: Clock,
        times: &mut Times,
    ) -> (Result<(), Failure>, bool) {
        let wire = Rc::clone(&self.task.wire);
        let before = wire.read_in_all.get();
        let result = self.request(sending, reader, deadline, clock, times).await;
        let result = result.map_err(|error| match error {
            Broken::Library(error) => failure_of(&error, &wire),
            Broken::Other(failure) => failure,
        });
        times.ended(result.is_ok(), clock);
        if times.sent == 0 {
            times.sent = times.first;
        }
        // The task of the connection sends it later than it was handed over.
        times.sent = wire.written_ns.get().clamp(times.sent.min(times.first), times.first);
        times.sent_bytes = wire.written.take();
        reader.ended(wire.read.take());
        // Not a single byte in all of its time: that server is gone, and nobody will tell.
        let is_dead = matches!(result, Err(Failure::Timeout)) && wire.read_in_all.get() == before;
        let is_kept = !is_dead && self.is_open();
        (result, is_kept)
    }

    async fn request(
        &mut self,
        sending: Sending<'_>,
        reader: &mut Reader,
        deadline: &Deadline,
        clock: Clock,
        times: &mut Times,
    ) -> Result<(), Broken> {
        let (request, body) = translate(sending.bytes, self.is_tls).map_err(Failure::from)?;
        let body = Bytes::copy_from_slice(body);
        // More requests than the server takes at a time wait here.
        within(deadline, |context| self.sender.poll_ready(context).map_err(Broken::from)).await?;
        let (response, stream) = self.sender.send_request(request, body.is_empty())?;
        let sending = (!body.is_empty()).then_some((stream, body));
        let mut exchange = Exchange { response, sending, body: None };
        if exchange.sending.is_none() {
            times.sent = clock.now_ns();
        }
        within(deadline, |context| exchange.poll(context, reader, deadline, clock, times)).await
    }
}

/// What ended a request: the library knows more of it later.
enum Broken {
    Library(h2::Error),
    Other(Failure),
}

impl From<h2::Error> for Broken {
    fn from(error: h2::Error) -> Broken {
        Broken::Library(error)
    }
}

impl From<Failure> for Broken {
    fn from(failure: Failure) -> Broken {
        Broken::Other(failure)
    }
}

impl Exchange {
    fn poll(
        &mut self,
        context: &mut Context<'_>,
        reader: &mut Reader,
        deadline: &Deadline,
        clock: Clock,
        times: &mut Times,
    ) -> Poll<Result<(), Broken>> {
        if self.sending.is_some() && self.poll_send(context) {
            self.sending = None;
            times.sent = clock.now_ns();
        }
        let body = if let Some(body) = &mut self.body {
            body
        } else {
            let response = ready!(Pin::new(&mut self.response).poll(context))?;
            times.first = clock.now_ns();
            times.reads = 1;
            let (head, body) = response.into_parts();
            let fields = head.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
            let came = reader.head_came(head.status.as_u16(), head.headers.len(), fields);
            came.map_err(Failure::from)?;
            self.body.insert(body)
        };
        loop {
            if body.is_end_stream() {
                return Poll::Ready(Ok(()));
            }
            let Poll::Ready(data) = body.poll_data(context) else {
                // What comes now does not come with the head.
                times.reads = 2;
                return Poll::Pending;
            };
            let Some(data) = data else { return Poll::Ready(Ok(())) };
            let data = data?;
            reader.content_came(&data);
            body.flow_control().release_capacity(data.len())?;
            if deadline.is_past() {
                return Poll::Ready(Err(Failure::Timeout.into()));
            }
        }
    }

    /// True once there is nothing more to send, or nobody who takes it: whoever refuses a body has said why.
    fn poll_send(&mut self, context: &mut Context<'_>) -> bool {
        let Some((stream, rest)) = &mut self.sending else { return true };
        while !rest.is_empty() {
            stream.reserve_capacity(rest.len().min(MOST_SENT));
            match stream.poll_capacity(context) {
                Poll::Pending => return false,
                Poll::Ready(Some(Ok(capacity))) => {
                    let part = rest.split_to(capacity.min(rest.len()));
                    if stream.send_data(part, rest.is_empty()).is_err() {
                        return true;
                    }
                }
                Poll::Ready(Some(Err(_)) | None) => return true,
            }
        }
        true
    }
}

/// Waits for it, but not beyond the deadline.
async fn within<T>(
    deadline: &Deadline,
    mut poll: impl FnMut(&mut Context<'_>) -> Poll<Result<T, Broken>>,
) -> Result<T, Broken> {
    poll_fn(|context| {
        if deadline.is_past() {
            return Poll::Ready(Err(Failure::Timeout.into()));
        }
        let polled = poll(context);
        if polled.is_pending() {
            deadline.wait(context.waker());
        }
        polled
    })
    .await
}

/// What an error of the library means. Of the bytes below it tells little: what is known of them is on the wire.
fn failure_of(error: &h2::Error, wire: &Wire) -> Failure {
    if let Some(fault) = http2::Fault::of(error) {
        return fault.into();
    }
    // As Go does: whoever went away may end as it likes.
    if let Some(code) = wire.farewell.borrow().code() {
        return http2::Fault { from: FaultFrom::GoAway, code, is_unprocessed: false }.into();
    }
    // All requests that were under way ask for it.
    let failure = wire.failure.borrow();
    failure.as_ref().map_or(Fault::Closed.into(), |error| Failure::Receive(again(error)))
}
