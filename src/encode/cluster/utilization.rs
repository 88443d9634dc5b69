//! Use over requests and limits: the last second's CPU and the working set.
//!
//! A pod's ratio is over those of its containers that set the value, use and bound alike, so that a container
//! without a limit neither hides nor fakes a full one. [`Coverage`] says how many of them that is.

use super::Container;
use crate::model::identity::PodInfo;
use crate::model::unit::Unit;
use crate::model::workload::{Amounts, Resources};

/// Ratios; `None` without the bound, or without a reading.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Utilization {
    pub cpu_request: Share,
    pub cpu_limit: Share,
    pub memory_request: Share,
    pub memory_limit: Share,
}

/// Use over a bound, kept apart so that shares can be summed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Share {
    used: Option<f64>,
    bound: f64,
}

impl Share {
    fn new(used: Option<f64>, bound: Option<f64>) -> Share {
        match bound.filter(|&bound| bound > 0.0) {
            Some(bound) => Share { used, bound },
            None => Share::default(),
        }
    }

    pub fn ratio(self) -> Option<f64> {
        (self.bound > 0.0).then(|| self.used.map(|used| used / self.bound)).flatten()
    }

    /// Shares without a bound do not count; one whose use is not known makes the sum unknown.
    fn sum(shares: impl Iterator<Item = Share>) -> Share {
        let mut total = Share { used: Some(0.0), bound: 0.0 };
        for share in shares.filter(|share| share.bound > 0.0) {
            total.bound += share.bound;
            total.used = total.used.zip(share.used).map(|(a, b)| a + b);
        }
        total
    }
}

impl Utilization {
    pub(super) fn of(unit: &Unit, resources: &Resources) -> Utilization {
        let cores = unit.cpu.live.map(|rate| rate.cores);
        let bytes = unit.memory.working_set_bytes.map(|bytes| bytes as f64);
        let cpu = |amounts: &Amounts| Share::new(cores, amounts.cpu_millicores.map(|m| m as f64 / 1000.0));
        let memory = |amounts: &Amounts| Share::new(bytes, amounts.memory_bytes.map(|bytes| bytes as f64));
        Utilization {
            cpu_request: cpu(&resources.requests),
            cpu_limit: cpu(&resources.limits),
            memory_request: memory(&resources.requests),
            memory_limit: memory(&resources.limits),
        }
    }

    pub(super) fn sum(parts: &[Container]) -> Utilization {
        let sum =
            |part: fn(&Utilization) -> Share| Share::sum(parts.iter().map(|each| part(&each.utilization)));
        Utilization {
            cpu_request: sum(|part| part.cpu_request),
            cpu_limit: sum(|part| part.cpu_limit),
            memory_request: sum(|part| part.memory_request),
            memory_limit: sum(|part| part.memory_limit),
        }
    }
}

/// Share of a pod's containers that set a limit; `None` while its containers are not known.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Coverage {
    pub cpu: Option<f64>,
    pub memory: Option<f64>,
}

impl Coverage {
    pub(super) fn of(info: Option<&PodInfo>) -> Coverage {
        let Some(resources) = info.map(|info| &info.resources).filter(|all| all.containers > 0) else {
            return Coverage::default();
        };
        let share = |limited: u32| Some(f64::from(limited) / f64::from(resources.containers));
        Coverage { cpu: share(resources.cpu_limited), memory: share(resources.memory_limited) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(used: Option<f64>, bound: f64) -> Share {
        Share::new(used, Some(bound))
    }

    #[test]
    fn a_pod_is_measured_over_the_containers_that_set_the_bound() {
        let sum = |shares: &[Share]| Share::sum(shares.iter().copied()).ratio();
        assert_eq!(sum(&[share(Some(1.0), 2.0), Share::new(Some(50.0), None)]), Some(0.5));
        assert_eq!(sum(&[share(Some(1.0), 2.0), share(Some(2.0), 2.0)]), Some(0.75));
        assert_eq!(sum(&[share(Some(1.0), 2.0), share(None, 2.0)]), None, "unknown, not low");
        assert_eq!(sum(&[Share::new(Some(1.0), None)]), None, "no limit is no ratio");
        assert_eq!(share(Some(0.0), 2.0).ratio(), Some(0.0), "measured zero");
        assert_eq!(share(Some(1.0), 0.0).ratio(), None);
    }
}
