//! A scenario out of what is written, by k6's rules. All that is wrong is said at once.
//!
//! Source: k6 `lib/executor/*.go`, the `Validate` of each.

use super::draft::{Draft, Lasting, StageDraft};
use super::executor::{Executor, Kind, Pool, Scenario, Stage};
use super::keys;
use crate::load::rate::{MAX_RATE, MAX_STAGE, Rate};
use crate::load::span::Span;
use crate::model::bounds::OutOfRange;
use crate::model::nearest::nearest;

/// k6's limit of users.
const MAX_VUS: u64 = 100_000_000;
const SHORTEST: Span = Span::SECOND;
const DEFAULT_MAX_DURATION: Span = Span::from_secs(600);
const DEFAULT_GRACE: Span = Span::from_secs(30);

impl Draft {
    /// Each problem names the key below `scenarios`, what is wrong with its value and what is allowed.
    pub fn build(&self, name: &str) -> Result<Scenario, Vec<OutOfRange>> {
        let mut check = Check { name, kind: self.executor, problems: Vec::new() };
        let is_named = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if name.is_empty() || !name.chars().all(is_named) {
            let allowed = "letters, digits, _ and - in the name of a scenario";
            check.problems.push(OutOfRange::new("scenarios", name, "is no name", allowed));
        }
        if self.exec.as_deref() == Some("") {
            check.refuse("exec", "", "is empty", "the name of a flow");
        }
        let executor = if let Some(kind) = self.executor {
            check.keys(self, kind);
            check.executor(self, kind)
        } else {
            check.lacks("executor", &Kind::ALL.map(|(_, name)| name).join(", "));
            None
        };
        match executor {
            Some(executor) if check.problems.is_empty() => Ok(Scenario {
                name: name.to_owned(),
                executor,
                start_time: self.start_time.unwrap_or_default(),
                graceful_stop: self.graceful_stop.unwrap_or(DEFAULT_GRACE),
                exec: self.exec.clone().unwrap_or_else(|| "default".to_owned()),
                env: self.env.clone(),
                tags: self.tags.clone(),
            }),
            _ => Err(check.problems),
        }
    }
}

/// Collects what is wrong with one scenario. A value that is wrong is `None`.
struct Check<'a> {
    name: &'a str,
    kind: Option<Kind>,
    problems: Vec<OutOfRange>,
}

impl Check<'_> {
    fn executor(&mut self, draft: &Draft, kind: Kind) -> Option<Executor> {
        match kind {
            Kind::SharedIterations => {
                let (vus, iterations, max_duration) = self.iterations(draft);
                let (vus, iterations) = (vus?, iterations?);
                if iterations < vus {
                    let reason = format!("is below the {vus} vus that share them");
                    self.refuse("iterations", &iterations.to_string(), &reason, "at least as many as vus");
                }
                Some(Executor::SharedIterations { vus, iterations, max_duration: max_duration? })
            }
            Kind::PerVuIterations => {
                let (vus, iterations, max_duration) = self.iterations(draft);
                Some(Executor::PerVuIterations {
                    vus: vus?,
                    iterations: iterations?,
                    max_duration: max_duration?,
                })
            }
            Kind::ConstantVus => {
                let vus = self.number("vus", Some(draft.vus.unwrap_or(1)), 1, MAX_VUS);
                let duration = self.duration(draft);
                Some(Executor::ConstantVus { vus: vus?, duration: duration?.span() })
            }
            Kind::RampingVus => {
                let start_vus = self.number("startVUs", Some(draft.start_vus.unwrap_or(1)), 0, MAX_VUS);
                let stages = self.stages(draft, MAX_VUS, Span::from_nanos(i64::MAX as u64));
                let (start_vus, stages) = (start_vus?, stages?);
                if start_vus == 0 && stages.iter().all(|stage| stage.target == 0) {
                    self.refuse(
                        "startVUs",
                        "0",
                        "is all that there ever are",
                        "a target or startVUs above 0",
                    );
                }
                let graceful_ramp_down = draft.graceful_ramp_down.unwrap_or(DEFAULT_GRACE);
                Some(Executor::RampingVus { start_vus, stages, graceful_ramp_down })
            }
            Kind::ConstantArrivalRate => {
                let starts = self.number("rate", draft.rate, 1, MAX_RATE);
                let unit = self.time_unit(draft);
                let duration = self.duration(draft);
                let pool = self.pool(draft);
                Some(Executor::ConstantArrivalRate {
                    rate: Rate { starts: starts?, unit: unit? },
                    duration: duration?.span(),
                    arrival: draft.arrival.unwrap_or_default(),
                    late: draft.late.unwrap_or_default(),
                    pool: pool?,
                })
            }
            Kind::RampingArrivalRate => {
                let starts = self.number("startRate", Some(draft.start_rate.unwrap_or(0)), 0, MAX_RATE);
                let unit = self.time_unit(draft);
                let stages = self.stages(draft, MAX_RATE, MAX_STAGE);
                let pool = self.pool(draft);
                Some(Executor::RampingArrivalRate {
                    start_rate: Rate { starts: starts?, unit: unit? },
                    stages: stages?,
                    arrival: draft.arrival.unwrap_or_default(),
                    late: draft.late.unwrap_or_default(),
                    pool: pool?,
                })
            }
        }
    }

    /// Keys that this executor does not have.
    fn keys(&mut self, draft: &Draft, kind: Kind) {
        let known = keys::of(kind);
        for key in keys::given(draft).filter(|key| !known.contains(key)) {
            let meant = nearest(key, known.iter().copied());
            let meant = meant.map(|meant| format!("; did you mean {meant}?")).unwrap_or_default();
            let reason = format!("is no key of {}{meant}", kind.name());
            self.refuse(key, key, &reason, &known.join(", "));
        }
    }

    fn iterations(&mut self, draft: &Draft) -> (Option<u64>, Option<u64>, Option<Span>) {
        let vus = self.number("vus", Some(draft.vus.unwrap_or(1)), 1, MAX_VUS);
        let iterations = self.number("iterations", Some(draft.iterations.unwrap_or(1)), 1, i64::MAX as u64);
        let max_duration = self.at_least("maxDuration", draft.max_duration.unwrap_or(DEFAULT_MAX_DURATION));
        (vus, iterations, max_duration)
    }

    fn duration(&mut self, draft: &Draft) -> Option<Lasting> {
        match draft.duration {
            Some(Lasting::Forever) => Some(Lasting::Forever),
            Some(Lasting::For(span)) => self.at_least("duration", span).map(Lasting::For),
            None => {
                self.lacks("duration", &format!("{SHORTEST} or longer, or forever"));
                None
            }
        }
    }

    fn pool(&mut self, draft: &Draft) -> Option<Pool> {
        let pre = self.number("preAllocatedVUs", draft.pre_allocated_vus, 0, MAX_VUS);
        let max_vus = draft.max_vus.map(|given| self.number("maxVUs", Some(given), 1, MAX_VUS));
        let (pre_allocated_vus, max_vus) = (pre?, max_vus.unwrap_or(pre)?);
        if max_vus < pre_allocated_vus {
            let reason = format!("is below preAllocatedVUs, {pre_allocated_vus}");
            self.refuse("maxVUs", &max_vus.to_string(), &reason, "at least preAllocatedVUs");
        }
        if max_vus == 0 {
            self.refuse(
                "preAllocatedVUs",
                "0",
                "leaves no user without maxVUs",
                "1 or more, or maxVUs above 0",
            );
        }
        Some(Pool { pre_allocated_vus, max_vus })
    }

    fn time_unit(&mut self, draft: &Draft) -> Option<Span> {
        let unit = draft.time_unit.unwrap_or(Span::SECOND);
        if unit == Span::default() {
            self.refuse("timeUnit", "0s", "is no unit", "longer than 0s");
            return None;
        }
        Some(unit)
    }

    fn stages(&mut self, draft: &Draft, most: u64, longest: Span) -> Option<Vec<Stage>> {
        let stages = draft.stages.as_deref().unwrap_or_default();
        if stages.is_empty() {
            self.lacks("stages", "at least one stage of duration and target");
            return None;
        }
        let checked: Vec<Option<Stage>> =
            stages.iter().enumerate().map(|(at, stage)| self.stage(at, *stage, most, longest)).collect();
        checked.into_iter().collect()
    }

    fn stage(&mut self, at: usize, stage: StageDraft, most: u64, longest: Span) -> Option<Stage> {
        let key = |field: &str| format!("stages[{at}].{field}");
        let target = self.number(&key("target"), stage.target, 0, most);
        match stage.duration {
            None => self.lacks(&key("duration"), "0s or longer"),
            Some(duration) if duration > longest => {
                let reason = format!("is above {longest}");
                self.refuse(&key("duration"), &duration.to_string(), &reason, &format!("0s to {longest}"));
            }
            Some(duration) => return Some(Stage { duration, target: target? }),
        }
        None
    }

    fn at_least(&mut self, key: &str, span: Span) -> Option<Span> {
        if span < SHORTEST {
            let reason = format!("is below {SHORTEST}");
            self.refuse(key, &span.to_string(), &reason, &format!("{SHORTEST} or longer"));
            return None;
        }
        Some(span)
    }

    fn number(&mut self, key: &str, given: Option<i64>, least: u64, most: u64) -> Option<u64> {
        let allowed = format!("{least} to {most}");
        let Some(given) = given else {
            self.lacks(key, &allowed);
            return None;
        };
        match u64::try_from(given) {
            Ok(number) if number > most => {
                self.refuse(key, &given.to_string(), &format!("is above {most}"), &allowed);
                None
            }
            Ok(number) if number >= least => Some(number),
            _ => {
                self.refuse(key, &given.to_string(), &format!("is below {least}"), &allowed);
                None
            }
        }
    }

    /// What is not there has no value: the executor stands for it.
    fn lacks(&mut self, key: &str, allowed: &str) {
        let of = if let Some(kind) = self.kind { kind.name() } else { self.name };
        let place = format!("scenarios.{}", self.name);
        self.problems.push(OutOfRange::new(place, of, format!("lacks {key}"), allowed));
    }

    fn refuse(&mut self, key: &str, value: &str, reason: &str, allowed: &str) {
        self.problems.push(OutOfRange::new(format!("scenarios.{}.{key}", self.name), value, reason, allowed));
    }
}
