//! Which source serves which value now, and why.

use super::config::{Config, Pick};
use super::kubelet::KubeletView;
use super::metrics::MetricsView;
use super::units::Units;
use crate::model::reconciled::{Choice, SourceKind};
use crate::model::scope::Scope;

/// What answers, at one instant.
#[derive(Clone, Copy, Debug)]
pub(super) struct Working {
    pub(super) cgroup: bool,
    pub(super) kubelet: bool,
    pub(super) metrics_api: bool,
}

impl Working {
    pub(super) fn of(
        units: &Units,
        kubelet: &KubeletView,
        metrics: &MetricsView,
        now_boot_ns: u64,
        stale_ns: u64,
    ) -> Working {
        let is_fresh = |boot_ns: u64| now_boot_ns.saturating_sub(boot_ns) <= stale_ns;
        Working {
            cgroup: !units.pods.is_empty()
                || matches!(units.scope, Scope::Node) && units.root.is_some() && units.handed.is_empty(),
            kubelet: kubelet.fetched.is_some_and(|fetched| is_fresh(fetched.boot_ns)),
            metrics_api: metrics.page.as_ref().is_some_and(|page| is_fresh(page.fetched.boot_ns)),
        }
    }

    fn pick(self, pick: Pick) -> (SourceKind, &'static str) {
        let allowed = |source: SourceKind, works: bool| works && pick.allows(source);
        let how = if pick == Pick::Auto { "best" } else { "configured" };
        if self.cgroup {
            (SourceKind::Cgroup, "best")
        } else if allowed(SourceKind::Kubelet, self.kubelet) {
            (SourceKind::Kubelet, if pick == Pick::Auto { "cgroup_missing" } else { how })
        } else if allowed(SourceKind::MetricsApi, self.metrics_api) {
            (SourceKind::MetricsApi, if pick == Pick::Auto { "kubelet_down" } else { how })
        } else {
            (SourceKind::Cgroup, "no_source")
        }
    }
}

/// One row for each value.
pub(super) fn choices(config: &Config, working: Working, has_networks: bool) -> Vec<Choice> {
    let row = |value, (source, reason)| Choice { value, source, reason };
    let kubelet = |reason| {
        if working.kubelet { (SourceKind::Kubelet, reason) } else { (SourceKind::Kubelet, "kubelet_down") }
    };
    let network = if has_networks { (SourceKind::Cgroup, "best") } else { kubelet("procfs_missing") };
    vec![
        row("cpu", working.pick(config.sources.cpu)),
        row("memory", working.pick(config.sources.memory)),
        row("network", network),
        row("volumes", kubelet("only")),
        row("filesystem", kubelet("only")),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_that_works_and_is_allowed_serves() {
        let working = |cgroup, kubelet, metrics_api| Working { cgroup, kubelet, metrics_api };
        for (pick, working, expected) in [
            (Pick::Auto, working(true, true, true), (SourceKind::Cgroup, "best")),
            (Pick::Kubelet, working(true, true, true), (SourceKind::Cgroup, "best")),
            (Pick::Auto, working(false, true, true), (SourceKind::Kubelet, "cgroup_missing")),
            (Pick::Auto, working(false, false, true), (SourceKind::MetricsApi, "kubelet_down")),
            (Pick::MetricsApi, working(false, true, true), (SourceKind::MetricsApi, "configured")),
            (Pick::Cgroup, working(false, true, true), (SourceKind::Cgroup, "no_source")),
            (Pick::Auto, working(false, false, false), (SourceKind::Cgroup, "no_source")),
        ] {
            assert_eq!(working.pick(pick), expected, "{pick:?} {working:?}");
        }
    }
}
