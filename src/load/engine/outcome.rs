//! Requests of one step that ended alike: their tags are the same, so their samples are one set of histograms.

use super::codes::ErrorCode;
use super::over::Over;
use crate::load::histogram::Histogram;

/// What one request took, in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Timing {
    /// From when it was wanted to its first byte.
    pub(super) blocked: u64,
    pub(super) connecting: u64,
    /// Of TLS; 0 where there was no handshake.
    pub(super) handshaking: u64,
    pub(super) sending: u64,
    pub(super) waiting: u64,
    pub(super) receiving: u64,
    /// From when its schedule wanted it to its end.
    pub(super) latency: u64,
    /// Nothing was tried: there is no server of that name. It took no time, rather than none at all.
    pub(super) is_void: bool,
    /// There was a connection to send it over. Without one the three in the middle are unknown.
    pub(super) was_sent: bool,
    /// On the wire, above TLS.
    pub(super) sent_bytes: u64,
}

/// How a request ended: what tells outcomes apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Met {
    /// 0 without a response.
    pub status: u16,
    pub error: Option<ErrorCode>,
    /// `None` without a response.
    pub over: Option<Over>,
}

/// Requests that ended alike.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    pub met: Met,
    /// The tag `expected_response`.
    pub is_expected: bool,
    requests: u64,
    /// Those of which nothing was tried.
    void: u64,
    pub sent_bytes: u64,
    pub received_bytes: u64,
    /// Sending, waiting and receiving, of those for which there was a connection.
    pub duration: Histogram,
    pub latency: Histogram,
    pub sending: Histogram,
    pub waiting: Histogram,
    pub receiving: Histogram,
    /// Of requests that opened a connection; for all others both are 0 and in no histogram.
    pub blocked: Histogram,
    pub connecting: Histogram,
    /// Of requests for which there was a handshake of TLS.
    pub tls_handshaking: Histogram,
}

impl Outcome {
    pub(super) fn new(met: Met, is_expected: bool) -> Outcome {
        Outcome { met, is_expected, ..Outcome::default() }
    }

    pub fn requests(&self) -> u64 {
        self.requests
    }

    /// Requests that went over a connection that was there.
    pub fn reused(&self) -> u64 {
        self.requests - self.void - self.blocked.count()
    }

    /// `http_req_tls_handshaking` of its requests. Over a connection that was there it took no time; without TLS there
    /// is no such time.
    pub(super) fn add_handshakes(&self, all: &mut Histogram) {
        all.merge(&self.tls_handshaking);
        if self.met.over.is_some_and(|over| over.tls.is_some()) {
            all.record_many(0, self.reused());
        }
    }

    pub(super) fn record(&mut self, timing: &Timing) {
        self.requests += 1;
        if timing.is_void {
            self.void += 1;
            return;
        }
        self.latency.record(timing.latency);
        if timing.was_sent {
            self.duration.record(timing.sending + timing.waiting + timing.receiving);
            self.sending.record(timing.sending);
            self.waiting.record(timing.waiting);
            self.receiving.record(timing.receiving);
        }
        if timing.blocked > 0 {
            self.blocked.record(timing.blocked);
            self.connecting.record(timing.connecting);
        }
        if timing.handshaking > 0 {
            self.tls_handshaking.record(timing.handshaking);
        }
    }

    pub(super) fn merge(&mut self, other: &Outcome) {
        self.requests += other.requests;
        self.void += other.void;
        self.sent_bytes += other.sent_bytes;
        self.received_bytes += other.received_bytes;
        for (own, other) in self.histograms().into_iter().zip(other.all()) {
            own.merge(other);
        }
    }

    pub(super) fn clear(&mut self) {
        (self.requests, self.void) = (0, 0);
        (self.sent_bytes, self.received_bytes) = (0, 0);
        self.histograms().into_iter().for_each(Histogram::clear);
    }

    fn histograms(&mut self) -> [&mut Histogram; 8] {
        let Outcome {
            duration,
            latency,
            sending,
            waiting,
            receiving,
            blocked,
            connecting,
            tls_handshaking,
            ..
        } = self;
        [duration, latency, sending, waiting, receiving, blocked, connecting, tls_handshaking]
    }

    fn all(&self) -> [&Histogram; 8] {
        let Outcome {
            duration,
            latency,
            sending,
            waiting,
            receiving,
            blocked,
            connecting,
            tls_handshaking,
            ..
        } = self;
        [duration, latency, sending, waiting, receiving, blocked, connecting, tls_handshaking]
    }
}
