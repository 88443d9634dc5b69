//! Names why two figures differ. A difference falls into three parts: another span of time (ours over our span,
//! less ours over theirs), another subject (the pod's cgroup or its containers, over the same span), and what
//! remains between our counters and their value over one span. The first two explain; the rest needs evidence.

use super::side::{Facts, Range, Side};
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
            detail: detail.into(),
        })
    }

    fn is_to_come(&self, theirs: Option<u64>) -> bool {
        theirs.is_none() && self.resource == Resource::Cpu && self.side.facts.is_first
    }

    fn is_stale(&self) -> bool {
        self.age_ns > self.stale_ns
    }

    fn stale(&self) -> (Option<Cause>, String) {
        let age = self.age_ns as f64 / 1e9;
        (Some(Cause::Stale), format!("{}'s newest value is {age:.0} s old", self.who()))
    }

    fn who(&self) -> &'static str {
        match self.against {
            SourceKind::Cgroup => "the cgroup",
            SourceKind::Kubelet => "the kubelet",
            SourceKind::MetricsApi => "metrics-server",
            SourceKind::NodeAgent => "the node's agent",
        }
    }

    fn absent(&self, is_theirs: bool) -> (Option<Cause>, String) {
        let facts = &self.side.facts;
        let who = self.who();
        if facts.is_other_pod {
            let text = format!("{who} still has the value of an earlier pod of this name");
            return (Some(Cause::Missing), text);
        }
        if let Some((seen, all)) = facts.visible.filter(|_| !is_theirs) {
            return (Some(Cause::OwnCgroup), format!("{seen} of {all} containers can be read from here"));
        }
        // What a fresh answer does not hold is missing, however old what was held before.
        let is_stale = if is_theirs { self.page_age_ns > self.stale_ns } else { self.is_stale() };
        if is_stale {
            return self.stale();
        }
        if facts.has_restarted {
            return (Some(Cause::Restart), "a container started within the window".to_owned());
        }
        if !is_theirs && self.is_read_here {
            return (Some(Cause::Window), "no whole window of ours is known yet".to_owned());
        }
        let text =
            if is_theirs { format!("{who} has no value") } else { "nothing can be read here".to_owned() };
        (Some(Cause::Missing), text)
    }

    /// `None` while it cannot be told yet.
    fn weigh(&self, ours: f64, theirs: f64) -> Option<(Option<Cause>, String)> {
        let difference = ours - theirs;
        let unit = unit_of(self.resource);
        if difference.abs() <= theirs * self.tolerance {
            return Some((None, String::new()));
        }
        if difference.abs() < unit {
            return Some((Some(Cause::Rounding), "less than what kubectl prints in".to_owned()));
        }
        let facts = &self.side.facts;
        if let Some((seen, all)) = facts.visible {
            return Some((
                Some(Cause::OwnCgroup),
                format!("{seen} of {all} containers can be read from here"),
            ));
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
    fn explained(&self, difference: f64, residual: f64) -> (Option<Cause>, String) {
        let subject = self.subject();
        let window = difference - subject + residual;
        let unit = unit_of(self.resource);
        if subject.abs() <= window.abs() || subject.abs() < unit {
            return (Some(Cause::Window), self.window_detail());
        }
        let facts = &self.side.facts;
        if let Some(name) = &facts.missing {
            return (Some(Cause::Missing), format!("only one of the two has the container {name:?}"));
        }
        if facts.has_restarted {
            return (
                Some(Cause::Restart),
                "the pod keeps what containers used that ended within the window".into(),
            );
        }
        let pause = self.sandbox.unwrap_or(0.0);
        if subject.abs() <= pause * 1.25 + unit {
            let text = format!("the pause container has {}", self.show(pause));
            return (Some(Cause::Pause), text);
        }
        let rest = self.show(subject.abs() - pause);
        (Some(Cause::Overhead), format!("{rest} belong to the pod's cgroup and to no container"))
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

    fn unreproduced(&self, facts: &Facts, reproduced: Option<Range>, theirs: f64) -> (Option<Cause>, String) {
        if facts.has_restarted {
            return (
                Some(Cause::Restart),
                "a container started, ended or was restarted within the window".into(),
            );
        }
        if let Some(name) = &facts.missing {
            return (Some(Cause::Missing), format!("only one of the two has the container {name:?}"));
        }
        if let Some(late) = facts.late_ns {
            let seconds = late as f64 / 1e9;
            let text = format!("{}'s counter stood there {seconds:.1} s from its stamp", self.who());
            return (Some(Cause::Stale), text);
        }
        let unit = unit_of(self.resource);
        if let (Some(ours), Resource::Cpu) = (facts.by_their_clock, self.resource)
            && agrees(Range::exact(ours), theirs, unit, self.tolerance)
        {
            return (Some(Cause::Window), "the wall clock was set within the window".to_owned());
        }
        if reproduced.is_none() && facts.began_inside {
            return (Some(Cause::Window), "their window began before our history".to_owned());
        }
        if facts.slept {
            return (
                Some(Cause::Window),
                "nothing was read for a while within the window: the machine slept".to_owned(),
            );
        }
        (Some(Cause::Unexplained), format!("our counters say otherwise over {}'s own window", self.who()))
    }

    fn window_detail(&self) -> String {
        let age = self.age_ns as f64 / 1e9;
        let window = self.side.theirs.window_ns as f64 / 1e9;
        let clock = self.side.facts.skew_ns as f64 / 1e9;
        let who = self.who();
        match self.side.facts.skew_ns {
            0 => format!("{who}'s window of {window:.0} s ended {age:.0} s ago"),
            _ => format!(
                "{who}'s window of {window:.0} s ended {age:.0} s ago; its clock is {clock:+.1} s off"
            ),
        }
    }

    fn show(&self, amount: f64) -> String {
        match self.resource {
            Resource::Cpu => format!("{:.1}m", amount / 1e6),
            Resource::Memory => format!("{:.1}Mi", amount / 1_048_576.0),
        }
    }
}

/// True where their value lies in our range, as closely as it is printed.
pub(super) fn agrees(ours: Range, theirs: f64, unit: f64, tolerance: f64) -> bool {
    let slack = (theirs * tolerance).max(unit);
    theirs >= ours.low - slack && theirs <= ours.high + slack
}
