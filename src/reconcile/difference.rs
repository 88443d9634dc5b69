//! Names why two figures differ. A difference falls into three parts: another span of time (ours over our span,
//! less ours over theirs), another subject (the pod's cgroup or its containers, over the same span), and what
//! remains between our counters and their value over one span. The first two explain; the rest needs evidence.

use super::side::{Facts, Range, Side};
use crate::model::detail::Detail;
use crate::model::reconciled::{Cause, Difference, Resource, SourceKind, View};

/// What `kubectl top` prints in: 1m and 1Mi.
pub(super) const fn unit_of(resource: Resource) -> f64 {
    match resource {
        Resource::Cpu => 1e6,
        Resource::Memory => 1_048_576.0,
    }
}

/// One figure of ours beside one of theirs.
#[derive(Debug)]
pub(super) struct Question<'a> {
    pub(super) view: View,
    pub(super) against: SourceKind,
    pub(super) resource: Resource,
    pub(super) ours: Option<f64>,
    /// True where ours is of the pod's cgroup and not a sum of containers.
    pub(super) is_pod_level: bool,
    pub(super) side: &'a Side,
    /// The pause container's own.
    pub(super) sandbox: Option<f64>,
    /// What its RuntimeClass declares for what is no container's.
    pub(super) declared: Option<f64>,
    /// True where the pod's containers are read, be it for a short time only.
    pub(super) is_read_here: bool,
    /// Since their answer came in.
    pub(super) page_age_ns: u64,
    /// Since the end of their window.
    pub(super) age_ns: u64,
    pub(super) stale_ns: u64,
    /// A share, such as 0.01.
    pub(super) tolerance: f64,
}

impl Question<'_> {
    /// `None` where neither has a value.
    pub(super) fn answer(&self) -> Option<Difference> {
        let theirs = match self.resource {
            Resource::Cpu => self.side.theirs.cpu_nanocores,
            Resource::Memory => self.side.theirs.memory_bytes,
        };
        if self.ours.is_none() && theirs.is_none() || self.is_to_come(theirs) {
            return None;
        }
        let (cause, detail) = match (self.ours, theirs) {
            (Some(ours), Some(theirs)) => self.weigh(ours, theirs as f64)?,
            (ours, _) => self.absent(ours.is_some()),
        };
        Some(Difference {
            view: self.view,
            against: self.against,
            resource: self.resource,
            ours: self.ours.map(|ours| ours.max(0.0) as u64),
            theirs,
            cause,
            detail,
        })
    }

    fn is_to_come(&self, theirs: Option<u64>) -> bool {
        theirs.is_none() && self.resource == Resource::Cpu && self.side.facts.is_first
    }

    fn is_stale(&self) -> bool {
        self.age_ns > self.stale_ns
    }

    fn stale(&self) -> (Option<Cause>, Detail) {
        (Some(Cause::Stale), Detail::Old { of: self.against, age_ns: self.age_ns })
    }

    fn absent(&self, is_theirs: bool) -> (Option<Cause>, Detail) {
        let facts = &self.side.facts;
        if facts.is_other_pod {
            return (Some(Cause::Missing), Detail::EarlierPod(self.against));
        }
        if let Some((seen, all)) = facts.visible.filter(|_| !is_theirs) {
            return (Some(Cause::OwnCgroup), Detail::Visible { seen, all });
        }
        // What a fresh answer does not hold is missing, however old what was held before.
        let is_stale = if is_theirs { self.page_age_ns > self.stale_ns } else { self.is_stale() };
        if is_stale {
            return self.stale();
        }
        if facts.has_restarted {
            return (Some(Cause::Restart), Detail::Plain("a container started within the window"));
        }
        if !is_theirs && self.is_read_here {
            return (Some(Cause::Window), Detail::Plain("no whole window of ours is known yet"));
        }
        let nothing = Detail::Plain("nothing can be read here");
        (Some(Cause::Missing), if is_theirs { Detail::NoValue(self.against) } else { nothing })
    }

    /// `None` while it cannot be told yet.
    fn weigh(&self, ours: f64, theirs: f64) -> Option<(Option<Cause>, Detail)> {
        let difference = ours - theirs;
        let unit = unit_of(self.resource);
        if difference.abs() <= theirs * self.tolerance {
            return Some((None, Detail::default()));
        }
        if difference.abs() < unit {
            return Some((Some(Cause::Rounding), Detail::Plain("less than what kubectl prints in")));
        }
        let facts = &self.side.facts;
        if let Some((seen, all)) = facts.visible {
            return Some((Some(Cause::OwnCgroup), Detail::Visible { seen, all }));
        }
        if self.is_stale() {
            return Some(self.stale());
        }
        let same = |is_pod_level: bool| {
            let ours = if is_pod_level { &self.side.pod } else { &self.side.containers };
            ours.of(self.resource)
        };
        let reproduced = same(self.side.is_pod_level);
        // A range that is wide because the span is not known yet proves nothing.
        let is_open = facts.is_pending && reproduced.is_some_and(|range| range.low < range.high);
        if let Some(reproduced) = reproduced.filter(|_| !is_open && !facts.is_unknown)
            && agrees(reproduced, theirs, unit, self.tolerance)
        {
            return Some(self.explained(difference, theirs - reproduced.at));
        }
        (!facts.is_pending).then(|| self.unreproduced(facts, reproduced, theirs))
    }

    /// Our counters say what they say, over their span: the span or the subject is what differs.
    fn explained(&self, difference: f64, residual: f64) -> (Option<Cause>, Detail) {
        let subject = self.subject();
        let window = difference - subject + residual;
        let unit = unit_of(self.resource);
        if subject.abs() <= window.abs() || subject.abs() < unit {
            return (Some(Cause::Window), self.window_detail());
        }
        let facts = &self.side.facts;
        if let Some(name) = &facts.missing {
            return (Some(Cause::Missing), Detail::OneHas(name.clone()));
        }
        if facts.has_restarted {
            return (
                Some(Cause::Restart),
                Detail::Plain("the pod keeps what containers used that ended within the window"),
            );
        }
        let pause = self.sandbox.unwrap_or(0.0);
        if subject.abs() <= pause * 1.25 + unit {
            return (Some(Cause::Pause), Detail::Pause(self.resource, pause));
        }
        let (resource, rest, declared) = (self.resource, subject.abs() - pause, self.declared);
        (Some(Cause::Overhead), Detail::Overhead { resource, rest, declared })
    }

    /// The pod's cgroup less its containers over one span, where ours is of the one and theirs of the other.
    fn subject(&self) -> f64 {
        if self.is_pod_level == self.side.is_pod_level {
            return 0.0;
        }
        let Some((pod, containers)) = &self.side.aligned else { return 0.0 };
        let (Some(pod), Some(containers)) = (pod.of(self.resource), containers.of(self.resource)) else {
            return 0.0;
        };
        if self.is_pod_level { pod.at - containers.at } else { containers.at - pod.at }
    }

    fn unreproduced(&self, facts: &Facts, reproduced: Option<Range>, theirs: f64) -> (Option<Cause>, Detail) {
        if facts.has_restarted {
            return (
                Some(Cause::Restart),
                Detail::Plain("a container started, ended or was restarted within the window"),
            );
        }
        if let Some(name) = &facts.missing {
            return (Some(Cause::Missing), Detail::OneHas(name.clone()));
        }
        if let Some(late_ns) = facts.late_ns {
            return (Some(Cause::Stale), Detail::Late { of: self.against, late_ns });
        }
        let unit = unit_of(self.resource);
        if let (Some(ours), Resource::Cpu) = (facts.by_their_clock, self.resource)
            && agrees(Range::exact(ours), theirs, unit, self.tolerance)
        {
            return (Some(Cause::Window), Detail::Plain("the wall clock was set within the window"));
        }
        if reproduced.is_none() && facts.began_inside {
            return (Some(Cause::Window), Detail::Plain("their window began before our history"));
        }
        if facts.slept {
            return (
                Some(Cause::Window),
                Detail::Plain("nothing was read for a while within the window: the machine slept"),
            );
        }
        (Some(Cause::Unexplained), Detail::Otherwise(self.against))
    }

    fn window_detail(&self) -> Detail {
        Detail::Window {
            of: self.against,
            window_ns: self.side.theirs.window_ns,
            age_ns: self.age_ns,
            skew_ns: self.side.facts.skew_ns,
        }
    }
}

/// True where their value lies in our range, as closely as it is printed.
pub(super) fn agrees(ours: Range, theirs: f64, unit: f64, tolerance: f64) -> bool {
    let slack = (theirs * tolerance).max(unit);
    theirs >= ours.low - slack && theirs <= ours.high + slack
}
