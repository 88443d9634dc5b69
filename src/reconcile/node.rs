//! The node at one instant: the root cgroup beside the kubelet's node and metrics-server's.

use super::beside::Beside;
use super::pod::View3;
use super::side::{Facts, Side};
use super::top::{self, Span};
use crate::model::history::History;
use crate::model::metrics_api::ContainerUsage;
use crate::model::reconciled::{Reconciliation, SourceKind, Usage};

impl View3<'_> {
    /// The node: the root cgroup beside the kubelet's node and metrics-server's.
    pub(super) fn node(&self, name: &str) -> Option<Reconciliation> {
        let root = self.units.get(self.units.root?)?;
        let history = root.history.as_ref()?;
        let mut values = Reconciliation::default();
        let usage = |cores: Option<f64>, window_ns: u64| Usage {
            cpu_nanocores: cores.map(|cores| (cores * 1e9) as u64),
            memory_bytes: root.working_set_bytes,
            at_ms: self.units.taken.wall_ms(),
            window_ns,
        };
        values.pod = Some(usage(root.window_cores, self.units.window_ns));
        values.live = Some(usage(root.live_cores, 1_000_000_000));
        let mut sides = Vec::with_capacity(2);
        if let Some(pair) = self.kubelet.node.pair() {
            let span = Span::of_pair(&pair);
            let theirs = Usage {
                cpu_nanocores: pair.nanocores(),
                memory_bytes: pair.to.working_set_bytes,
                at_ms: pair.to.wall_ms,
                window_ns: pair.window_ns(),
            };
            sides.push((SourceKind::Kubelet, root_side(history, theirs, &span)));
        }
        if let Some((usage, page)) = self.metrics.node(name).zip(self.metrics.page.as_ref()) {
            let cpu_nanocores = usage.cpu_nanocores;
            let whole = ContainerUsage { name: "".into(), cpu_nanocores, memory_bytes: usage.memory_bytes };
            let said = top::Said { at_ms: usage.at_ms, window_ns: usage.window_ns, is_alone: true };
            let end = usage.at_ms.checked_mul(1_000_000)? - self.kubelet.skew_ns;
            if let Some(end) = self.walls.boot_ns(end, page.fetched) {
                let span = top::span(said, &whole, end, Some(&self.kubelet.node), history);
                let theirs = Usage {
                    cpu_nanocores: Some(usage.cpu_nanocores),
                    memory_bytes: Some(usage.memory_bytes),
                    at_ms: usage.at_ms,
                    window_ns: usage.window_ns,
                };
                sides.push((SourceKind::MetricsApi, root_side(history, theirs, &span)));
            }
        }
        for (source, side) in &sides {
            match source {
                SourceKind::Kubelet => values.kubelet = Some(side.theirs),
                _ => values.metrics_api = Some(side.theirs),
            }
            if self.age(side) <= self.stale_ns(side.theirs.window_ns) && side.pod.cpu.is_some() {
                values.top_of = *source;
                values.top = Some(Usage {
                    cpu_nanocores: side.pod.cpu.map(|cpu| cpu.at.max(0.0) as u64),
                    memory_bytes: side.pod.memory.map(|memory| memory.at as u64),
                    ..side.theirs
                });
            }
        }
        if values.top.is_none() {
            (values.top, values.top_of) = (values.pod, SourceKind::Cgroup);
        }
        for (source, side) in &sides {
            let beside = Beside { is_read_here: true, ..Beside::default() };
            self.compare(&mut values, *source, side, beside);
        }
        Some(values)
    }
}

fn root_side(history: &History, theirs: Usage, span: &Span) -> Side {
    let ours = top::over(history, span);
    let facts = Facts {
        end_boot_ns: Some(span.to),
        began_inside: history.oldest_boot_ns().is_none_or(|oldest| oldest > span.from),
        ..Facts::default()
    };
    Side { theirs, is_pod_level: true, containers: ours, pod: ours, aligned: None, facts, is_settled: true }
}
