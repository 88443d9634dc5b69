//! What the agent says about itself: filled by the agent, rendered by `encode::schema::selfmetrics`.

use super::ledger::Ledger;
use super::scraped::Scraped;

/// The agent's own figures at one instant. Counters are since start.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AgentReport {
    pub version: &'static str,
    /// What the units of the newest snapshot stand for; empty before the first.
    pub scope: &'static str,
    pub process: ProcessStats,
    pub server: ServerStats,
    pub sources: Vec<SourceReport>,
    /// One account per sink, by the sink's name in the configuration.
    pub ledgers: Vec<(String, Ledger)>,
    /// What is read beside an application.
    pub scraped: Scraped,
}

/// The agent's process as the kernel shows it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ProcessStats {
    pub cpu_seconds: Option<f64>,
    pub resident_bytes: Option<u64>,
    /// Seconds since the epoch.
    pub start_time_seconds: Option<f64>,
    pub open_files: Option<u64>,
    pub max_files: Option<u64>,
}

/// What the HTTP server did. The lists hold one entry per label value, whether or not it happened yet.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ServerStats {
    /// Requests answered, by route.
    pub requests: Vec<(&'static str, u64)>,
    /// Requests answered with an error, by status code.
    pub errors: Vec<(&'static str, u64)>,
    /// Bytes of response bodies handed to connections.
    pub response_bytes: u64,
    /// Compressed bodies that were built, and those that were served again.
    pub compressions: u64,
    pub compressions_shared: u64,
    /// Connections now open.
    pub connections: u64,
    /// Connections ended by us, by reason.
    pub cut_off: Vec<(&'static str, u64)>,
}

/// Whether a source works.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SourceState {
    #[default]
    Ok,
    /// Some of its values are missing; the reason says which.
    Degraded,
    /// Nothing comes from it.
    Down,
}

impl SourceState {
    pub const ALL: [SourceState; 3] = [SourceState::Ok, SourceState::Degraded, SourceState::Down];

    pub const fn name(self) -> &'static str {
        match self {
            SourceState::Ok => "ok",
            SourceState::Degraded => "degraded",
            SourceState::Down => "down",
        }
    }
}

/// One place that values come from.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SourceReport {
    /// As in the configuration: `cgroup`, `procfs`, `kubelet`, ...
    pub name: &'static str,
    pub state: SourceState,
    /// One of a closed list of the source's own words; empty when all is well.
    pub reason: &'static str,
    /// Age of its last good reading.
    pub age_seconds: Option<f64>,
    /// How long its last reading took.
    pub duration_seconds: Option<f64>,
    pub faults: u64,
    /// The values that come from it now, such as `cpu,memory`; empty where it serves none.
    pub serves: String,
}
