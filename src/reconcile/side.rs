//! Another source's word on a pod, and beside it what our own counters say of the same span of time: of the
//! containers summed, and of the pod's cgroup.

use std::sync::Arc;

use super::kubelet::{KubeletView, SeenPod};
use super::top::{self, Span};
use super::units::{OurPod, Tracked, Units};
use crate::model::history::History;
use crate::model::metrics_api::PodUsage;
use crate::model::reconciled::{Resource, Usage};
use crate::model::stamp::Stamp;

/// A counter's true time may be this far before its stamp before it counts as another sample.
const LATE_NS: u64 = 3_000_000_000;
/// A kubelet that answered this lately will answer again.
const ALIVE_NS: u64 = 40_000_000_000;

/// A value of ours, with what an uncertain span leaves open.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Range {
    pub(super) low: f64,
    pub(super) at: f64,
    pub(super) high: f64,
}

impl Range {
    pub(super) fn exact(at: f64) -> Range {
        Range { low: at, at, high: at }
    }

    pub(super) fn plus(self, other: Range) -> Range {
        Range { low: self.low + other.low, at: self.at + other.at, high: self.high + other.high }
    }
}

/// CPU in nanocores and memory in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Ours {
    pub(super) cpu: Option<Range>,
    pub(super) memory: Option<Range>,
}

impl Ours {
    pub(super) fn of(&self, resource: Resource) -> Option<Range> {
        match resource {
            Resource::Cpu => self.cpu,
            Resource::Memory => self.memory,
        }
    }

    /// A sum is absent as soon as one of its parts is.
    pub(super) fn plus(self, other: Ours) -> Ours {
        let sum = |a: Option<Range>, b: Option<Range>| Some(a?.plus(b?));
        Ours { cpu: sum(self.cpu, other.cpu), memory: sum(self.memory, other.memory) }
    }
}

/// What is known beside the numbers: the evidence that a cause is named by.
#[derive(Clone, Debug, Default)]
#[allow(clippy::struct_excessive_bools, reason = "each is a piece of evidence of its own")]
pub(super) struct Facts {
    /// A container of the pod came, went or had its counter fall since the window began.
    pub(super) has_restarted: bool,
    /// A container that only one of the two has.
    pub(super) missing: Option<Arc<str>>,
    /// How many of its containers we see, where we do not see all.
    pub(super) visible: Option<(usize, usize)>,
    /// When the answer came in.
    pub(super) fetched_boot_ns: Option<u64>,
    /// End of their window on our clock.
    pub(super) end_boot_ns: Option<u64>,
    /// Our history begins inside their window.
    pub(super) began_inside: bool,
    /// Ours is not known over the window because nothing was read for a while: the machine slept.
    pub(super) slept: bool,
    /// Our CPU over the lengths of time that their clock showed; `None` unless it was set within one of them.
    pub(super) by_their_clock: Option<f64>,
    /// Their counter stood there this long before its stamp.
    pub(super) late_ns: Option<i64>,
    pub(super) skew_ns: i64,
    /// Their newest value is of an earlier pod of the same name.
    pub(super) is_other_pod: bool,
    /// Which of the kubelet's samples they are will show with its next answer.
    pub(super) is_pending: bool,
    /// None of the kubelet's samples gives their value.
    pub(super) is_unknown: bool,
    /// Their first sample: a rate needs two.
    pub(super) is_first: bool,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Side {
    pub(super) theirs: Usage,
    /// True where `theirs` is of the pod's cgroup and not a sum of containers.
    pub(super) is_pod_level: bool,
    pub(super) containers: Ours,
    pub(super) pod: Ours,
    /// The pod's cgroup and its containers over one and the same span: what is between them is no question of
    /// time.
    pub(super) aligned: Option<(Ours, Ours)>,
    pub(super) facts: Facts,
    /// Nothing that comes later will change it.
    pub(super) is_settled: bool,
}

/// metrics-server's word, and our containers over the spans that it looked at.
pub(super) fn of_metrics(
    units: &Units,
    our: &OurPod,
    usage: &PodUsage,
    end_boot_ns: Option<u64>,
    kubelet: &KubeletView,
    seen: Option<&SeenPod>,
    (page, now): (Stamp, Stamp),
) -> (Side, Vec<(Box<str>, Ours)>) {
    let sum = |part: fn(&crate::model::metrics_api::ContainerUsage) -> u64| {
        (!usage.containers.is_empty()).then(|| usage.containers.iter().map(part).sum::<u64>())
    };
    let theirs = Usage {
        cpu_nanocores: sum(|container| container.cpu_nanocores),
        memory_bytes: sum(|container| container.memory_bytes),
        at_ms: usage.at_ms,
        window_ns: usage.window_ns,
    };
    let mut side = Side { theirs, ..Side::default() };
    side.facts.skew_ns = kubelet.skew_ns;
    side.facts.end_boot_ns = end_boot_ns;
    let Some(end) = end_boot_ns else { return (side, Vec::new()) };
    if our.born_boot_ns.is_some_and(|born| end + 1_000_000_000 < born) {
        side.facts.is_other_pod = true;
        side.theirs = Usage::default();
        return (side, Vec::new());
    }
    let mut sum = Some(Ours { cpu: Some(Range::default()), memory: Some(Range::default()) });
    let is_pending = kubelet
        .fetched
        .is_some_and(|fetched| fetched.boot_ns <= page.boot_ns && now.boot_ns < fetched.boot_ns + ALIVE_NS);
    let (at_ms, window_ns) = (usage.at_ms, usage.window_ns);
    let said = top::Said { at_ms, window_ns, is_alone: usage.containers.len() == 1 };
    let mut parts = Vec::with_capacity(usage.containers.len());
    let (mut from, mut first_end, mut is_settled) = (u64::MAX, u64::MAX, true);
    let (mut by_their_clock, mut is_stretched) = (0.0, false);
    for container in &usage.containers {
        let Some((_, unit)) = units.named(our).find(|(name, _)| *name == &*container.name) else {
            side.facts.missing = Some((&*container.name).into());
            sum = None;
            continue;
        };
        let Some(history) = &unit.history else { continue };
        let series = seen.and_then(|pod| pod.container(&container.name)).map(|container| &container.series);
        let span = top::span(said, container, end, series, history);
        let ours = top::over(history, &span);
        side.facts.is_unknown |= span.is_unknown;
        side.facts.is_pending |= is_pending && span.read.is_none();
        is_settled &= history.newest_boot_ns().is_some_and(|newest| newest > span.latest());
        note(&mut side.facts, history, unit, &span, ours.cpu.is_none() || ours.memory.is_none());
        from = from.min(span.from);
        first_end = first_end.min(span.to);
        is_stretched |= span.is_stretched();
        by_their_clock += by_clock(ours, &span).unwrap_or(0.0);
        sum = sum.map(|sum| sum.plus(ours));
        parts.push((container.name.clone(), ours));
    }
    for (name, _) in units.named(our) {
        if !usage.containers.iter().any(|container| *container.name == *name) {
            side.facts.missing = Some(name.into());
            sum = None;
        }
    }
    side.facts.has_restarted = changed_since(our, from.min(end.saturating_sub(usage.window_ns)));
    side.facts.by_their_clock = is_stretched.then_some(by_their_clock);
    side.facts.late_ns = late(seen);
    side.containers = sum.filter(|_| !parts.is_empty()).unwrap_or_default();
    if from < first_end {
        let span = Span::of(from, first_end);
        side.pod = our.unit.map_or_else(Ours::default, |id| of_unit(units.get(id), &span));
        side.aligned = Some((side.pod, containers_over(units, our, &span)));
    }
    side.is_settled = is_settled && now.boot_ns > first_end.saturating_add(2_000_000_000);
    (side, parts)
}

/// The kubelet's word on the pod's cgroup, and ours over the same two samples.
pub(super) fn of_kubelet(units: &Units, our: &OurPod, kubelet: &KubeletView, seen: &SeenPod) -> Side {
    let mut side = Side { is_pod_level: true, ..Side::default() };
    side.facts.skew_ns = kubelet.skew_ns;
    side.facts.fetched_boot_ns = kubelet.fetched.map(|fetched| fetched.boot_ns);
    let (has_cpu, has_memory) = kubelet.has(seen);
    let Some(newest) = seen.series.newest() else { return side };
    side.facts.end_boot_ns = Some(newest.boot_ns);
    if our.born_boot_ns.is_some_and(|born| newest.boot_ns + 1_000_000_000 < born) {
        side.facts.is_other_pod = true;
        return side;
    }
    let pair = seen.series.pair();
    side.facts.is_first = has_cpu && pair.is_none();
    side.theirs = Usage {
        cpu_nanocores: pair.filter(|_| has_cpu).and_then(|pair| pair.nanocores()),
        memory_bytes: newest.working_set_bytes.filter(|_| has_memory),
        at_ms: newest.wall_ms,
        window_ns: pair.map_or(0, |pair| pair.window_ns()),
    };
    side.facts.late_ns = late(Some(seen));
    let from = pair.map_or(newest.boot_ns, |pair| pair.from.boot_ns);
    side.facts.has_restarted = changed_since(our, from);
    let span = Span::of(from, newest.boot_ns);
    let pod = our.unit.and_then(|id| units.get(id));
    let paired = pair.as_ref().map_or(span, Span::of_pair);
    side.pod = of_unit(pod, &paired);
    side.facts.by_their_clock = by_clock(side.pod, &paired).filter(|_| paired.is_stretched());
    if let Some((unit, history)) = pod.and_then(|unit| Some((unit, unit.history.as_ref()?))) {
        note(
            &mut side.facts,
            history,
            unit,
            &span,
            side.pod.cpu.is_none() && pair.is_some() || side.pod.memory.is_none(),
        );
        side.is_settled = history.newest_boot_ns().is_some_and(|newest| newest > span.to);
        // Until we have read as far as they have, nothing of ours can speak of their window.
        side.facts.is_pending = history.newest_boot_ns().is_some_and(|newest| newest < span.to);
    }
    side.containers = containers_over(units, our, &span);
    side.aligned = Some((of_unit(pod, &span), side.containers));
    let theirs = seen.containers.iter().filter(|container| kubelet.names(container));
    let unknown = |name: &str| units.named(our).all(|(named, _)| named != name);
    side.facts.missing =
        theirs.map(|container| &container.name).find(|name| unknown(name)).map(|name| (&**name).into());
    side
}

fn containers_over(units: &Units, our: &OurPod, span: &Span) -> Ours {
    let running = units.named(our).map(|(_, unit)| of_unit(Some(unit), span));
    running.reduce(Ours::plus).filter(|_| units.is_named(our)).unwrap_or_default()
}

/// One cgroup over a span.
pub(super) fn of_unit(unit: Option<&Tracked>, span: &Span) -> Ours {
    unit.and_then(|unit| unit.history.as_ref()).map_or_else(Ours::default, |history| top::over(history, span))
}

fn by_clock(ours: Ours, span: &Span) -> Option<f64> {
    Some(ours.cpu?.at * (span.to - span.from) as f64 / span.stated_ns.max(1) as f64)
}

/// Why a history has no rate over a span.
fn note(facts: &mut Facts, history: &History, unit: &Tracked, span: &Span, is_absent: bool) {
    facts.slept |= history.has_gap(span.from, span.to);
    if !is_absent {
        return;
    }
    let oldest = history.oldest_boot_ns();
    let began = oldest.is_none_or(|oldest| oldest > span.from);
    let was_made = unit.created_boot_ns.is_some_and(|created| created + 1_000_000_000 >= span.from);
    facts.began_inside |= began && !was_made;
    facts.slept |= !began && history.newest_boot_ns().is_some_and(|newest| newest >= span.to);
}

fn changed_since(our: &OurPod, from_boot_ns: u64) -> bool {
    our.changes.last().is_some_and(|&at| at + 1_000_000_000 >= from_boot_ns)
}

fn late(seen: Option<&SeenPod>) -> Option<i64> {
    seen?.offset_ns.filter(|offset| offset.unsigned_abs() > LATE_NS)
}
