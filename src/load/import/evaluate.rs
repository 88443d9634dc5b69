//! What an expression comes to. What it does on the way, such as a request, becomes a step.

use super::arithmetic::compare;
use super::findings::{Gap, Known};
use super::mixes::truth_of;
use super::translator::Translator;
use super::tree::{Expression, Extent, Form, Key, Property};
use super::value::{Callable, Kind, Part, Piece, Text, Value, insert};

/// JavaScript's own names that mean something here.
const GLOBALS: [&str; 15] = [
    "Array",
    "Boolean",
    "Date",
    "JSON",
    "Math",
    "Number",
    "Object",
    "RegExp",
    "String",
    "__ENV",
    "console",
    "encodeURIComponent",
    "open",
    "parseFloat",
    "parseInt",
];

/// Longer texts are nobody's.
const LONGEST_TEXT: usize = 1 << 20;

impl Translator<'_> {
    pub(super) fn value(&mut self, expression: &Expression) -> Known<Value> {
        self.charge(1)?;
        let at = expression.at;
        match &expression.form {
            Form::Null => Ok(Value::Null),
            Form::Boolean(truth) => Ok(Value::Boolean(*truth)),
            Form::Number(number) => Ok(Value::Number(*number)),
            Form::Text(text) => Ok(Value::text(text.clone())),
            Form::Template { texts, holes } => self.template(texts, holes).map(Value::Text),
            Form::Tagged { tag, texts, holes } => match self.value(tag)? {
                // The URL, and the name that k6 makes of it.
                Value::Native(name) if name == "k6/http.url" => {
                    let url = self.template(texts, holes)?;
                    let name = texts.join("${}");
                    Ok(Value::Map(vec![
                        ("url".to_owned(), Value::Text(url)),
                        ("name".to_owned(), Value::text(name)),
                    ]))
                }
                _ => Err(Gap::new(at, "a template behind a name is not known")),
            },
            Form::Regex { .. } => Err(Gap::new(at, "a regular expression stands where none is understood")),
            Form::Name(name) => self.name(name, expression),
            Form::Member { of, key } => {
                let of_value = self.value(of)?;
                self.member(of_value, key, at)
            }
            Form::Index { of, index } => {
                let (of, index) = (self.value(of)?, self.value(index)?);
                self.indexed(of, index, at)
            }
            Form::Call { callee, arguments } => self.call(callee, arguments, expression),
            Form::New { callee, arguments } => self.new_object(callee, arguments, expression),
            Form::Unary { operator, of } => {
                let of = self.value(of)?;
                self.unary(operator, of, at)
            }
            Form::Binary { operator, left, right } => match *operator {
                "&&" | "||" | "??" => self.logical(operator, left, right, at),
                _ => {
                    let (left, right) = (self.value(left)?, self.value(right)?);
                    self.binary(operator, left, right, at)
                }
            },
            Form::Choice { test, yes, no } => self.choice(test, yes, no, at),
            Form::List(items) => self.list(items),
            Form::Map(properties) => self.map(properties),
            Form::Spread(_) => Err(Gap::new(at, "a spread stands where none is understood")),
            Form::Function(function) => {
                Ok(Value::Function(Callable { function: function.clone(), top: None, captured: None }))
            }
            Form::Assign { operator, target, value } => self.assignment(operator, target, value, at),
            Form::Step { target, by } => {
                let old = self.value(target)?;
                let new = self.binary("+", old.clone(), Value::Number(*by), at)?;
                self.assign_to(target, new)?;
                Ok(Value::Unknown)
            }
            Form::Other(what) => Err(Gap::new(at, format!("{what} is not understood"))),
        }
    }

    fn name(&mut self, name: &str, expression: &Expression) -> Known<Value> {
        if let Some(value) = self.lookup(name)? {
            return Ok(value);
        }
        match name {
            "undefined" => Ok(Value::Undefined),
            "NaN" => Ok(Value::Number(f64::NAN)),
            "Infinity" => Ok(Value::Number(f64::INFINITY)),
            "__VU" => Ok(Value::hole("__VU", Kind::Number)),
            "__ITER" => Ok(Value::hole("__ITER", Kind::Number)),
            _ if GLOBALS.contains(&name) => Ok(Value::Native(name.to_owned())),
            _ => Err(Gap::new(expression.at, format!("{name} is not known"))),
        }
    }

    fn template(&mut self, texts: &[String], holes: &[Expression]) -> Known<Text> {
        let mut text = Text::default();
        for (at, literal) in texts.iter().enumerate() {
            if !literal.is_empty() {
                text.append(Text::literal(literal.clone()));
            }
            if let Some(hole) = holes.get(at) {
                let value = self.value(hole)?;
                text.append(self.text_of(value, hole.at)?);
            }
        }
        self.bounded(Value::Text(text.clone()))?;
        Ok(text)
    }

    /// Complains of what becomes too large.
    pub(super) fn bounded(&mut self, value: Value) -> Known<Value> {
        let size = value.size();
        self.charge(size)?;
        if size > LONGEST_TEXT {
            return Err(Gap::new(Extent::default(), "a value becomes larger than a mebibyte"));
        }
        Ok(value)
    }

    fn list(&mut self, items: &[Expression]) -> Known<Value> {
        let mut values = Vec::new();
        for item in items {
            match &item.form {
                Form::Spread(inner) => match self.value(inner)? {
                    Value::List(more) => values.extend(more),
                    _ => return Err(Gap::new(item.at, "what is spread is no list that is known")),
                },
                _ => values.push(self.value(item)?),
            }
        }
        self.bounded(Value::List(values))
    }

    fn map(&mut self, properties: &[Property]) -> Known<Value> {
        let mut pairs = Vec::new();
        for property in properties {
            match property {
                Property::Pair(key, value) => {
                    let key = match key {
                        Key::Known(key) => key.clone(),
                        Key::Computed(expression) => {
                            let key = self.value(expression)?;
                            let text = self.text_of(key, expression.at)?;
                            // A check may carry a word of the environment in its name, a header may not.
                            text.as_literal().ok_or_else(|| Gap::new(expression.at, "a key is filled in"))?
                        }
                    };
                    self.charge(pairs.len())?;
                    insert(&mut pairs, key, self.value(value)?);
                }
                Property::Spread(inner) => match self.value(inner)? {
                    Value::Map(more) => {
                        for (key, value) in more {
                            insert(&mut pairs, key, value);
                        }
                    }
                    Value::Undefined | Value::Null => {}
                    _ => return Err(Gap::new(inner.at, "what is spread is no object that is known")),
                },
            }
        }
        self.bounded(Value::Map(pairs))
    }

    /// `left || right` and its kin, where it is known which of them is meant.
    fn logical(
        &mut self,
        operator: &'static str,
        left: &Expression,
        right: &Expression,
        at: Extent,
    ) -> Known<Value> {
        let first = self.value(left)?;
        if let (Value::Text(text), "||" | "??") = (&first, operator)
            && let Some(word) = text.as_word().map(str::to_owned)
        {
            let default = self.value(right)?;
            return self.word_or(&word, default, right.at);
        }
        if let (Value::Condition(condition), "&&" | "||") = (&first, operator) {
            return self.joined(operator, condition.clone(), right, at);
        }
        if let (Value::Part(request, Part::Body), "&&") = (&first, operator) {
            return self.guarded(*request, right, at);
        }
        let is_absent = matches!(first, Value::Undefined | Value::Null);
        let takes_right = match (operator, first.truth()) {
            ("??", _) if is_absent => true,
            ("??", Some(_)) => false,
            ("&&", Some(truth)) => truth,
            ("||", Some(truth)) => !truth,
            _ => return Err(Gap::new(at, "a condition is known only when the script runs")),
        };
        if takes_right { self.value(right) } else { Ok(first) }
    }

    fn choice(&mut self, test: &Expression, yes: &Expression, no: &Expression, at: Extent) -> Known<Value> {
        let condition = self.value(test)?;
        if let Some(truth) = condition.truth() {
            return self.value(if truth { yes } else { no });
        }
        if let Value::Condition(mut condition) = condition {
            // `ok ? 0 : 1` is the opposite, `ok ? 1 : 0` the condition itself.
            let (yes, no) = (truth_of(yes), truth_of(no));
            match (yes, no) {
                (Some(true), Some(false)) => return Ok(Value::Condition(condition)),
                (Some(false), Some(true)) => {
                    condition.is_negated ^= true;
                    return Ok(Value::Condition(condition));
                }
                _ => {}
            }
        }
        Err(Gap::new(at, "a condition is known only when the script runs"))
    }

    /// `__ENV.NAME`, with what stands in where it is not set. k6 takes an empty word for none here; a file takes it.
    fn word_or(&mut self, word: &str, default: Value, at: Extent) -> Known<Value> {
        let kind = if matches!(default, Value::Number(_)) { Kind::Number } else { Kind::Text };
        let text = self.text_of(default, at)?;
        if !text.is_static() {
            return Err(Gap::new(
                at,
                "what stands in for a word of the environment is filled in while it runs",
            ));
        }
        let written = text
            .written()
            .ok_or_else(|| Gap::new(at, "a dollar stands before something that is filled in"))?;
        match self.env.iter_mut().find(|(known, _)| known == word) {
            Some((_, Some(known))) if *known == written => {}
            Some((_, known @ None)) => *known = Some(written),
            // A default that stands in a text is not asked where `env` has one.
            Some(_) => {
                let reason = format!("{word} has another default elsewhere");
                return Err(Gap::new(at, reason).advise("give it one default, in env"));
            }
            None => self.env.push((word.to_owned(), Some(written))),
        }
        Ok(Value::Text(Text::of(Piece::Word(word.to_owned()), kind)))
    }

    fn assignment(
        &mut self,
        operator: &str,
        target: &Expression,
        value: &Expression,
        at: Extent,
    ) -> Known<Value> {
        let new = match operator {
            "=" => self.value(value)?,
            "+=" | "-=" | "*=" | "/=" => {
                let (old, by) = (self.value(target)?, self.value(value)?);
                let sign = ["+", "-", "*", "/"].into_iter().find(|sign| operator.starts_with(sign));
                self.binary(sign.unwrap_or("+"), old, by, at)?
            }
            _ => return Err(Gap::new(at, format!("{operator} is not understood"))),
        };
        let new = match &target.form {
            Form::Name(name) => self.named(name, new)?,
            _ => new,
        };
        self.assign_to(target, new.clone())?;
        Ok(new)
    }

    fn assign_to(&mut self, target: &Expression, value: Value) -> Known<()> {
        let at = target.at;
        let is_known = match &target.form {
            Form::Name(name) => self.assign(name, value),
            Form::Member { of, key } => match &of.form {
                Form::Name(name) => match self.lookup(name)? {
                    Some(Value::Map(mut pairs)) => {
                        insert(&mut pairs, key.clone(), value);
                        self.assign(name, Value::Map(pairs))
                    }
                    _ => false,
                },
                _ => false,
            },
            _ => false,
        };
        if is_known { Ok(()) } else { Err(Gap::new(at, "what is assigned to is not known")) }
    }

    /// Something of a value.
    pub(super) fn member(&mut self, of: Value, key: &str, at: Extent) -> Known<Value> {
        match of {
            Value::Native(name) if name == "__ENV" => {
                if !self.env.iter().any(|(known, _)| known == key) {
                    self.env.push((key.to_owned(), None));
                }
                Ok(Value::Text(Text::of(Piece::Word(key.to_owned()), Kind::Text)))
            }
            Value::Native(name) => Ok(match format!("{name}.{key}").as_str() {
                "k6/execution.vu.idInTest" | "k6/execution.vu.idInInstance" => {
                    Value::hole("__VU", Kind::Number)
                }
                "k6/execution.vu.iterationInInstance" => Value::hole("__ITER", Kind::Number),
                path => Value::Native(path.to_owned()),
            }),
            Value::Map(pairs) => {
                let found = pairs.into_iter().find(|(known, _)| known == key);
                Ok(found.map_or(Value::Undefined, |(_, value)| value))
            }
            Value::List(items) if key == "length" => Ok(Value::Number(items.len() as f64)),
            Value::Text(text) if key == "length" => match text.as_literal() {
                Some(text) => Ok(Value::Number(text.encode_utf16().count() as f64)),
                None => Err(Gap::new(at, "the length of a text is known only when it is filled in")),
            },
            // papaparse's answer.
            Value::Table(file) if key == "data" => Ok(Value::Table(file)),
            Value::Table(file) if key == "length" => Ok(Value::Rows(file)),
            Value::Row(data) => Ok(Value::hole(format!("{data}.{key}"), Kind::Either)),
            Value::Answer(request) => Ok(Value::Part(request, part_of(key))),
            Value::Part(request, part) => part_within(part, key, at).map(|part| Value::Part(request, part)),
            Value::Undefined | Value::Null => Err(Gap::new(at, format!("{key} is asked of nothing"))),
            Value::Unknown => Err(Gap::new(at, "a value comes from something that was not translated")),
            _ => Err(Gap::new(at, format!("{key} is not known"))),
        }
    }

    fn indexed(&mut self, of: Value, index: Value, at: Extent) -> Known<Value> {
        match (of, index) {
            (of, Value::Text(text)) if text.as_literal().is_some() => {
                let key = text.as_literal().unwrap_or_default();
                self.member(of, &key, at)
            }
            (Value::List(items), Value::Number(index)) => {
                let item = items.into_iter().enumerate().find(|(at, _)| compare("===", *at as f64, index));
                Ok(item.map_or(Value::Undefined, |(_, item)| item))
            }
            (Value::Part(request, Part::Json(path)), Value::Number(index))
                if index >= 0.0 && index.fract() == 0.0 =>
            {
                Ok(Value::Part(request, Part::Json(format!("{path}[{index}]"))))
            }
            (Value::List(items), Value::Random(draw)) => self.pick(&items, &draw, at),
            (Value::Table(file), Value::Position { file: of, order }) if file == of => {
                Ok(self.row(&file, order))
            }
            (Value::Table(_), _) => {
                let advice = "name it under data with an order: random, sequential or unique-per-vu";
                Err(Gap::new(at, "which row is taken is not understood").advise(advice))
            }
            _ => Err(Gap::new(at, "which item is taken is known only when the script runs")),
        }
    }
}

fn part_of(key: &str) -> Part {
    match key {
        "status" => Part::Status,
        "body" => Part::Body,
        "headers" => Part::Headers,
        _ => Part::Other(key.to_owned()),
    }
}

fn part_within(part: Part, key: &str, at: Extent) -> Known<Part> {
    match part {
        Part::Headers => Ok(Part::Header(key.to_owned())),
        Part::Body if key == "length" => Ok(Part::Size),
        Part::Other(of) if of == "timings" && key == "duration" => Ok(Part::Duration),
        Part::Json(path) if key == "length" => Ok(Part::JsonLength(path)),
        Part::Json(path) => {
            let is_word = key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
                && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            if is_word {
                Ok(Part::Json(format!("{path}.{key}")))
            } else if key.contains(['\'', '\\', '"']) || key.chars().any(char::is_control) {
                Err(Gap::new(at, "a key holds quotes"))
            } else {
                Ok(Part::Json(format!("{path}['{key}']")))
            }
        }
        Part::Other(of) => Ok(Part::Other(format!("{of}.{key}"))),
        _ => Err(Gap::new(at, format!("{key} is not known of an answer"))),
    }
}
