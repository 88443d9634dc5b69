//! A connection that fails when its peer does not read.
//!
//! The clock starts when a write has to wait and stops only once everything buffered is out, so that a peer
//! that takes a byte now and then does not start it anew.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use super::counters::{Counters, CutOff};

#[derive(Debug)]
pub(super) struct TimedIo<S> {
    stream: S,
    timeout: Duration,
    waiting: Option<Pin<Box<Sleep>>>,
    counters: Arc<Counters>,
    is_asked: Arc<AtomicBool>,
}

impl<S> TimedIo<S> {
    pub(super) fn new(stream: S, timeout: Duration, counters: Arc<Counters>) -> TimedIo<S> {
        TimedIo { stream, timeout, waiting: None, counters, is_asked: Arc::default() }
    }

    /// True while the peer has sent something that was not answered yet.
    pub(super) fn is_asked(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.is_asked)
    }

    fn timed<T>(&mut self, cx: &mut Context<'_>, result: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if result.is_ready() {
            return result;
        }
        let timeout = self.timeout;
        let waiting = self.waiting.get_or_insert_with(|| Box::pin(sleep(timeout)));
        if waiting.as_mut().poll(cx).is_ready() {
            self.counters.cut_off(CutOff::SlowReader);
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the peer does not read")));
        }
        Poll::Pending
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for TimedIo<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let result = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if buffer.filled().len() > before {
            self.is_asked.store(true, Ordering::Relaxed);
        }
        result
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for TimedIo<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.is_asked.store(false, Ordering::Relaxed);
        let result = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.timed(cx, result)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.is_asked.store(false, Ordering::Relaxed);
        let result = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.timed(cx, result)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.stream).poll_flush(cx);
        if result.is_ready() {
            self.waiting = None;
        }
        self.timed(cx, result)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.timed(cx, result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

    const LIMIT: Duration = Duration::from_secs(30);

    fn is_cut(counters: &Counters) -> bool {
        counters.stats().cut_off.contains(&("slow_reader", 1))
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_reads_a_byte_now_and_then_is_cut_off() {
        let counters = Arc::new(Counters::default());
        let (near, mut far) = duplex(16);
        let mut near = TimedIo::new(near, LIMIT, Arc::clone(&counters));
        let reader = tokio::spawn(async move {
            let mut read = 0;
            while far.read_u8().await.is_ok() {
                read += 1;
                sleep(LIMIT / 10).await;
            }
            read
        });
        let error = near.write_all(&[0; 1000]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(is_cut(&counters));
        drop(near);
        let read: usize = reader.await.unwrap();
        assert!(read < 100, "{read} of 1000");
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_empties_what_is_buffered_in_time_is_not() {
        let counters = Arc::new(Counters::default());
        let (near, mut far) = duplex(16);
        let mut near = TimedIo::new(near, LIMIT, Arc::clone(&counters));
        let reader = tokio::spawn(async move {
            let mut piece = [0; 100];
            while far.read_exact(&mut piece).await.is_ok() {
                sleep(LIMIT / 2).await;
            }
        });
        for _ in 0..10 {
            near.write_all(&[0; 100]).await.unwrap();
            near.flush().await.unwrap();
        }
        assert!(!is_cut(&counters));
        drop(near);
        reader.await.unwrap();
    }
}
