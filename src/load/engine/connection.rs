//! One connection to a server: opened once, used for one request after the other.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::Poll;

use tokio::io::{AsyncRead, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;

use super::deadline::Deadline;
use super::failure::Failure;
use super::plan::Request;
use super::thread::Thread;
use crate::load::protocol::http1::{Progress, Reader};

/// An open connection.
#[derive(Debug)]
pub(super) struct Connection {
    stream: TcpStream,
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
}

impl Connection {
    pub(super) fn new(stream: TcpStream) -> Connection {
        Connection { stream }
    }

    /// Nobody closed it while it was idle, as far as was heard. It costs no system call while nothing came.
    pub(super) fn is_open(&self) -> bool {
        let read = self.stream.try_read(&mut [0]);
        read.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
    }

    /// Sends a request and reads its response; the times are filled in as far as it comes.
    pub(super) async fn exchange(
        &mut self,
        request: &Request,
        reader: &mut Reader,
        deadline: &Deadline,
        thread: &Thread,
        times: &mut Times,
    ) -> Result<(), Failure> {
        reader.begin(request.bytes.is_head(), request.keep);
        let exchanged = self.send(request.bytes.bytes(), deadline).await;
        times.sent = thread.clock.now_ns();
        let exchanged = match exchanged {
            Ok(()) => self.receive(reader, deadline, thread, times).await,
            failed => failed,
        };
        // Where all of it came at once its last byte came with its first.
        let came_at_once = times.reads == 1 && exchanged.is_ok();
        times.end = if came_at_once { times.first } else { thread.clock.now_ns() };
        if times.reads == 0 {
            times.first = times.end;
        }
        exchanged
    }

    async fn send(&mut self, bytes: &[u8], deadline: &Deadline) -> Result<(), Failure> {
        // Nearly always all of it fits.
        let sent = match self.stream.try_write(bytes) {
            Ok(sent) => sent,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
            Err(error) => return Err(Failure::Send(error)),
        };
        if sent == bytes.len() {
            return Ok(());
        }
        let mut rest = Box::pin(self.stream.write_all(&bytes[sent..]));
        poll_fn(|context| {
            if deadline.is_past() {
                return Poll::Ready(Err(Failure::Timeout));
            }
            deadline.wait(context.waker());
            rest.as_mut().poll(context).map_err(Failure::Send)
        })
        .await
    }

    async fn receive(
        &mut self,
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
                // One for all users of the thread: it stays in the cache, and they stay small.
                let mut buffer = thread.buffer.borrow_mut();
                let mut buffer = ReadBuf::new(&mut buffer);
                // Not `try_read`: only this forgets that there may be more when less came than was asked for.
                match Pin::new(&mut self.stream).poll_read(context, &mut buffer) {
                    Poll::Pending => {
                        deadline.wait(context.waker());
                        return Poll::Pending;
                    }
                    Poll::Ready(Err(error)) => return Poll::Ready(Err(Failure::Receive(error))),
                    Poll::Ready(Ok(())) => {}
                }
                let bytes = buffer.filled();
                if !bytes.is_empty() {
                    if times.reads == 0 {
                        times.first = thread.clock.now_ns();
                    }
                    times.reads += 1;
                }
                match if bytes.is_empty() { reader.closed() } else { reader.read(bytes) } {
                    Ok(Progress::More) => {}
                    Ok(Progress::Done) => return Poll::Ready(Ok(())),
                    Err(fault) => return Poll::Ready(Err(fault.into())),
                }
            }
        })
        .await
    }
}
