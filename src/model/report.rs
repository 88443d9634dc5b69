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
    /// One entry per sink, in the order of the configuration.
    pub sinks: Vec<SinkReport>,
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

impl SinkState {
    pub const ALL: [SinkState; 4] =
        [SinkState::Working, SinkState::Retrying, SinkState::Held, SinkState::Stopped];

    pub const fn name(self) -> &'static str {
        match self {
            SinkState::Working => "working",
            SinkState::Retrying => "retrying",
            SinkState::Held => "held",
            SinkState::Stopped => "stopped",
        }
    }
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

/// What a sink is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SinkState {
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

/// One place that values go to. Counters are since its start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SinkReport {
    /// As in the configuration: `influxdb`, `remote_write`, ...
    pub kind: &'static str,
    /// Its own name in the configuration.
    pub name: String,
    pub state: SinkState,
    /// Why it is not working, and what to mend; empty while it is.
    pub message: String,
    pub ledger: Ledger,
    /// Points that its filter held back; they are no part of the ledger.
    pub filtered: u64,
    /// Requests that were begun.
    pub requests: u64,
    /// Requests without success.
    pub errors: u64,
    /// Pauses after a failure.
    pub retries: u64,
    /// Bytes of request bodies that the server acknowledged.
    pub acknowledged_bytes: u64,
    /// Points in memory, the request in flight included, and the bytes of their bodies.
    pub memory_points: u64,
    pub memory_bytes: u64,
    /// The most points that may wait in memory.
    pub buffer_points_limit: u64,
    /// How long the last request took; absent before the first.
    pub write_time_ns: Option<u64>,
    /// What is on disk; absent where the sink has no spool.
    pub spool: Option<SpoolReport>,
}

/// What of a sink waits on disk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SpoolReport {
    /// Its files can be used.
    pub is_open: bool,
    /// What is wrong with them; empty where nothing is.
    pub message: String,
    /// Of all its segments.
    pub bytes: u64,
    pub segments: u64,
    /// Waiting.
    pub points: u64,
    /// Set aside since the start, because it could not be read.
    pub quarantined_bytes: u64,
    /// The account over all runs that shared the spool; absent while it is not open.
    pub lifetime: Option<Lifetime>,
}

/// Points over all runs: produced = acknowledged + rejected + queued + dropped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lifetime {
    pub produced: u64,
    pub acknowledged: u64,
    pub rejected: u64,
    pub dropped: u64,
}
