//! HTTP/1.1 over a stream of bytes: the hot path.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::connection::{Sending, Times};
use super::deadline::Deadline;
use super::failure::Failure;
use super::stream::Stream;
use super::thread::Thread;
use crate::load::protocol::http1::{Progress, Reader};

/// How sending came to its end.
enum Sent {
    Whole,
    /// The answer was whole before the request was.
    Answered,
    /// The server takes no more. It may have said why.
    Broken(io::Error),
}

/// Sends a request and reads its response. True where the connection can carry another one.
pub(super) async fn exchange(
    stream: &mut Stream,
    sending: Sending<'_>,
    reader: &mut Reader,
    deadline: &Deadline,
    thread: &Thread,
    times: &mut Times,
) -> Result<bool, Failure> {
    let sent = send(stream, sending.bytes, reader, deadline, thread, times).await;
    times.sent = thread.clock.now_ns();
    let exchanged = match sent {
        Ok(Sent::Whole) => receive(stream, reader, deadline, thread, times).await,
        Ok(Sent::Answered) => {
            times.sent = times.first;
            Ok(())
        }
        Ok(Sent::Broken(error)) => {
            let received = receive(stream, reader, deadline, thread, times).await;
            received.map_err(|_| Failure::Send(error))
        }
        Err(failure) => Err(failure),
    };
    times.ended(exchanged.is_ok(), thread.clock);
    let is_whole = times.sent_bytes == sending.bytes.len() as u64;
    exchanged.map(|()| is_whole && reader.response().keeps_alive)
}

async fn send(
    stream: &mut Stream,
    bytes: &[u8],
    reader: &mut Reader,
    deadline: &Deadline,
    thread: &Thread,
    times: &mut Times,
) -> Result<Sent, Failure> {
    // Nearly always all of it fits.
    let mut at = match stream.try_write(bytes) {
        Ok(sent) => sent,
        Err(error) => return Ok(Sent::Broken(error)),
    };
    times.sent_bytes = at as u64;
    if at == bytes.len() {
        return Ok(Sent::Whole);
    }
    poll_fn(|context| {
        loop {
            if deadline.is_past() {
                return Poll::Ready(Err(Failure::Timeout));
            }
            let step = if at < bytes.len() {
                Pin::new(&mut *stream).poll_write(context, &bytes[at..])
            } else {
                Pin::new(&mut *stream).poll_flush(context).map_ok(|()| 0)
            };
            match step {
                Poll::Ready(Err(error)) => return Poll::Ready(Ok(Sent::Broken(error))),
                Poll::Ready(Ok(0)) if at == bytes.len() => return Poll::Ready(Ok(Sent::Whole)),
                Poll::Ready(Ok(0)) => {
                    return Poll::Ready(Ok(Sent::Broken(io::ErrorKind::WriteZero.into())));
                }
                Poll::Ready(Ok(written)) => {
                    at += written;
                    times.sent_bytes = at as u64;
                }
                // Whoever refuses a body does not wait for its end.
                Poll::Pending => match poll_part(stream, context, reader, thread, times) {
                    Poll::Pending => {
                        deadline.wait(context.waker());
                        return Poll::Pending;
                    }
                    Poll::Ready(Ok(Progress::More)) => {}
                    Poll::Ready(Ok(Progress::Done)) => return Poll::Ready(Ok(Sent::Answered)),
                    Poll::Ready(Err(failure)) => return Poll::Ready(Err(failure)),
                },
            }
        }
    })
    .await
}

async fn receive(
    stream: &mut Stream,
    reader: &mut Reader,
    deadline: &Deadline,
    thread: &Thread,
    times: &mut Times,
) -> Result<(), Failure> {
    poll_fn(|context| {
        loop {
            if deadline.is_past() {
                return Poll::Ready(Err(Failure::Timeout));
            }
            match poll_part(stream, context, reader, thread, times) {
                Poll::Pending => {
                    deadline.wait(context.waker());
                    return Poll::Pending;
                }
                Poll::Ready(Ok(Progress::More)) => {}
                Poll::Ready(Ok(Progress::Done)) => return Poll::Ready(Ok(())),
                Poll::Ready(Err(failure)) => return Poll::Ready(Err(failure)),
            }
        }
    })
    .await
}

/// What is there of the response.
#[inline]
fn poll_part(
    stream: &mut Stream,
    context: &mut Context<'_>,
    reader: &mut Reader,
    thread: &Thread,
    times: &mut Times,
) -> Poll<Result<Progress, Failure>> {
    // One for all users of the thread: it stays in the cache, and they stay small.
    let mut buffer = thread.buffer.borrow_mut();
    let mut buffer = ReadBuf::new(&mut buffer);
    // Not `try_read`: only this forgets that there may be more when less came than was asked for.
    ready!(Pin::new(stream).poll_read(context, &mut buffer)).map_err(Failure::Receive)?;
    let bytes = buffer.filled();
    let progress = if bytes.is_empty() {
        reader.closed()
    } else {
        if times.reads == 0 {
            times.first = thread.clock.now_ns();
        }
        times.reads += 1;
        reader.read(bytes)
    };
    Poll::Ready(progress.map_err(Failure::from))
}
