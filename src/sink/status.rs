//! How a sink fares, for people and metrics.

use super::spool::Stats;

pub use crate::model::report::SinkState as State;

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
    /// A spool belongs to it.
    pub has_spool: bool,
    /// That is open.
    pub is_spool_open: bool,
    /// Its account of all runs is ours: what is pushed is in it, even if we are killed at once.
    pub keeps_totals: bool,
    /// What is wrong with the spool; empty where nothing is.
    pub spool_message: String,
    pub spool: Stats,
}
