//! `kubectl top`'s numbers from our own counters alone.
//!
//! metrics-server sums containers without the pause container and leaves a pod out while one of them has no
//! value; so does this.

use crate::model::reconciled::Usage;
use crate::model::snapshot::Snapshot;
use crate::model::unit::Unit;

/// Mean CPU over the first window, and the newest working set; `None` unless both are known.
pub(super) fn of_unit(unit: &Unit, snapshot: &Snapshot) -> Option<Usage> {
    let window = snapshot.windows.first()?;
    let cores = unit.cpu.windows.first().copied().flatten()?.mean;
    Some(Usage {
        cpu_nanocores: Some((cores * 1e9).round() as u64),
        memory_bytes: Some(unit.memory.working_set_bytes?),
        at_ms: snapshot.taken.wall_ms(),
        window_ns: u64::try_from(window.as_nanos()).unwrap_or(u64::MAX),
    })
}

/// The sum; `None` where one is missing, or where there is none.
pub(super) fn sum(usages: impl Iterator<Item = Option<Usage>>) -> Option<Usage> {
    let mut total: Option<Usage> = None;
    for usage in usages {
        let usage = usage?;
        total = Some(match total {
            None => usage,
            Some(total) => Usage {
                cpu_nanocores: Some(total.cpu_nanocores?.saturating_add(usage.cpu_nanocores?)),
                memory_bytes: Some(total.memory_bytes?.saturating_add(usage.memory_bytes?)),
                ..total
            },
        });
    }
    total
}
