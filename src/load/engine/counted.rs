//! A stream of bytes that counts, for HTTP/2, whose library does not tell what it reads and writes.

use std::cell::{Cell, RefCell};
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::clock::Clock;
use super::stream::Stream;
use crate::load::protocol::http2::Farewell;

/// What went over it since somebody took the numbers away.
#[derive(Debug, Default)]
pub(super) struct Wire {
    pub(super) read: Cell<u64>,
    /// What was read in all: nobody takes it away.
    pub(super) read_in_all: Cell<u64>,
    pub(super) written: Cell<u64>,
    /// When something was written last, in nanoseconds of the run.
    pub(super) written_ns: Cell<u64>,
    /// Whether the server went away.
    pub(super) farewell: RefCell<Farewell>,
    /// What broke it.
    pub(super) failure: RefCell<Option<io::Error>>,
}

/// The stream.
#[derive(Debug)]
pub(super) struct Counted {
    stream: Stream,
    wire: Rc<Wire>,
    clock: Clock,
}

impl Counted {
    pub(super) fn new(stream: Stream, wire: Rc<Wire>, clock: Clock) -> Counted {
        Counted { stream, wire, clock }
    }

    /// Whoever reads gets the error; so do those who ask what broke the connection.
    fn noted<T>(&self, done: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if let Poll::Ready(Err(error)) = &done {
            self.wire.failure.borrow_mut().get_or_insert_with(|| again(error));
        }
        done
    }
}

/// The same error once more, as far as anybody asks for its parts.
pub(super) fn again(error: &io::Error) -> io::Error {
    if let Some(code) = error.raw_os_error() {
        return io::Error::from_raw_os_error(code);
    }
    match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(inner) => io::Error::new(error.kind(), inner.clone()),
        None => io::Error::new(error.kind(), error.to_string()),
    }
}

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        let came = &buffer.filled()[before..];
        for counted in [&self.wire.read, &self.wire.read_in_all] {
            counted.set(counted.get() + came.len() as u64);
        }
        self.wire.farewell.borrow_mut().take(came);
        self.noted(read)
    }
}

impl AsyncWrite for Counted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        if let Poll::Ready(Ok(count)) = &written {
            self.wire.written.set(self.wire.written.get() + *count as u64);
            self.wire.written_ns.set(self.clock.now_ns());
        }
        self.noted(written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        self.noted(flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
