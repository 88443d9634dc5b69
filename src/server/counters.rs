//! What the server counts about itself.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::model::report::ServerStats;

/// Why a connection was ended by us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CutOff {
    /// Nothing was asked for a while: no fault of anyone.
    Idle,
    /// The request's head did not come in time.
    SlowHeader,
    /// The answer was not read in time.
    SlowReader,
    /// The TLS handshake did not end in time or failed.
    TlsHandshake,
    /// All connections were taken.
    TooMany,
}

const CUT_OFFS: [(CutOff, &str); 5] = [
    (CutOff::Idle, "idle"),
    (CutOff::SlowHeader, "slow_header"),
    (CutOff::SlowReader, "slow_reader"),
    (CutOff::TlsHandshake, "tls_handshake"),
    (CutOff::TooMany, "too_many"),
];

/// Paths that are counted each; any other is `other`.
pub(super) const ROUTES: [&str; 10] = [
    "/",
    "/-/healthy",
    "/-/ready",
    "/api/v1/delivery",
    "/api/v1/drift",
    "/api/v1/pods",
    "/metrics",
    "/metrics/cadvisor",
    "/metrics/node",
    "/metrics/resource",
];

/// Status codes that the server answers with beside 200; any other is `other`.
const CODES: [(u16, &str); 6] =
    [(400, "400"), (401, "401"), (404, "404"), (405, "405"), (500, "500"), (503, "503")];

/// Counts since start. Shared by the server, which adds, and the agent, which reports.
#[derive(Debug, Default)]
pub struct Counters {
    requests: [AtomicU64; ROUTES.len() + 1],
    errors: [AtomicU64; CODES.len() + 1],
    cut_off: [AtomicU64; CUT_OFFS.len()],
    pub(super) response_bytes: AtomicU64,
    pub(super) compressions: AtomicU64,
    pub(super) compressions_shared: AtomicU64,
    pub(super) connections: AtomicU64,
}

impl Counters {
    /// The counts now.
    pub fn stats(&self) -> ServerStats {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let named = |names: &mut dyn Iterator<Item = &'static str>, counts: &[AtomicU64]| {
            names.chain(["other"]).zip(counts.iter().map(load)).collect()
        };
        ServerStats {
            requests: named(&mut ROUTES.into_iter(), &self.requests),
            errors: named(&mut CODES.into_iter().map(|(_, name)| name), &self.errors),
            cut_off: CUT_OFFS.into_iter().map(|(_, name)| name).zip(self.cut_off.iter().map(load)).collect(),
            response_bytes: load(&self.response_bytes),
            compressions: load(&self.compressions),
            compressions_shared: load(&self.compressions_shared),
            connections: load(&self.connections),
        }
    }

    pub(super) fn answered(&self, path: &str, status: u16) {
        let route = ROUTES.iter().position(|route| *route == path).unwrap_or(ROUTES.len());
        add(&self.requests[route], 1);
        if status >= 400 {
            let code = CODES.iter().position(|(code, _)| *code == status).unwrap_or(CODES.len());
            add(&self.errors[code], 1);
        }
    }

    pub(super) fn cut_off(&self, why: CutOff) {
        if let Some(place) = CUT_OFFS.iter().position(|(reason, _)| *reason == why) {
            add(&self.cut_off[place], 1);
        }
    }
}

pub(super) fn add(counter: &AtomicU64, number: u64) {
    counter.fetch_add(number, Ordering::Relaxed);
}
