//! Scenarios as they are written, and the shortcuts that stand for one.

use std::collections::BTreeMap;

use super::fields::{Field, Fields};
use super::node::{Node, Place};
use super::problem::Fault;
use super::values::Reader;
use crate::load::rate::Rate;
use crate::load::scenario::{Arrival, Draft, Kind, Lasting, Late, Scenario, StageDraft};
use crate::load::shortcuts::Shortcuts;
use crate::load::span::{self, Span};
use crate::model::bounds::OutOfRange;

const ARRIVALS: [(&str, Arrival); 2] = [("constant", Arrival::Constant), ("poisson", Arrival::Poisson)];
const LATE: [(&str, Late); 2] = [("drop", Late::Drop), ("start", Late::Start)];

impl Reader<'_> {
    /// What the top of a file says of the run's shape, and whether all of it could be read. Scenarios that could not
    /// be are left out: what they lack then is not for lack of words.
    pub(super) fn shortcuts(&mut self, fields: &mut Fields<'_>) -> (Shortcuts, bool) {
        let before = self.problems.len();
        let scenarios = fields.take("scenarios").map(|field| {
            let mut drafts = BTreeMap::new();
            for (entry, field) in self.named(&field) {
                let before = self.problems.len();
                let draft = self.draft(&field);
                if let Some(draft) = draft.filter(|_| self.problems.len() == before) {
                    drafts.insert(entry.key.clone(), draft);
                }
            }
            drafts
        });
        let shortcuts = Shortcuts {
            vus: fields.take("vus").and_then(|field| self.whole(&field)),
            duration: fields.take("duration").and_then(|field| self.span(&field)),
            iterations: fields.take("iterations").and_then(|field| self.whole(&field)),
            stages: fields.take("stages").map(|field| self.stages(&field)),
            rate: fields.take("rate").and_then(|field| self.rate(&field)),
            scenarios,
        };
        (shortcuts, self.problems.len() == before)
    }

    /// What is wrong with single scenarios, where there can be no run.
    pub(super) fn check_scenarios(&mut self, root: &Node, own: &Shortcuts) {
        for (name, draft) in own.scenarios.iter().flatten() {
            for problem in draft.build(name).err().into_iter().flatten() {
                self.complain(place_of(root, &problem), Fault::BadValue(problem));
            }
        }
    }

    /// What runs. A complaint names a place where the file alone is to blame, and none where flags and environment
    /// have a share in it.
    pub(super) fn scenarios(&mut self, root: &Node, own: &Shortcuts, overrides: &Shortcuts) -> Vec<Scenario> {
        let found = match overrides.clone().over(own.clone()).scenarios() {
            Ok(scenarios) => return scenarios,
            Err(found) => found,
        };
        let blamed = own.scenarios().err().unwrap_or_default();
        for problem in found {
            let is_own = blamed.contains(&problem);
            let place = is_own.then(|| place_of(root, &problem)).flatten();
            self.complain(place, Fault::BadValue(problem));
        }
        Vec::new()
    }

    fn draft(&mut self, field: &Field<'_>) -> Option<Draft> {
        let mut fields = self.fields(field)?;
        let mut take = |key| fields.take(key);
        let kinds = Kind::ALL.map(|(kind, name)| (name, kind));
        let draft = Draft {
            executor: take("executor").and_then(|field| self.choice(&field, &kinds)),
            start_time: take("startTime").and_then(|field| self.span(&field)),
            graceful_stop: take("gracefulStop").and_then(|field| self.span(&field)),
            env: take("env").map(|field| self.pairs(&field).into_iter().collect()).unwrap_or_default(),
            exec: take("exec").and_then(|field| self.text(&field)),
            tags: take("tags").map(|field| self.pairs(&field).into_iter().collect()).unwrap_or_default(),
            vus: take("vus").and_then(|field| self.whole(&field)),
            iterations: take("iterations").and_then(|field| self.whole(&field)),
            max_duration: take("maxDuration").and_then(|field| self.span(&field)),
            duration: take("duration").and_then(|field| self.lasting(&field)),
            start_vus: take("startVUs").and_then(|field| self.whole(&field)),
            stages: take("stages").map(|field| self.stages(&field)),
            graceful_ramp_down: take("gracefulRampDown").and_then(|field| self.span(&field)),
            rate: take("rate").and_then(|field| self.whole(&field)),
            start_rate: take("startRate").and_then(|field| self.whole(&field)),
            time_unit: take("timeUnit").and_then(|field| self.span(&field)),
            pre_allocated_vus: take("preAllocatedVUs").and_then(|field| self.whole(&field)),
            max_vus: take("maxVUs").and_then(|field| self.whole(&field)),
            arrival: take("arrival").and_then(|field| self.choice(&field, &ARRIVALS)),
            late: take("late").and_then(|field| self.choice(&field, &LATE)),
        };
        fields.finish(self);
        Some(draft)
    }

    fn stages(&mut self, field: &Field<'_>) -> Vec<StageDraft> {
        let items = self.items(field);
        items.iter().filter_map(|item| self.stage(item)).collect()
    }

    fn stage(&mut self, field: &Field<'_>) -> Option<StageDraft> {
        let mut fields = self.fields(field)?;
        let stage = StageDraft {
            duration: fields.take("duration").and_then(|field| self.span(&field)),
            target: fields.take("target").and_then(|field| self.whole(&field)),
        };
        fields.finish(self);
        Some(stage)
    }

    fn lasting(&mut self, field: &Field<'_>) -> Option<Lasting> {
        let text = self.text(field)?;
        if text == "forever" {
            return Some(Lasting::Forever);
        }
        match Span::parse(&text) {
            Ok(span) => Some(Lasting::For(span)),
            Err(error) => {
                self.refuse(field, error.reason, format!("{}, or forever", span::ALLOWED));
                None
            }
        }
    }

    fn rate(&mut self, field: &Field<'_>) -> Option<Rate> {
        let rate = Rate::parse(&self.text(field)?).ok();
        if rate.is_none() {
            self.refuse(
                field,
                "is no rate",
                "starts in a second such as 200, or in a unit such as 200/s or 3/1m",
            );
        }
        rate
    }
}

/// Which keys at the top become which of the scenario that stands for them.
const SHORTCUTS: [(&str, &str); 4] =
    [("iterations", "vus"), ("maxDuration", "duration"), ("preAllocatedVUs", "vus"), ("startVUs", "vus")];

fn place_of(root: &Node, problem: &OutOfRange) -> Option<Place> {
    // A bad name is the value, and its own key.
    let named =
        (problem.key == "scenarios").then(|| root.entry("scenarios")?.node.entry(&problem.value)).flatten();
    if let Some(entry) = named {
        return Some(entry.place);
    }
    // What is lacking may have something around it that is there.
    let lacking = problem.reason.strip_prefix("lacks ");
    let path = lacking.map_or(problem.key.clone(), |lacking| format!("{}.{lacking}", problem.key));
    if root.entry("scenarios").is_some() {
        return root.place_of(&path);
    }
    let key = path.strip_prefix("scenarios.default.").unwrap_or(&path);
    let other = SHORTCUTS.iter().find(|(derived, _)| *derived == key).map(|(_, key)| *key);
    root.place_of(key).or_else(|| root.place_of(other?))
}
