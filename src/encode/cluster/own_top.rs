//! `kubectl top`'s numbers from our own counters alone.
//!
//! metrics-server sums containers without the pause container and leaves a pod out while one of them has no
//! value; so does this.

use crate::model::reconciled::Usage;
use crate::model::snapshot::Snapshot;
use crate::model::unit::{Pace, Unit};

/// Mean CPU over the first window, and the newest working set; `None` unless both are known.
pub(super) fn of_unit(unit: &Unit, snapshot: &Snapshot) -> Option<Usage> {
    let window = snapshot.windows.first()?;
    let used = unit.cpu.windows.first().copied().flatten()?;
    // A window that is not full yet is as long as its samples.
    let interval = snapshot.sampler.intervals[Pace::Fast as usize];
    let seen = if interval.is_zero() { *window } else { interval * used.samples };
    Some(Usage {
        cpu_nanocores: Some((used.mean * 1e9).round() as u64),
        memory_bytes: Some(unit.memory.working_set_bytes?),
        at_ms: snapshot.taken.wall_ms(),
        window_ns: u64::try_from(seen.min(*window).as_nanos()).unwrap_or(u64::MAX),
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
