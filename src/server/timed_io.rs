//! A connection that fails when its peer does not read, does not finish a request's head, or asks for nothing.
//!
//! The writing clock starts when a write has to wait and stops only once everything buffered is out, so that a
//! peer that takes a byte now and then does not start it anew. The reading clock runs until the head of a
//! request is complete, which the service tells; it starts anew only where the first byte of a later head
//! arrives.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use super::counters::{Counters, CutOff};

/// How long a peer may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// For a request's head, from the connection's opening or the head's first byte.
    pub(super) head: Duration,
    /// From an answer to the first byte of the next head.
    pub(super) idle: Duration,
    /// For a piece of an answer.
    pub(super) write: Duration,
}

/// What the peer has to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Send its first byte.
    Opened,
    /// Send the rest of a head.
    Head,
    /// Wait for its answer.
    Answering,
    /// Ask again.
    Idle,
}

#[derive(Debug)]
pub(super) struct TimedIo<S> {
    stream: S,
    limits: Limits,
    phase: Phase,
    head_complete: Arc<AtomicBool>,
    has_written: bool,
    writing: Option<Pin<Box<Sleep>>>,
    reading: Option<Pin<Box<Sleep>>>,
    counters: Arc<Counters>,
}

impl<S> TimedIo<S> {
    pub(super) fn new(stream: S, limits: Limits, counters: Arc<Counters>) -> TimedIo<S> {
        TimedIo {
            stream,
            limits,
            phase: Phase::Opened,
            head_complete: Arc::default(),
            has_written: false,
            writing: None,
            reading: None,
            counters,
        }
    }

    /// To be set when a request's head was read.
    pub(super) fn head_complete(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.head_complete)
    }

    fn enter(&mut self, phase: Phase) {
        // The time for a first head runs from the connection's opening.
        if (self.phase, phase) != (Phase::Opened, Phase::Head) {
            self.reading = None;
        }
        self.phase = phase;
    }

    /// Fails when the peer was silent for too long.
    fn silent(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let (limit, why) = match self.phase {
            Phase::Answering => return Poll::Pending,
            Phase::Opened => (self.limits.head, CutOff::Idle),
            Phase::Head => (self.limits.head, CutOff::SlowHeader),
            Phase::Idle => (self.limits.idle, CutOff::Idle),
        };
        let reading = self.reading.get_or_insert_with(|| Box::pin(sleep(limit)));
        if reading.as_mut().poll(cx).is_ready() {
            self.counters.cut_off(why);
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the peer is silent")));
        }
        Poll::Pending
    }

    fn wrote(&mut self) {
        self.has_written = true;
        self.head_complete.store(false, Ordering::Relaxed);
        self.enter(Phase::Answering);
    }

    fn timed<T>(&mut self, cx: &mut Context<'_>, result: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if result.is_ready() {
            return result;
        }
        let limit = self.limits.write;
        let writing = self.writing.get_or_insert_with(|| Box::pin(sleep(limit)));
        if writing.as_mut().poll(cx).is_ready() {
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
        if self.head_complete.swap(false, Ordering::Relaxed) {
            self.enter(Phase::Answering);
        }
        let before = buffer.filled().len();
        let result = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if buffer.filled().len() > before && matches!(self.phase, Phase::Opened | Phase::Idle) {
            self.enter(Phase::Head);
        }
        // A peer that sends byte after byte is not silent, and yet its time is counted.
        if result.is_pending() || self.phase == Phase::Head {
            let silent = self.silent(cx);
            if silent.is_ready() {
                return silent;
            }
        }
        result
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for TimedIo<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.wrote();
        let result = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.timed(cx, result)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.wrote();
        let result = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.timed(cx, result)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.stream).poll_flush(cx);
        if result.is_ready() {
            self.writing = None;
            if self.has_written {
                self.has_written = false;
                self.enter(Phase::Idle);
                // hyper has read ahead of this and waits: the timer must wake it.
                let _ = self.silent(cx);
            }
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
    const LIMITS: Limits =
        Limits { head: Duration::from_secs(5), idle: Duration::from_secs(90), write: LIMIT };

    fn is_cut(counters: &Counters) -> bool {
        counters.stats().cut_off.contains(&("slow_reader", 1))
    }

    /// Whether a read fails for silence once the paused clock has moved on by `limit`, and not before.
    async fn falls_silent(io: &mut TimedIo<tokio::io::DuplexStream>, limit: Duration) {
        let start = tokio::time::Instant::now();
        let error = io.read_u8().await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        let took = start.elapsed();
        assert!(took >= limit && took < limit + Duration::from_millis(2), "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_may_be_idle_for_longer_than_a_head_may_take() {
        let counters = Arc::new(Counters::default());
        let (near, mut far) = duplex(64);
        let mut near = TimedIo::new(near, LIMITS, Arc::clone(&counters));
        far.write_u8(1).await.unwrap();
        near.read_u8().await.unwrap();
        near.head_complete().store(true, Ordering::Relaxed);
        near.write_all(b"answer").await.unwrap();
        near.flush().await.unwrap();
        // The next head comes late, but in time, and then stays unfinished.
        let ask = async {
            sleep(LIMITS.idle * 9 / 10).await;
            far.write_u8(2).await.unwrap();
        };
        let (read, ()) = tokio::join!(near.read_u8(), ask);
        assert_eq!(read.unwrap(), 2);
        falls_silent(&mut near, LIMITS.head).await;
        assert!(counters.stats().cut_off.contains(&("slow_header", 1)));
    }

    #[tokio::test(start_paused = true)]
    async fn silence_is_ended_after_its_limit() {
        let counters = Arc::new(Counters::default());
        let (near, _far) = duplex(64);
        let mut near = TimedIo::new(near, LIMITS, Arc::clone(&counters));
        falls_silent(&mut near, LIMITS.head).await;
        let (near, mut far) = duplex(64);
        let mut near = TimedIo::new(near, LIMITS, Arc::clone(&counters));
        near.write_all(b"answer").await.unwrap();
        near.flush().await.unwrap();
        falls_silent(&mut near, LIMITS.idle).await;
        assert_eq!(far.read_u8().await.unwrap(), b'a');
        assert!(counters.stats().cut_off.contains(&("idle", 2)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_that_trickles_in_is_cut_off() {
        let counters = Arc::new(Counters::default());
        let (near, mut far) = duplex(64);
        let mut near = TimedIo::new(near, LIMITS, Arc::clone(&counters));
        let trickle = tokio::spawn(async move {
            while far.write_u8(b'x').await.is_ok() {
                sleep(LIMITS.head / 10).await;
            }
        });
        let mut read = 0;
        while near.read_u8().await.is_ok() {
            read += 1;
        }
        assert!((9..=12).contains(&read), "{read}");
        assert!(counters.stats().cut_off.contains(&("slow_header", 1)));
        drop(near);
        trickle.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_reads_a_byte_now_and_then_is_cut_off() {
        let counters = Arc::new(Counters::default());
        let (near, mut far) = duplex(16);
        let mut near = TimedIo::new(near, LIMITS, Arc::clone(&counters));
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
        let mut near = TimedIo::new(near, LIMITS, Arc::clone(&counters));
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
