//! One connection: reads, answers in order, ends what is too slow.
//!
//! What came is read until no whole request is left, then all answers go out at once, so pipelined requests cost one
//! read and one write together.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::Poll;
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead as _, AsyncReadExt as _, AsyncWrite as _, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpStream;

use super::body::read_body;
use super::buffers::{Buffers, FLUSH_BYTES};
use super::counters::{CutOff, Phase};
use super::deadline::Deadline;
use super::head::{self, Body};
use super::latency::add;
use super::reply::{Reply, TEXT, status_place};
use super::respond::{Asked, respond};
use super::route::{Method, Route};
use super::shared::Place;
use super::worker::Thread;

/// How long and how much is read from a peer after the last answer, so that the answer is not lost to a reset.
const LINGER: Duration = Duration::from_secs(1);
const LINGER_BYTES: usize = 2 << 20;

/// Why a connection goes no further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The peer left, or the target ends: nothing is wrong.
    Quiet,
    /// We end it.
    CutOff(CutOff),
}

/// What the bytes that came lead to.
enum Step {
    /// A request was answered.
    Answered { keep: bool },
    /// A request that needs more.
    Asked(Box<Asked>),
    /// No whole head is there.
    Wait,
    /// This cannot be answered but with this.
    Refused(Reply, CutOff),
}

pub(super) struct Connection {
    stream: TcpStream,
    thread: Rc<Thread>,
    /// Lent while there is something in them.
    buffers: Option<Buffers>,
    deadline: Deadline,
    phase: Phase,
    /// Given back when the connection ends.
    _place: Place,
}

impl Connection {
    pub(super) fn new(stream: TcpStream, thread: Rc<Thread>, place: Place) -> Connection {
        add(&thread.counters.handled, 1);
        add(&thread.counters.active, 1);
        let deadline = Deadline::new(tokio::time::Instant::now() + thread.shared.config.idle_timeout);
        Connection { stream, thread, buffers: None, deadline, phase: Phase::Waiting, _place: place }
    }

    pub(super) async fn serve(mut self) {
        // An answer should not wait for a segment to fill.
        let _best_effort = self.stream.set_nodelay(true);
        let thread = Rc::clone(&self.thread);
        let mut told = pin!(thread.told.notified());
        // Polled once: from now on the end of the target wakes this task, whatever it waits for.
        poll_fn(|context| Poll::Ready(told.as_mut().poll(context).is_ready())).await;
        if let Err(End::CutOff(why)) = self.requests().await {
            self.thread.counters.cut_off(why);
        }
    }

    async fn requests(&mut self) -> Result<(), End> {
        loop {
            self.fill().await?;
            let mut now = Instant::now();
            loop {
                match self.step(now) {
                    Step::Wait => break,
                    Step::Answered { keep: true } => {}
                    Step::Answered { keep: false } => return self.finish().await,
                    Step::Asked(asked) => {
                        // What was answered before must not wait for this.
                        self.flush().await?;
                        if !Box::pin(self.take_time(&asked)).await? {
                            return self.finish().await;
                        }
                        now = Instant::now();
                    }
                    Step::Refused(reply, why) => return self.refuse(&reply, why).await,
                }
                if self.buffers().output.len() >= FLUSH_BYTES {
                    self.flush().await?;
                }
            }
            self.flush().await?;
            self.rest(now);
        }
    }

    fn step(&mut self, now: Instant) -> Step {
        let thread = Rc::clone(&self.thread);
        let buffers = self.buffers.get_or_insert_with(|| thread.pool.lend());
        let is_full = buffers.is_full();
        let (input, output) = buffers.split();
        if input.is_empty() {
            return Step::Wait;
        }
        let head = match head::parse(input) {
            Ok(Some(head)) => head,
            Ok(None) if is_full => {
                let reply = Reply::text(431, TEXT, "the head of the request is larger than 16 KiB\n");
                return Step::Refused(reply, CutOff::TooLarge);
            }
            Ok(None) => return Step::Wait,
            Err(bad) => {
                let why = if bad.status() == 431 { CutOff::TooLarge } else { CutOff::BadRequest };
                return Step::Refused(Reply::text(bad.status(), TEXT, format!("{bad}\n")), why);
            }
        };
        let (shared, counters) = (&thread.shared, &thread.counters);
        add(&counters.requests, 1);
        counters.turn(self.phase, Phase::Writing);
        self.phase = Phase::Writing;
        let route = Route::of(head.path);
        let is_plain = head.body == Body::None
            && head.query.is_none()
            && head.fault.is_none()
            && !thread.has_only_pages
            && shared.switch.is_quiet();
        let length = head.bytes;
        let step = match shared.ready.find(route, head.method).filter(|_| is_plain) {
            Some(fixed) => {
                let keep = head.keep && !thread.ending.get();
                output.extend_from_slice(fixed.bytes(keep, head.method == Method::Head));
                let took = now.elapsed();
                let place = (head.method, route.path(), fixed.status);
                counters.answered(place, now.saturating_duration_since(shared.begun), took);
                Step::Answered { keep }
            }
            None => Step::Asked(Box::new(Asked::new(&head, route, now))),
        };
        buffers.consume(length);
        step
    }

    /// Reads the body, takes the time and writes the answer; gives whether the connection goes on.
    async fn take_time(&mut self, asked: &Asked) -> Result<bool, End> {
        let body = read_body(self, asked).await?;
        let (reply, is_whole) = match body {
            Ok(body) => (respond(&self.thread, asked, &body).await, true),
            Err(reply) => (reply, false),
        };
        let thread = Rc::clone(&self.thread);
        let keep = asked.keep && is_whole && !thread.ending.get();
        reply.write(&mut self.buffers().output, keep, asked.method == Method::Head);
        let place = (asked.method, asked.route.path(), status_place(reply.status));
        let since_start = asked.began.saturating_duration_since(thread.shared.begun);
        thread.counters.answered(place, since_start, asked.began.elapsed());
        if !is_whole {
            let why = if reply.status == 413 { CutOff::TooLarge } else { CutOff::BadRequest };
            thread.counters.cut_off(why);
        }
        Ok(keep)
    }

    /// Says why and ends.
    async fn refuse(&mut self, reply: &Reply, why: CutOff) -> Result<(), End> {
        reply.write(&mut self.buffers().output, false, false);
        let counters = Rc::clone(&self.thread);
        let since_start = counters.shared.begun.elapsed();
        let place = (Method::Other, Route::Unknown.path(), status_place(reply.status));
        counters.counters.answered(place, since_start, Duration::ZERO);
        self.finish().await?;
        Err(End::CutOff(why))
    }

    /// Sends what is to be sent, and hears the peer out: closing on unread bytes would take the answer back.
    async fn finish(&mut self) -> Result<(), End> {
        self.flush().await?;
        self.turn(Phase::Waiting);
        let stream = &mut self.stream;
        let hear_out = async {
            if stream.shutdown().await.is_err() {
                return;
            }
            let mut scrap = [0; 1024];
            let mut left = LINGER_BYTES;
            while let Ok(count @ 1..) = stream.read(&mut scrap).await {
                left = left.saturating_sub(count);
                if left == 0 {
                    return;
                }
            }
        };
        // However that went, the connection ends now.
        let _ended = tokio::time::timeout(LINGER, hear_out).await;
        Ok(())
    }

    /// Nothing whole is left: waits for the next request, or for the rest of one.
    fn rest(&mut self, now: Instant) {
        let is_idle = self.buffers.as_ref().is_none_or(|buffers| buffers.input().is_empty());
        let config = &self.thread.shared.config;
        let (phase, span) = if is_idle {
            (Phase::Waiting, config.idle_timeout)
        } else {
            (Phase::Reading, config.request_timeout)
        };
        // A head that comes byte by byte gets its time once.
        if is_idle || self.phase != Phase::Reading {
            self.deadline.set(tokio::time::Instant::from_std(now + span));
        }
        self.turn(phase);
    }

    fn turn(&mut self, phase: Phase) {
        self.thread.counters.turn(self.phase, phase);
        self.phase = phase;
    }

    pub(super) fn set_deadline(&mut self, span: Duration) {
        self.deadline.set(tokio::time::Instant::now() + span);
    }

    pub(super) fn thread(&self) -> &Thread {
        &self.thread
    }

    pub(super) fn buffers(&mut self) -> &mut Buffers {
        self.buffers.get_or_insert_with(|| self.thread.pool.lend())
    }

    /// Waits for more bytes. The caller sees to it that there is room for some.
    pub(super) async fn fill(&mut self) -> Result<(), End> {
        let Connection { stream, thread, buffers, deadline, phase, .. } = self;
        poll_fn(|context| {
            if thread.ending.get() && *phase == Phase::Waiting {
                return Poll::Ready(Err(End::Quiet));
            }
            let held = buffers.get_or_insert_with(|| thread.pool.lend());
            let mut space = ReadBuf::new(held.space());
            match Pin::new(&mut *stream).poll_read(context, &mut space) {
                Poll::Ready(Ok(())) => {
                    let count = space.filled().len();
                    held.came(count);
                    Poll::Ready(if count == 0 { Err(End::Quiet) } else { Ok(()) })
                }
                Poll::Ready(Err(_)) => Poll::Ready(Err(End::Quiet)),
                Poll::Pending => {
                    thread.pool.take_back(buffers);
                    if !deadline.poll_passed(context) {
                        return Poll::Pending;
                    }
                    let is_idle = *phase == Phase::Waiting;
                    Poll::Ready(Err(End::CutOff(if is_idle { CutOff::Idle } else { CutOff::SlowRequest })))
                }
            }
        })
        .await
    }

    /// Sends all answers that are there.
    pub(super) async fn flush(&mut self) -> Result<(), End> {
        let Connection { stream, thread, buffers, deadline, .. } = self;
        let Some(output) = buffers.as_mut().map(|buffers| &mut buffers.output) else { return Ok(()) };
        let (mut sent, mut waits) = (0, false);
        poll_fn(|context| {
            while sent < output.len() {
                match Pin::new(&mut *stream).poll_write(context, &output[sent..]) {
                    Poll::Ready(Ok(count @ 1..)) => sent += count,
                    Poll::Ready(_) => return Poll::Ready(Err(End::Quiet)),
                    Poll::Pending => {
                        // Only who does not read at once needs the clock.
                        if !waits {
                            waits = true;
                            deadline.set(tokio::time::Instant::now() + thread.shared.config.write_timeout);
                        }
                        if !deadline.poll_passed(context) {
                            return Poll::Pending;
                        }
                        return Poll::Ready(Err(End::CutOff(CutOff::SlowReader)));
                    }
                }
            }
            Poll::Ready(Ok(()))
        })
        .await?;
        output.clear();
        Ok(())
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.turn(Phase::Waiting);
        add(&self.thread.counters.active, u64::MAX);
    }
}
