//! Which keys belong to which executor.

use super::draft::Draft;
use super::executor::Kind;

/// Keys that every executor has are not here.
pub(super) fn of(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::SharedIterations | Kind::PerVuIterations => &["vus", "iterations", "maxDuration"],
        Kind::ConstantVus => &["vus", "duration"],
        Kind::RampingVus => &["startVUs", "stages", "gracefulRampDown"],
        Kind::ConstantArrivalRate => {
            &["rate", "timeUnit", "duration", "preAllocatedVUs", "maxVUs", "arrival", "late"]
        }
        Kind::RampingArrivalRate => {
            &["startRate", "timeUnit", "stages", "preAllocatedVUs", "maxVUs", "arrival", "late"]
        }
    }
}

/// Those of one executor alone that a draft gives.
pub(super) fn given(draft: &Draft) -> impl Iterator<Item = &'static str> {
    let keys = [
        ("arrival", draft.arrival.is_some()),
        ("duration", draft.duration.is_some()),
        ("gracefulRampDown", draft.graceful_ramp_down.is_some()),
        ("iterations", draft.iterations.is_some()),
        ("late", draft.late.is_some()),
        ("maxDuration", draft.max_duration.is_some()),
        ("maxVUs", draft.max_vus.is_some()),
        ("preAllocatedVUs", draft.pre_allocated_vus.is_some()),
        ("rate", draft.rate.is_some()),
        ("stages", draft.stages.is_some()),
        ("startRate", draft.start_rate.is_some()),
        ("startVUs", draft.start_vus.is_some()),
        ("timeUnit", draft.time_unit.is_some()),
        ("vus", draft.vus.is_some()),
    ];
    keys.into_iter().filter(|(_, is_given)| *is_given).map(|(key, _)| key)
}
