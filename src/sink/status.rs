//! How a sink fares, for people and metrics.

use super::spool::Stats;

/// What a sink is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// The last answer was good, or nothing was sent yet.
    #[default]
    Working,
    /// The server is away or overloaded; the data waits.
    Retrying,
    /// The server refuses until something is mended; the data waits.
    Held,
    /// The sink was shut down.
    Stopped,
}

impl State {
    pub const ALL: [State; 4] = [State::Working, State::Retrying, State::Held, State::Stopped];

    pub const fn name(self) -> &'static str {
        match self {
            State::Working => "working",
            State::Retrying => "retrying",
            State::Held => "held",
            State::Stopped => "stopped",
        }
    }
}

/// How a sink fares. All counts are since start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    pub state: State,
    /// Why it is not working, and what to mend.
    pub message: String,
    /// Requests that were begun.
    pub requests: u64,
    /// Requests that ended without success.
    pub failed_requests: u64,
    /// Pauses after a failure.
    pub retries: u64,
    /// Bytes of request bodies that the server acknowledged.
    pub acknowledged_bytes: u64,
    /// Points in memory, the request in flight included.
    pub memory_points: u64,
    /// Their bytes.
    pub memory_bytes: u64,
    /// The most points that wait in memory.
    pub memory_points_limit: u64,
    /// Points that wait on disk.
    pub spooled_points: u64,
    /// How long the last request took.
    pub last_request_ns: Option<u64>,
    /// Points that the sink's filter left out.
    pub filtered: u64,
    /// There is a spool, and it is open.
    pub is_spool_open: bool,
    /// What is wrong with the spool; empty where nothing is.
    pub spool_message: String,
    pub spool: Stats,
}
