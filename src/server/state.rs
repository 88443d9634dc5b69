//! What the server reads: handles that the agent gives it.

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwapOption;

use crate::model::report::AgentReport;
use crate::model::snapshot::Snapshot;

use super::counters::Counters;
use super::review::Authority;

/// What the agent says about itself, at the time of a scrape.
pub type Report = Arc<dyn Fn() -> AgentReport + Send + Sync>;
/// Writes a document from a snapshot: of all pods, or of the one with this UID; `None` where that is not here.
pub type Document = Arc<dyn Fn(&Snapshot, Option<&str>) -> Option<Vec<u8>> + Send + Sync>;

/// The server's view of the agent. Reading it never makes the sampler wait.
#[derive(Clone)]
pub struct State {
    /// The newest snapshot, `None` before the first.
    pub snapshot: Arc<ArcSwapOption<Snapshot>>,
    /// What the agent says about itself, at the time of a scrape.
    pub report: Report,
    /// The JSON document of `/api/v1/pods`.
    pub pods_document: Document,
    /// CLOCK_BOOTTIME in nanoseconds, for the age of the snapshot.
    pub boot_ns: Arc<dyn Fn() -> u64 + Send + Sync>,
    /// What the server counts; the report holds `counters.stats()`.
    pub counters: Arc<Counters>,
    /// Who is asked about tokens where `kubernetes_authorization` is set.
    pub authority: Option<Arc<dyn Authority>>,
}

impl State {
    /// With the machine's clock.
    pub fn new(
        snapshot: Arc<ArcSwapOption<Snapshot>>,
        report: Report,
        pods_document: Document,
        counters: Arc<Counters>,
    ) -> State {
        State { snapshot, report, pods_document, boot_ns: Arc::new(boot_ns), counters, authority: None }
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State").field("counters", &self.counters).finish_non_exhaustive()
    }
}

fn boot_ns() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    now.tv_sec.unsigned_abs() * 1_000_000_000 + now.tv_nsec.unsigned_abs()
}
