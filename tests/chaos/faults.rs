//! What can go wrong, as a table, and how often it did.

use std::collections::BTreeMap;
use std::sync::Mutex;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    // Of a request.
    ResetBefore,
    ResetWithin,
    HalfBody,
    ResetAfter,
    SwallowedAnswer,
    HalfAnswer,
    LateRequest,
    LateAnswer,
    Status401,
    Status404,
    Status413,
    Status429,
    Status500,
    Status503,
    // Of a process.
    KilledAgent,
    KilledAtStart,
    StoppedAgent,
    EndedAgent,
    KilledServer,
    StoppedServer,
    // Of a disk and what is on it.
    FullDisk,
    ReadOnlyDisk,
    FlippedRunning,
    FlippedDown,
    ZeroedRunning,
    ZeroedDown,
    CutRunning,
    CutDown,
    FlippedAccount,
    DestroyedAccount,
    // In the virtual machine.
    BrokenDisk,
    ClockForward,
    ClockBack,
}

/// How often each is drawn for a request that fails.
pub(crate) const REQUEST_FAULTS: &[(Fault, u64)] = &[
    (Fault::ResetBefore, 8),
    (Fault::ResetWithin, 8),
    (Fault::HalfBody, 8),
    (Fault::ResetAfter, 8),
    (Fault::SwallowedAnswer, 10),
    (Fault::HalfAnswer, 8),
    (Fault::LateRequest, 2),
    (Fault::LateAnswer, 2),
    (Fault::Status401, 6),
    (Fault::Status404, 6),
    (Fault::Status413, 8),
    (Fault::Status429, 6),
    (Fault::Status500, 8),
    (Fault::Status503, 8),
];

impl Fault {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Fault::ResetBefore => "connection reset before the body",
            Fault::ResetWithin => "connection reset within the body",
            Fault::HalfBody => "half of the body sent to the server",
            Fault::ResetAfter => "connection reset after the body",
            Fault::SwallowedAnswer => "stored, answer swallowed",
            Fault::HalfAnswer => "stored, answer cut",
            Fault::LateRequest => "request stored after its timeout",
            Fault::LateAnswer => "answer after its timeout",
            Fault::Status401 => "401",
            Fault::Status404 => "404",
            Fault::Status413 => "413",
            Fault::Status429 => "429 with Retry-After",
            Fault::Status500 => "500",
            Fault::Status503 => "503",
            Fault::KilledAgent => "kill -9 of the agent",
            Fault::KilledAtStart => "kill -9 of the agent while it starts",
            Fault::StoppedAgent => "SIGSTOP and SIGCONT of the agent",
            Fault::EndedAgent => "agent ended within 20 ms",
            Fault::KilledServer => "kill -9 of the server",
            Fault::StoppedServer => "SIGSTOP and SIGCONT of the server",
            Fault::FullDisk => "disk full",
            Fault::ReadOnlyDisk => "disk read-only",
            Fault::FlippedRunning => "bits flipped in a segment, agent runs",
            Fault::FlippedDown => "bits flipped in a segment, agent down",
            Fault::ZeroedRunning => "bytes zeroed in a segment, agent runs",
            Fault::ZeroedDown => "bytes zeroed in a segment, agent down",
            Fault::CutRunning => "segment truncated, agent runs",
            Fault::CutDown => "segment truncated, agent down",
            Fault::FlippedAccount => "bits flipped in a copy of totals",
            Fault::DestroyedAccount => "both copies of totals destroyed",
            Fault::BrokenDisk => "EIO of the disk",
            Fault::ClockForward => "clock set forward",
            Fault::ClockBack => "clock set back",
        }
    }

    /// What the proxy answers by itself.
    pub(crate) fn answer(self) -> Option<(u16, String)> {
        let (status, line, headers, body) = match self {
            Fault::Status401 => (401, "401 Unauthorized", "", "authorization failed"),
            Fault::Status404 => (404, "404 Not Found", "", "{\"error\":\"database not found: \\\"d\\\"\"}"),
            Fault::Status413 => (413, "413 Request Entity Too Large", "", "too large"),
            Fault::Status429 => (429, "429 Too Many Requests", "Retry-After: 1\r\n", "slower"),
            Fault::Status500 => (500, "500 Internal Server Error", "", "no space left on device"),
            Fault::Status503 => (503, "503 Service Unavailable", "", "request throttled, queue full"),
            _ => return None,
        };
        Some((status, format!("HTTP/1.1 {line}\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len())))
    }
}

/// How often each happened.
#[derive(Debug, Default)]
pub(crate) struct Counts(Mutex<BTreeMap<Fault, u64>>);

impl Counts {
    pub(crate) fn add(&self, fault: Fault) {
        *self.0.lock().unwrap().entry(fault).or_default() += 1;
    }

    pub(crate) fn sum(&self) -> u64 {
        self.0.lock().unwrap().values().sum()
    }

    pub(crate) fn all(&self) -> BTreeMap<Fault, u64> {
        self.0.lock().unwrap().clone()
    }
}
