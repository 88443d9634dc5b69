//! `if`: what is known is followed, what is drawn by chance becomes a mix, and what is asked of an answer may count.

use super::conditions::ADVICE;
use super::findings::{Gap, Known};
use super::plan::{Sample, Step, Steps};
use super::translator::Translator;
use super::tree::{Act, Expression, Extent, Form, Statement};
use super::value::{Condition, Draw, Value};
use super::walk;

/// Which part of what is drawn makes it true: from one share to another.
#[derive(Clone, Copy)]
struct Share {
    id: usize,
    from: f64,
    to: f64,
}

enum Test {
    Known(bool),
    Chance(Share),
    Condition(Condition),
}

impl Translator<'_> {
    pub(super) fn choose(
        &mut self,
        test: &Expression,
        yes: &[Statement],
        no: Option<&[Statement]>,
        at: Extent,
    ) -> Known<Option<Value>> {
        match self.tested_by(test)? {
            Test::Known(truth) => self.block(if truth { yes } else { no.unwrap_or_default() }),
            Test::Condition(condition) => {
                self.counted_by(&condition, yes, no.unwrap_or_default(), at).map(|()| None)
            }
            Test::Chance(share) => {
                let mut branches = Vec::new();
                self.branches(share, yes, no, 1.0, None, &mut branches)?;
                self.statement = at;
                let shares: Vec<f64> = branches.iter().map(|(share, _)| *share).collect();
                let weights = weights(&shares).ok_or_else(|| {
                    Gap::new(
                        at,
                        "the shares of a choice are no whole numbers, whatever they are multiplied with",
                    )
                })?;
                let steps = branches.into_iter().map(|(_, steps)| steps);
                self.step(Step::Mix(weights.into_iter().zip(steps).collect()))?;
                Ok(None)
            }
        }
    }

    /// A chain of conditions as shares of the whole. `mass` is what is left of it, and `left` of the draw.
    fn branches(
        &mut self,
        share: Share,
        yes: &[Statement],
        no: Option<&[Statement]>,
        mass: f64,
        left: Option<Share>,
        branches: &mut Vec<(f64, Steps)>,
    ) -> Known<()> {
        let left = left.filter(|left| left.id == share.id);
        if left.is_none() && (!self.mixed.insert(share.id) || self.is_drawn(share.id)) {
            return Err(Gap::new(self.statement, "one number that is drawn decides in several places"));
        }
        let left = left.unwrap_or(Share { from: 0.0, to: 1.0, ..share });
        let (from, to) = (share.from.max(left.from), share.to.min(left.to));
        let taken = (to - from).max(0.0) / (left.to - left.from);
        let rest = if from >= to {
            left
        } else if from <= left.from {
            Share { from: to, ..left }
        } else if to >= left.to {
            Share { to: from, ..left }
        } else if no.is_none() {
            left
        } else {
            return Err(Gap::new(self.statement, "a share in the middle leaves two for what follows"));
        };
        branches.push((mass * taken, self.branch(yes)?));
        let mass = mass * (1.0 - taken);
        match no {
            Some([Statement { act: Act::If { test, yes, no }, at }]) if mass > 1e-12 => {
                self.statement = *at;
                match self.tested_by(test)? {
                    Test::Chance(share) => {
                        self.branches(share, yes, no.as_deref(), mass, Some(rest), branches)?;
                    }
                    Test::Known(truth) => {
                        let body = if truth { yes } else { no.as_deref().unwrap_or_default() };
                        branches.push((mass, self.branch(body)?));
                    }
                    Test::Condition(_) => return Err(Gap::new(*at, "an answer decides here").advise(ADVICE)),
                }
            }
            Some(body) => branches.push((mass, self.branch(body)?)),
            None => branches.push((mass, Steps::new())),
        }
        Ok(())
    }

    /// The steps of one choice. What it changes is not known behind it.
    fn branch(&mut self, body: &[Statement]) -> Known<Steps> {
        let before = self.scopes.clone();
        self.charge(before.iter().map(|scope| scope.len() * 8).sum())?;
        let (returned, steps) = self.nested(|translator| translator.block(body));
        self.scopes = before;
        self.forget(&walk::assigned(body));
        match returned? {
            None => Ok(steps),
            Some(_) => Err(Gap::new(self.statement, "a choice ends the iteration")
                .advise("put what follows into the others")),
        }
    }

    fn tested_by(&mut self, test: &Expression) -> Known<Test> {
        if let Form::Binary { operator, left, right } = &test.form {
            if *operator == "&&"
                && let (Some(one), Some(other)) = (self.chance(left)?, self.chance(right)?)
                && one.id == other.id
            {
                let share = Share { from: one.from.max(other.from), to: one.to.min(other.to), ..one };
                return Ok(Test::Chance(share));
            }
            if let Some(share) = self.chance(test)? {
                return Ok(Test::Chance(share));
            }
        }
        let value = self.value(test)?;
        match value {
            Value::Condition(condition) => Ok(Test::Condition(condition)),
            value => match value.truth() {
                Some(truth) => Ok(Test::Known(truth)),
                None => {
                    Err(Gap::new(test.at, "a condition is known only when the script runs").advise(ADVICE))
                }
            },
        }
    }

    /// A draw beside a number.
    fn chance(&mut self, test: &Expression) -> Known<Option<Share>> {
        let Form::Binary { operator, left, right } = &test.form else { return Ok(None) };
        let is_comparison = matches!(*operator, "<" | "<=" | ">" | ">=" | "===" | "==");
        if !is_comparison || !mentions_chance(left) && !mentions_chance(right) {
            return Ok(None);
        }
        let (draw, operator, number) = match (self.value(left)?, self.value(right)?) {
            (Value::Random(draw), Value::Number(number)) => (draw, *operator, number),
            (Value::Number(number), Value::Random(draw)) => {
                (draw, super::arithmetic::flipped(operator), number)
            }
            (Value::Unknown, _) | (_, Value::Unknown) => {
                return Err(Gap::new(test.at, "a value comes from something that was not translated"));
            }
            _ => return Ok(None),
        };
        Ok(share_of(&draw, operator, number))
    }

    /// `if (ok) { good.add(1) } else { bad.add(1) }`.
    fn counted_by(
        &mut self,
        condition: &Condition,
        yes: &[Statement],
        no: &[Statement],
        at: Extent,
    ) -> Known<()> {
        let (yes, no) = (self.adds(yes, at)?, self.adds(no, at)?);
        for &(metric, arguments) in &yes {
            let other = no.iter().find(|(other, _)| *other == metric);
            let truths = other.map(|(_, other)| (first_truth(arguments), first_truth(other)));
            match truths {
                None => self.add_when(metric, arguments, condition, at)?,
                Some((Some(yes), Some(no))) if yes != no => {
                    let Condition { request, claims, is_negated } = condition.clone();
                    let sample = Sample::Holds { at, claims, is_negated: is_negated ^ !yes };
                    self.record(metric, request, sample, at)?;
                }
                Some(_) => return Err(Gap::new(at, "an answer decides what is added").advise(ADVICE)),
            }
        }
        let opposite = Condition { is_negated: !condition.is_negated, ..condition.clone() };
        for &(metric, arguments) in
            no.iter().filter(|(metric, _)| !yes.iter().any(|(known, _)| known == metric))
        {
            self.add_when(metric, arguments, &opposite, at)?;
        }
        Ok(())
    }

    /// Statements that do nothing but add to metrics, and say something.
    fn adds<'t>(&mut self, body: &'t [Statement], at: Extent) -> Known<Vec<(usize, &'t [Expression])>> {
        let mut adds = Vec::new();
        for statement in body {
            let decides = || Gap::new(at, "an answer decides what is done").advise(ADVICE);
            let Act::Expression(one) = &statement.act else { return Err(decides()) };
            let Form::Call { callee, arguments } = &one.form else { return Err(decides()) };
            let Form::Member { of, key } = &callee.form else { return Err(decides()) };
            if !matches!(of.form, Form::Name(_)) {
                return Err(decides());
            }
            match (self.value(of)?, key.as_str()) {
                (Value::Metric(metric), "add") => adds.push((metric, arguments.as_slice())),
                (Value::Native(name), _) if name == "console" => {
                    self.note(at, "what is said on the terminal is left out");
                }
                _ => return Err(decides()),
            }
        }
        Ok(adds)
    }
}

fn first_truth(arguments: &[Expression]) -> Option<bool> {
    arguments.first().and_then(truth_of)
}

/// Of what needs nothing to be done.
pub(super) fn truth_of(one: &Expression) -> Option<bool> {
    match one.form {
        Form::Boolean(truth) => Some(truth),
        Form::Number(0.0) => Some(false),
        Form::Number(1.0) => Some(true),
        _ => None,
    }
}

/// Nothing is called but what draws.
fn mentions_chance(one: &Expression) -> bool {
    let mut is_plain = true;
    walk::expression(one, &mut |one| match &one.form {
        Form::Call { callee, .. } => {
            is_plain &= match &callee.form {
                Form::Member { of, .. } => matches!(&of.form, Form::Name(name) if name == "Math"),
                Form::Name(name) => name.starts_with("random"),
                _ => false,
            };
        }
        Form::Name(_) | Form::Number(_) | Form::Member { .. } | Form::Binary { .. } => {}
        _ => is_plain = false,
    });
    is_plain
}

fn share_of(draw: &Draw, operator: &str, number: f64) -> Option<Share> {
    let share =
        |from: f64, to: f64| Some(Share { id: draw.id, from: from.clamp(0.0, 1.0), to: to.clamp(0.0, 1.0) });
    let behind = number - draw.least;
    if !draw.is_whole {
        let at = behind / draw.width;
        return match operator {
            "<" | "<=" => share(0.0, at),
            ">" | ">=" => share(at, 1.0),
            _ => None,
        };
    }
    let all = draw.width + 1.0;
    match operator {
        "<" => share(0.0, behind.ceil() / all),
        "<=" => share(0.0, (behind.floor() + 1.0) / all),
        ">" => share((behind.floor() + 1.0) / all, 1.0),
        ">=" => share(behind.ceil() / all, 1.0),
        _ if behind.fract() == 0.0 => share(behind / all, (behind + 1.0) / all),
        _ => None,
    }
}

/// Whole numbers in these shares: percents where that is enough.
fn weights(shares: &[f64]) -> Option<Vec<u32>> {
    let of = |whole: u32| -> Option<Vec<u32>> {
        let weight = |share: &f64| {
            let weight = share * f64::from(whole);
            ((weight - weight.round()).abs() < 1e-9).then(|| weight.round() as u32)
        };
        shares.iter().map(weight).collect()
    };
    [100, 1000, 10_000, 100_000, 1_000_000].into_iter().chain(2..1000).find_map(of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_become_whole_numbers() {
        for (shares, expected) in [
            (vec![0.35, 0.6, 0.05], Some(vec![35, 60, 5])),
            (vec![0.125, 0.875], Some(vec![125, 875])),
            (vec![1.0 / 3.0, 2.0 / 3.0], Some(vec![1, 2])),
            (vec![0.123_456_789, 0.876_543_211], None),
        ] {
            assert_eq!(weights(&shares), expected);
        }
    }

    #[test]
    fn a_draw_beside_a_number_is_a_share() {
        let draw = |least, width, is_whole| Draw { id: 1, least, width, is_whole, kept: None };
        for (draw, operator, number, expected) in [
            (draw(0.0, 1.0, false), "<", 0.35, (0.0, 0.35)),
            (draw(0.0, 100.0, false), ">=", 35.0, (0.35, 1.0)),
            (draw(1.0, 99.0, true), "<=", 35.0, (0.0, 0.35)),
            (draw(0.0, 9.0, true), "<", 2.5, (0.0, 0.3)),
            (draw(0.0, 3.0, true), "===", 2.0, (0.5, 0.75)),
            (draw(0.0, 1.0, false), "<", 7.0, (0.0, 1.0)),
        ] {
            let share = share_of(&draw, operator, number).unwrap();
            assert!(
                (share.from - expected.0).abs() < 1e-12 && (share.to - expected.1).abs() < 1e-12,
                "{operator} {number}"
            );
        }
    }
}
