//! Signs between values: of constants as JavaScript has it, of draws as far as they stay even, and of what picks a row.

use super::findings::{Gap, Known};
use super::translator::Translator;
use super::tree::Extent;
use super::value::{Draw, Kind, Piece, Text, Value};

const AT_RUN_TIME: &str = "arithmetic with what is known only when the script runs";

impl Translator<'_> {
    pub(super) fn unary(&mut self, operator: &str, of: Value, at: Extent) -> Known<Value> {
        match (operator, of) {
            ("!", Value::Condition(mut condition)) => {
                condition.is_negated ^= true;
                Ok(Value::Condition(condition))
            }
            ("!", value) => match value.truth() {
                Some(truth) => Ok(Value::Boolean(!truth)),
                None => Err(Gap::new(at, "a condition is known only when the script runs")),
            },
            ("-", Value::Number(number)) => Ok(Value::Number(-number)),
            ("+", value) => self.number_of(value, at),
            ("void", _) => Ok(Value::Undefined),
            _ => Err(Gap::new(at, format!("{operator} is not understood here"))),
        }
    }

    /// As `Number(value)`: what is filled in is taken for one.
    pub(super) fn number_of(&mut self, value: Value, at: Extent) -> Known<Value> {
        match value {
            Value::Number(_) | Value::Random(_) | Value::Condition(_) => Ok(value),
            Value::Boolean(truth) => Ok(Value::Number(f64::from(u8::from(truth)))),
            Value::Text(text) => match text.as_literal() {
                Some(literal) => match literal.trim().parse() {
                    Ok(number) if f64::is_finite(number) => Ok(Value::Number(number)),
                    _ => Err(Gap::new(at, "a text that is no number is made one")),
                },
                None => Ok(Value::Text(Text { kind: Kind::Number, ..text })),
            },
            Value::Part(..) => {
                let text = self.text_of(value, at)?;
                Ok(Value::Text(Text { kind: Kind::Number, ..text }))
            }
            _ => Err(Gap::new(at, "what is made a number is not known")),
        }
    }

    pub(super) fn binary(
        &mut self,
        operator: &'static str,
        left: Value,
        right: Value,
        at: Extent,
    ) -> Known<Value> {
        match operator {
            "===" | "!==" | "==" | "!=" | "<" | "<=" | ">" | ">=" => self.compared(operator, left, right, at),
            "+" => self.sum(left, right, at),
            _ => match (left, right) {
                (Value::Number(left), Value::Number(right)) => number(operator, left, right, at),
                (Value::Random(draw), Value::Number(by)) => scaled(&draw, operator, by, at),
                (Value::Number(by), Value::Random(draw)) if operator == "*" => scaled(&draw, "*", by, at),
                (Value::Random(draw), Value::Rows(file)) | (Value::Rows(file), Value::Random(draw))
                    if operator == "*" && is_bare(&draw) =>
                {
                    Ok(Value::Position { file, order: "random" })
                }
                (Value::Text(text), Value::Number(less)) if operator == "-" && is_user(&text) => {
                    Ok(Value::User(less))
                }
                (Value::User(_), Value::Rows(file)) if operator == "%" => {
                    Ok(Value::Position { file, order: "unique-per-vu" })
                }
                (Value::Text(text), Value::Rows(file)) if operator == "%" && is_user(&text) => {
                    Ok(Value::Position { file, order: "unique-per-vu" })
                }
                (Value::Text(text), Value::Rows(file)) if operator == "%" && is_iteration(&text) => {
                    self.note(
                        at,
                        "the rows are taken in turn over all users, not by each user from the first on",
                    );
                    Ok(Value::Position { file, order: "sequential" })
                }
                (Value::Native(name), Value::Rows(file))
                    if operator == "%" && name == "k6/execution.scenario.iterationInTest" =>
                {
                    Ok(Value::Position { file, order: "sequential" })
                }
                (Value::Unknown, _) | (_, Value::Unknown) => {
                    Err(Gap::new(at, "a value comes from something that was not translated"))
                }
                _ => Err(Gap::new(at, AT_RUN_TIME)),
            },
        }
    }

    fn sum(&mut self, left: Value, right: Value, at: Extent) -> Known<Value> {
        match (&left, &right) {
            (Value::Number(left), Value::Number(right)) => Ok(Value::Number(left + right)),
            (Value::Random(draw), Value::Number(by)) | (Value::Number(by), Value::Random(draw)) => {
                Ok(Value::Random(Draw { least: draw.least + by, kept: None, ..draw.clone() }))
            }
            // One of both must be a text for sure: else it is a sum.
            (one, other) if is_surely_text(one) || is_surely_text(other) => {
                let mut text = self.text_of(left, at)?;
                let other = self.text_of(right, at)?;
                text.append(other);
                text.kind = Kind::Text;
                self.bounded(Value::Text(text))
            }
            (Value::Unknown, _) | (_, Value::Unknown) => {
                Err(Gap::new(at, "a value comes from something that was not translated"))
            }
            _ => Err(Gap::new(at, AT_RUN_TIME)),
        }
    }

    /// Between constants; what is said of an answer goes its own way.
    fn compared(&mut self, operator: &'static str, left: Value, right: Value, at: Extent) -> Known<Value> {
        match (left, right) {
            (Value::Number(left), Value::Number(right)) => Ok(Value::Boolean(compare(operator, left, right))),
            (Value::Part(request, part), other) => self.condition(request, &part, operator, &other, at),
            (other, Value::Part(request, part)) => {
                self.condition(request, &part, flipped(operator), &other, at)
            }
            (Value::Condition(mut condition), Value::Boolean(truth))
            | (Value::Boolean(truth), Value::Condition(mut condition))
                if operator.contains("==") || operator.starts_with('!') =>
            {
                condition.is_negated ^= truth == operator.starts_with('!');
                Ok(Value::Condition(condition))
            }
            (left, right) => {
                let is_equal = match (left.literal(), right.literal()) {
                    (Some(left), Some(right)) => Some(left == right),
                    _ if is_plain(&left) && is_plain(&right) => Some(left == right),
                    _ => None,
                };
                match (is_equal, operator) {
                    (Some(is_equal), "===") => Ok(Value::Boolean(is_equal)),
                    (Some(is_equal), "!==") => Ok(Value::Boolean(!is_equal)),
                    _ => Err(Gap::new(at, "a condition is known only when the script runs")),
                }
            }
        }
    }

    pub(super) fn draw(&mut self, least: f64, width: f64, is_whole: bool) -> Value {
        self.draws += 1;
        Value::Random(Draw { id: self.draws, least, width, is_whole, kept: None })
    }
}

/// `Math.floor` and `Math.ceil` of a draw.
pub(super) fn whole(draw: &Draw, is_up: bool, at: Extent) -> Known<Value> {
    if draw.is_whole {
        return Ok(Value::Random(draw.clone()));
    }
    if draw.least.fract() != 0.0 || draw.width.fract() != 0.0 || draw.width < 1.0 {
        return Err(Gap::new(at, "a draw between broken numbers is made whole, which is not even"));
    }
    let least = if is_up { draw.least + 1.0 } else { draw.least };
    Ok(Value::Random(Draw { least, width: draw.width - 1.0, is_whole: true, kept: None, ..draw.clone() }))
}

fn number(operator: &str, left: f64, right: f64, at: Extent) -> Known<Value> {
    let number = match operator {
        "-" => left - right,
        "*" => left * right,
        "/" => left / right,
        "%" => left % right,
        "**" => left.powf(right),
        _ => return Err(Gap::new(at, format!("{operator} is not understood"))),
    };
    Ok(Value::Number(number))
}

fn scaled(draw: &Draw, operator: &str, by: f64, at: Extent) -> Known<Value> {
    let (least, width) = match operator {
        "*" if by >= 0.0 => (draw.least * by, draw.width * by),
        "/" if by > 0.0 => (draw.least / by, draw.width / by),
        "-" => (draw.least - by, draw.width),
        _ => return Err(Gap::new(at, AT_RUN_TIME)),
    };
    // Whole numbers times something leave gaps.
    if draw.is_whole && operator != "-" {
        return Err(Gap::new(at, "a whole number that is drawn is multiplied"));
    }
    Ok(Value::Random(Draw { least, width, kept: None, ..draw.clone() }))
}

pub(super) fn compare(operator: &str, left: f64, right: f64) -> bool {
    match operator {
        "<" => left < right,
        "<=" => left <= right,
        ">" => left > right,
        ">=" => left >= right,
        #[expect(clippy::float_cmp, reason = "the rule of JavaScript")]
        "===" | "==" => left == right,
        #[expect(clippy::float_cmp, reason = "the rule of JavaScript")]
        _ => left != right,
    }
}

/// The same with its sides changed.
pub(super) fn flipped(operator: &'static str) -> &'static str {
    match operator {
        "<" => ">",
        "<=" => ">=",
        ">" => "<",
        ">=" => "<=",
        other => other,
    }
}

/// `Math.random()` as it is.
fn is_bare(draw: &Draw) -> bool {
    matches!(draw, Draw { least: 0.0, width: 1.0, is_whole: false, .. })
}

fn is_user(text: &Text) -> bool {
    matches!(&text.pieces[..], [Piece::Hole(name)] if name == "__VU")
}

fn is_iteration(text: &Text) -> bool {
    matches!(&text.pieces[..], [Piece::Hole(name)] if name == "__ITER")
}

fn is_surely_text(value: &Value) -> bool {
    match value {
        Value::Text(text) => text.kind == Kind::Text,
        Value::Part(_, part) => matches!(part, super::value::Part::Body | super::value::Part::Header(_)),
        _ => false,
    }
}

/// A constant of one kind: nothing else is equal to it.
fn is_plain(value: &Value) -> bool {
    matches!(value, Value::Undefined | Value::Null | Value::Boolean(_) | Value::Number(_))
        || value.literal().is_some()
}
