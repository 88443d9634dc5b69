//! What is said of an answer, as claims of a check: comparisons, and what joins them.

use super::arithmetic::compare;
use super::claim::{Claim, Statuses};
use super::findings::{Gap, Known};
use super::translator::Translator;
use super::tree::{Expression, Extent, Form};
use super::value::{Condition, Part, Value, escaped, number_text};
use super::walk;
use super::yaml::Yaml;

/// Said of a body's length.
pub(super) const IN_BYTES: &str = "a body's length is counted in bytes here, not in characters";

const NO_CHECK: &str = "no check of ours says this";

impl Translator<'_> {
    /// A part of an answer beside a constant.
    pub(super) fn condition(
        &mut self,
        request: usize,
        part: &Part,
        operator: &'static str,
        other: &Value,
        at: Extent,
    ) -> Known<Value> {
        let claims = match (part, other) {
            (Part::Status, Value::Number(number)) => {
                vec![Claim::Status(Statuses::which(|status| compare(operator, f64::from(status), *number)))]
            }
            (Part::Duration, Value::Number(millis)) if matches!(operator, "<" | "<=") && *millis >= 0.0 => {
                if operator == "<=" {
                    self.note(at, "the duration must be below the bound here, not at it");
                }
                let millis = number_text(*millis).ok_or_else(|| Gap::new(at, NO_CHECK))?;
                vec![Claim::other("duration", Yaml::bare(&format!("{millis}ms")))]
            }
            (Part::Size, Value::Number(_)) => {
                if !(operator == ">" && *other == Value::Number(0.0)) {
                    self.note(at, IN_BYTES);
                }
                vec![tested("size", operator, other, at)?]
            }
            (Part::JsonLength(path), Value::Number(number)) => lengths(path, operator, *number, at)?,
            (Part::Json(path), _) => vec![tested(&format!("json {path}"), operator, other, at)?],
            (Part::Header(name), _) => vec![tested(&format!("header {name}"), operator, other, at)?],
            (Part::Body, Value::Text(_)) => vec![tested("body", operator, other, at)?],
            (Part::IndexOf { key, text }, Value::Number(number)) => {
                let is_there = matches!((operator, *number), ("!==" | "!=" | ">", -1.0) | (">=", 0.0));
                if !is_there {
                    return Err(Gap::new(at, NO_CHECK));
                }
                vec![Claim::other(key.clone(), Yaml::text(text.clone()))]
            }
            _ => return Err(Gap::new(at, NO_CHECK)),
        };
        Ok(Value::Condition(Condition { request, claims, is_negated: false }))
    }

    /// `body && body.includes(...)`: what asks for a text in a body asks for a body.
    pub(super) fn guarded(&mut self, request: usize, right: &Expression, at: Extent) -> Known<Value> {
        if walk::only_asks(right)
            && let Value::Condition(condition) = self.value(right)?
        {
            let asks = |claim: &Claim| matches!(claim, Claim::Other { key, .. } if key == "body contains" || key == "body matches");
            if condition.request == request && !condition.is_negated && condition.claims.iter().any(asks) {
                return Ok(Value::Condition(condition));
            }
        }
        Err(Gap::new(at, NO_CHECK))
    }

    /// `ok && more`, `ok || more`.
    pub(super) fn joined(
        &mut self,
        operator: &str,
        left: Condition,
        right: &Expression,
        at: Extent,
    ) -> Known<Value> {
        if let Form::Call { callee, arguments } = &right.form
            && let Form::Member { of, key } = &callee.form
            && key == "add"
            && let Value::Metric(metric) = self.value(of)?
        {
            let condition = Condition { is_negated: left.is_negated ^ (operator == "||"), ..left };
            self.add_when(metric, arguments, &condition, at)?;
            return Ok(Value::Unknown);
        }
        if !walk::only_asks(right) {
            return Err(Gap::new(at, "something is done only if an answer is right or wrong").advise(ADVICE));
        }
        let right = match self.value(right)? {
            Value::Condition(right) if right.request == left.request => right,
            Value::Boolean(true) if operator == "&&" => return Ok(Value::Condition(left)),
            _ => return Err(Gap::new(at, NO_CHECK)),
        };
        let (left, right) = (straight(left, at)?, straight(right, at)?);
        let claims = match (operator, &left.claims[..], &right.claims[..]) {
            ("||", [Claim::Status(one)], [Claim::Status(other)]) => vec![Claim::Status(one.or(other))],
            ("&&", ..) => both(&left.claims, &right.claims),
            _ => {
                return Err(Gap::new(
                    at,
                    "one of several conditions is enough; a check needs all of its own",
                ));
            }
        };
        Ok(Value::Condition(Condition { claims, ..left }))
    }
}

/// A value beside a constant, in the words of a check.
fn tested(key: &str, operator: &'static str, other: &Value, at: Extent) -> Known<Claim> {
    let sign = match operator {
        "===" => "==",
        "!==" => "!=",
        // What JavaScript takes for equal beside a text or number is another question.
        "==" | "!=" if matches!(other, Value::Null | Value::Undefined | Value::Boolean(_)) => {
            return Err(Gap::new(at, format!("{operator} takes several values for equal; use {operator}=")));
        }
        other => other,
    };
    let is_equality = matches!(sign, "==" | "!=");
    let test = match other {
        Value::Undefined if sign == "!=" => "exists".to_owned(),
        Value::Undefined if sign == "==" => "absent".to_owned(),
        Value::Null if is_equality && key.starts_with("json ") => format!("{sign} null"),
        Value::Boolean(truth) if is_equality && key.starts_with("json ") => format!("{sign} {truth}"),
        Value::Number(number) => {
            let number = number_text(*number).ok_or_else(|| Gap::new(at, NO_CHECK))?;
            if sign == "==" && key.starts_with("json ") {
                return Ok(Claim::other(key, Yaml::bare(&number)));
            }
            format!("{sign} {number}")
        }
        Value::Text(text) if is_equality && text.is_static() => {
            let text = text.written().ok_or_else(|| Gap::new(at, NO_CHECK))?;
            let is_word = text.starts_with(|c: char| c.is_ascii_alphabetic())
                && text.chars().all(|c| c.is_ascii_alphanumeric())
                && !matches!(text.as_str(), "exists" | "absent" | "true" | "false" | "null");
            if sign == "==" && is_word {
                return Ok(Claim::other(key, Yaml::text(text)));
            }
            format!("{sign} \"{text}\"")
        }
        Value::Text(_) => {
            return Err(Gap::new(at, "a check compares with what is known before the run"));
        }
        _ => return Err(Gap::new(at, NO_CHECK)),
    };
    Ok(Claim::other(key, Yaml::text(test)))
}

pub(super) const ADVICE: &str = "flows do the same whatever an answer says; a flow of its own is one way";

/// Without a negation in front, where there is a claim that says the opposite.
pub(super) fn straight(condition: Condition, at: Extent) -> Known<Condition> {
    if !condition.is_negated {
        return Ok(condition);
    }
    match &condition.claims[..] {
        [Claim::Status(statuses)] => {
            let claims = vec![Claim::Status(statuses.not())];
            Ok(Condition { claims, is_negated: false, ..condition })
        }
        _ => Err(Gap::new(at, "the opposite of a condition has no form of its own in a check")),
    }
}

/// All of both; what is said of the status is said once.
fn both(left: &[Claim], right: &[Claim]) -> Vec<Claim> {
    let mut claims = left.to_vec();
    for claim in right {
        let known = claims.iter().position(|known| matches!(known, Claim::Status(_)));
        match (known, claim) {
            (Some(at), Claim::Status(more)) => {
                if let Claim::Status(known) = &claims[at] {
                    claims[at] = Claim::Status(known.and(more));
                }
            }
            _ if claims.contains(claim) => {}
            _ => claims.push(claim.clone()),
        }
    }
    claims
}

/// How long a list is, by what is there and what is not.
fn lengths(path: &str, operator: &str, number: f64, at: Extent) -> Known<Vec<Claim>> {
    let there = |index: f64| Claim::other(format!("json {path}[{index}]"), Yaml::text("exists"));
    let gone = |index: f64| Claim::other(format!("json {path}[{index}]"), Yaml::text("absent"));
    if number.fract() != 0.0 || !(0.0..=1e9).contains(&number) {
        return Err(Gap::new(at, NO_CHECK));
    }
    match operator {
        ">" => Ok(vec![there(number)]),
        "!==" | "!=" if number == 0.0 => Ok(vec![there(0.0)]),
        ">=" if number > 0.0 => Ok(vec![there(number - 1.0)]),
        "===" | "==" if number > 0.0 => Ok(vec![there(number - 1.0), gone(number)]),
        _ => Err(Gap::new(at, NO_CHECK)),
    }
}

/// A text that must be in a part of an answer: the key of the check, and the text as it stands there.
pub(super) fn contains(part: &Part, text: &str, at: Extent) -> Known<(String, String)> {
    let key = match part {
        Part::Body => "body contains".to_owned(),
        Part::Header(name) => format!("header {name} contains"),
        Part::Json(path) => format!("json {path} contains"),
        _ => return Err(Gap::new(at, NO_CHECK)),
    };
    Ok((key, escaped(text)))
}
