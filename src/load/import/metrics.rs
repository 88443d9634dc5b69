//! Metrics of the script's own, and their samples.

use super::claim::{Claim, Statuses};
use super::conditions::IN_BYTES;
use super::findings::{Gap, Known};
use super::plan::{Metric, Sample, Step};
use super::translator::Translator;
use super::tree::{Expression, Extent};
use super::value::{Condition, Part, Value, number_text};
use crate::load::metric::BUILT_IN;

/// k6's bound.
const LONGEST_NAME: usize = 128;

impl Translator<'_> {
    pub(super) fn new_metric(
        &mut self,
        kind: &'static str,
        arguments: &[Expression],
        at: Extent,
    ) -> Known<Value> {
        let values = self.values(arguments)?;
        let name = values.first().and_then(Value::literal);
        let name = name.ok_or_else(|| Gap::new(at, "the name of a metric is filled in"))?;
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let starts = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        if !starts || !name.chars().all(is_word) || name.len() > LONGEST_NAME {
            return Err(Gap::new(at, "the name of a metric may hold letters, digits and _, no digit first"));
        }
        if BUILT_IN.iter().any(|(known, _)| *known == name) {
            return Err(Gap::new(at, format!("{name} is a metric of every run")));
        }
        let is_time = values.get(1) == Some(&Value::Boolean(true));
        let known = self.metrics.iter().position(|metric| metric.name == name);
        let metric = known.unwrap_or_else(|| {
            self.metrics.push(Metric { name, kind, is_time, at: self.statement });
            self.metrics.len() - 1
        });
        Ok(Value::Metric(metric))
    }

    /// `metric.add(value)`.
    pub(super) fn add(&mut self, metric: usize, arguments: &[Expression], at: Extent) -> Known<Value> {
        let value = self.sample(arguments, at)?;
        let sample = match value {
            Value::Part(request, part) => {
                let known = match part {
                    Part::Duration => "duration".to_owned(),
                    Part::Size => {
                        self.note(at, IN_BYTES);
                        "size".to_owned()
                    }
                    Part::Status => "status".to_owned(),
                    Part::Json(path) => path,
                    Part::Other(name) => {
                        let reason = format!("{name} of an answer cannot be recorded");
                        return Err(Gap::new(at, reason)
                            .advise("k6's own metrics, such as http_req_waiting, have it"));
                    }
                    _ => return Err(Gap::new(at, "this of an answer cannot be recorded")),
                };
                (request, Sample::Known(known))
            }
            Value::Condition(Condition { request, claims, is_negated }) => {
                (request, Sample::Holds { at: self.statement, claims, is_negated })
            }
            constant => {
                let number = match constant {
                    Value::Boolean(truth) => u8::from(truth).to_string(),
                    Value::Number(number) => {
                        number_text(number).ok_or_else(|| Gap::new(at, "a sample cannot be written"))?
                    }
                    other => self.written(other, at)?,
                };
                let name = self.metrics[metric].name.clone();
                self.step(Step::Record(name, number))?;
                return Ok(Value::Undefined);
            }
        };
        self.record(metric, sample.0, sample.1, at)?;
        Ok(Value::Undefined)
    }

    /// A sample that is added only if a condition holds. A counter that gets nothing else counts the same.
    pub(super) fn add_when(
        &mut self,
        metric: usize,
        arguments: &[Expression],
        condition: &Condition,
        at: Extent,
    ) -> Known<()> {
        let value = self.sample(arguments, at)?;
        let is_one = matches!(value, Value::Number(1.0) | Value::Boolean(true));
        if self.metrics[metric].kind != "counter" || !is_one {
            let advice = "record: {NAME: failed} or {NAME: passed} adds a sample for each answer";
            return Err(Gap::new(at, "a sample is added only if an answer is right or wrong").advise(advice));
        }
        let Condition { request, claims, is_negated } = condition.clone();
        self.record(metric, request, Sample::Holds { at: self.statement, claims, is_negated }, at)
    }

    fn sample(&mut self, arguments: &[Expression], at: Extent) -> Known<Value> {
        let values = self.values(arguments)?;
        if values.get(1).is_some_and(|tags| *tags != Value::Undefined) {
            self.missing(
                Gap::new(at, "samples have no tags of their own").advise("tag the request, or its scenario"),
            );
        }
        Ok(values.into_iter().next().unwrap_or(Value::Undefined))
    }

    pub(super) fn record(&mut self, metric: usize, request: usize, sample: Sample, at: Extent) -> Known<()> {
        self.goes_with(request, at)?;
        let name = self.metrics[metric].name.clone();
        let records = &mut self.requests[request].records;
        if records.iter().any(|(known, _)| *known == name) {
            return Err(Gap::new(at, format!("{name} gets two samples of one answer")));
        }
        records.push((name, sample));
        Ok(())
    }

    /// Once all is known of the requests: which conditions say the same as `failed` and `passed`, which look at the
    /// expected status and at all checks.
    pub(super) fn settle(&mut self) {
        for at in 0..self.requests.len() {
            let records = std::mem::take(&mut self.requests[at].records);
            let request = &self.requests[at];
            let passes = all_of(&request.checks, request.expect.as_deref());
            let mut settled = Vec::new();
            for (name, sample) in records {
                match sample {
                    Sample::Holds { claims, is_negated, at: place } => {
                        // `status !== 200` is the opposite of what must hold.
                        let opposite = match &claims[..] {
                            [Claim::Status(statuses)] => vec![Claim::Status(statuses.not())],
                            _ => Vec::new(),
                        };
                        let is_opposite = is_same(&passes, &opposite);
                        if is_opposite || is_same(&passes, &claims) {
                            let word = if is_negated ^ is_opposite { "failed" } else { "passed" };
                            settled.push((name, Sample::Known(word.to_owned())));
                        } else {
                            self.statement = place;
                            let reason =
                                format!("{name}: the sample says something else than all checks together");
                            let advice = "record: {NAME: failed} is 1 where the status is unexpected or any check fails";
                            let weight = super::findings::Weight::Missing;
                            let gap = Gap::new(place, reason).advise(advice);
                            let comment = self.findings.add(place, weight, gap);
                            self.requests[at].comments.push(comment);
                        }
                    }
                    known @ Sample::Known(_) => settled.push((name, known)),
                }
            }
            self.requests[at].records = settled;
        }
    }
}

/// What must hold for a request to have passed.
fn all_of(checks: &[(String, Vec<Claim>)], expect: Option<&[String]>) -> Vec<Claim> {
    let mut statuses = match expect {
        Some(words) => Statuses::which(|status| words.iter().any(|word| is_in(word, status))),
        None => Statuses::which(|status| (200..=399).contains(&status)),
    };
    let mut claims = Vec::new();
    for claim in checks.iter().flat_map(|(_, claims)| claims) {
        match claim {
            Claim::Status(more) => statuses = statuses.and(more),
            other @ Claim::Other { .. } if claims.contains(other) => {}
            other @ Claim::Other { .. } => claims.push(other.clone()),
        }
    }
    claims.push(Claim::Status(statuses));
    claims
}

fn is_in(word: &str, status: u16) -> bool {
    let (low, high) = word.split_once('-').unwrap_or((word, word));
    matches!((low.parse::<u16>(), high.parse::<u16>()), (Ok(low), Ok(high)) if low <= status && status <= high)
}

/// The same claims, whatever their order.
fn is_same(passes: &[Claim], claims: &[Claim]) -> bool {
    let mut statuses: Option<Statuses> = None;
    let mut others: Vec<&Claim> = Vec::new();
    for claim in claims {
        match claim {
            Claim::Status(more) => {
                statuses = Some(statuses.map_or_else(|| more.clone(), |known| known.and(more)));
            }
            other @ Claim::Other { .. } if others.contains(&other) => {}
            other @ Claim::Other { .. } => others.push(other),
        }
    }
    let Some(statuses) = statuses else { return false };
    passes.len() == others.len() + 1
        && others.iter().all(|claim| passes.contains(claim))
        && passes.contains(&Claim::Status(statuses))
}
