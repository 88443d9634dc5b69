//! Calls: of k6's functions, of JavaScript's own, and of those that the script declares.

use std::fmt::Write;
use std::rc::Rc;

use base64::Engine as _;

use super::arithmetic::whole;
use super::findings::{Gap, Known};
use super::methods::matched;
use super::plan::Step;
use super::translator::{Names, Translator};
use super::tree::{Expression, Extent, Form};
use super::value::{Callable, Kind, Part, Text, Value, insert};

/// Functions within functions: nobody writes more.
const MOST_CALLS: usize = 30;

const NO_CLOCK: &str = "use ${__UUID} for what must be unique, or ${__VU} and ${__ITER}";

impl Translator<'_> {
    pub(super) fn call(
        &mut self,
        callee: &Expression,
        arguments: &[Expression],
        expression: &Expression,
    ) -> Known<Value> {
        let at = expression.at;
        if let Form::Member { of, key } = &callee.form {
            if let (Form::Regex { pattern, flags }, "test", [argument]) = (&of.form, key.as_str(), arguments)
            {
                let value = self.value(argument)?;
                return matched(&value, pattern, flags, at);
            }
            let of = self.value(of)?;
            return match of {
                Value::Native(name) => self.native(&format!("{name}.{key}"), arguments, at),
                of => self.method(of, key, arguments, at),
            };
        }
        match self.value(callee)? {
            Value::Native(path) => self.native(&path, arguments, at),
            Value::Function(callable) => {
                let values = self.values(arguments)?;
                self.call_function(&callable, values, at)
            }
            Value::Unknown => {
                Err(Gap::new(at, "what is called comes from something that was not translated"))
            }
            _ => Err(Gap::new(at, "what is called is no function that is known")),
        }
    }

    pub(super) fn values(&mut self, expressions: &[Expression]) -> Known<Vec<Value>> {
        expressions.iter().map(|one| self.value(one)).collect()
    }

    /// Does what a function does, here.
    pub(super) fn call_function(
        &mut self,
        callable: &Callable,
        values: Vec<Value>,
        at: Extent,
    ) -> Known<Value> {
        let function = callable.function.clone();
        if let Some(oddity) = function.oddity {
            return Err(Gap::new(at, format!("the function {oddity}")));
        }
        if self.calls >= MOST_CALLS {
            return Err(Gap::new(at, "functions call each other too deeply, or themselves"));
        }
        self.charge(
            10 + callable.captured.iter().flat_map(|seen| seen.values()).map(Value::size).sum::<usize>(),
        )?;
        let base = self.base;
        if callable.top.is_some() {
            self.base = self.scopes.len();
        }
        let depth = self.scopes.len();
        if let Some(captured) = &callable.captured {
            self.scopes.push(captured.as_ref().clone());
        }
        self.scopes.push(Names::new());
        self.calls += 1;
        let mut done = Ok(());
        let mut values = values.into_iter();
        for parameter in &function.parameters {
            let value = values.next().unwrap_or(Value::Undefined);
            done = done.and_then(|()| self.bind(parameter, value, at));
        }
        let statement = self.statement;
        let returned = done.and_then(|()| self.body(&function.body));
        self.statement = statement;
        self.calls -= 1;
        let mut seen = Names::new();
        self.scopes.drain(depth..).for_each(|scope| seen.extend(scope));
        self.base = base;
        returned.map(|value| kept_by(value.unwrap_or(Value::Undefined), seen))
    }

    pub(super) fn native(&mut self, path: &str, arguments: &[Expression], at: Extent) -> Known<Value> {
        if let Some(name) = path.strip_prefix("k6/http.") {
            return self.http(name, arguments, at);
        }
        match path {
            "k6.check" => self.check(arguments, at),
            "k6.group" => self.group(arguments, at),
            "k6.sleep" => self.sleep(arguments, at),
            "k6.fail" | "k6/execution.test.abort" => {
                let message = match arguments.first() {
                    Some(argument) => {
                        let value = self.value(argument)?;
                        self.written(value, at)?
                    }
                    None => String::new(),
                };
                self.step(if path == "k6.fail" { Step::Fail(message) } else { Step::Abort(message) })?;
                Ok(Value::Undefined)
            }
            "k6.randomSeed" => {
                self.note(
                    at,
                    "what is drawn by chance begins elsewhere; options: {seed: N} or --seed fixes it",
                );
                Ok(Value::Undefined)
            }
            "Math.random" => Ok(self.draw(0.0, 1.0, false)),
            _ if path.starts_with("console.") => {
                self.note(at, "what is said on the terminal is left out");
                Ok(Value::Undefined)
            }
            _ if path.starts_with("Date") || path.starts_with("Math.") && arguments.is_empty() => {
                Err(Gap::new(at, format!("{path} is not known")).advise(NO_CLOCK))
            }
            _ => {
                let values = self.values(arguments)?;
                self.computed(path, values, at)
            }
        }
    }

    /// Functions that depend on their arguments alone.
    fn computed(&mut self, path: &str, mut values: Vec<Value>, at: Extent) -> Known<Value> {
        let unknown = || Gap::new(at, format!("{path} has no counterpart"));
        let second = if values.len() > 1 { Some(values.remove(1)) } else { None };
        let first = if values.is_empty() { Value::Undefined } else { values.remove(0) };
        match (path, first, second) {
            ("Math.floor" | "Math.trunc" | "parseInt", Value::Random(draw), _) => whole(&draw, false, at),
            ("Math.ceil", Value::Random(draw), _) => whole(&draw, true, at),
            ("Math.floor" | "Math.trunc" | "parseInt", position @ Value::Position { .. }, _) => Ok(position),
            ("Math.floor" | "Math.trunc", Value::Number(number), _) => Ok(Value::Number(number.floor())),
            ("Math.ceil", Value::Number(number), _) => Ok(Value::Number(number.ceil())),
            ("Math.round", Value::Number(number), _) => Ok(Value::Number((number + 0.5).floor())),
            ("Math.min", Value::Number(one), Some(Value::Number(other))) => Ok(Value::Number(one.min(other))),
            ("Math.max", Value::Number(one), Some(Value::Number(other))) => Ok(Value::Number(one.max(other))),
            ("parseInt", value, None | Some(Value::Number(10.0))) => match self.number_of(value, at)? {
                Value::Number(number) => Ok(Value::Number(number.trunc())),
                other => Ok(other),
            },
            ("Number" | "parseFloat", value, None) => self.number_of(value, at),
            ("String", value, None) => {
                let text = self.text_of(value, at)?;
                Ok(Value::Text(Text { kind: Kind::Text, ..text }))
            }
            ("Boolean", condition @ Value::Condition(_), None) => Ok(condition),
            ("Boolean", value, None) => value.truth().map(Value::Boolean).ok_or_else(unknown),
            ("JSON.stringify", value, None) => Ok(Value::Json(Box::new(value))),
            ("JSON.parse", Value::Opened(file), None) => {
                self.formats.insert(file.clone(), "json");
                Ok(Value::Table(file))
            }
            ("JSON.parse", Value::Part(request, Part::Body), None) => {
                Ok(Value::Part(request, Part::Json("$".to_owned())))
            }
            ("JSON.parse", Value::Json(value), None) => Ok(*value),
            ("JSON.parse", Value::Text(text), None) => {
                let parsed = text.as_literal().and_then(|text| serde_json::from_str(&text).ok());
                parsed.map(of_json).ok_or_else(|| Gap::new(at, "what is parsed is known only when it runs"))
            }
            ("open", Value::Text(file), _) => file
                .as_literal()
                .map(|file| Value::Opened(file.strip_prefix("./").unwrap_or(&file).to_owned()))
                .ok_or_else(|| Gap::new(at, "the name of a file is filled in")),
            ("papaparse.parse", Value::Opened(file), Some(options)) if is_headed(&options) => {
                self.formats.insert(file.clone(), "csv");
                Ok(Value::Table(file))
            }
            ("papaparse.parse", Value::Opened(_), _) => {
                let advice = "name it under data with columns: [...]";
                Err(Gap::new(at, "the rows have no names of columns").advise(advice))
            }
            ("k6-utils.randomIntBetween", Value::Number(least), Some(Value::Number(most)))
                if least <= most && least.fract() == 0.0 && most.fract() == 0.0 =>
            {
                Ok(self.draw(least, most - least, true))
            }
            ("k6-utils.randomItem", Value::Table(file), None) => Ok(self.row(&file, "random")),
            ("k6-utils.randomItem", Value::List(items), None) if !items.is_empty() => {
                match self.draw(0.0, items.len() as f64 - 1.0, true) {
                    Value::Random(draw) => self.pick(&items, &draw, at),
                    _ => Err(unknown()),
                }
            }
            ("k6-utils.uuidv4", ..) => Ok(Value::hole("__UUID", Kind::Text)),
            ("k6-utils.randomString", ..) => Err(unknown().advise(NO_CLOCK)),
            ("encodeURIComponent", Value::Text(text), None) if text.as_literal().is_some() => {
                Ok(Value::text(encoded(&text.as_literal().unwrap_or_default())))
            }
            ("k6/encoding.b64encode", Value::Text(text), _) => match text.as_literal() {
                Some(text) => Ok(Value::text(base64::engine::general_purpose::STANDARD.encode(text))),
                None => {
                    Err(unknown().advise("auth: {basic: {user: U, password: P}} encodes what is filled in"))
                }
            },
            ("Object.keys", Value::Map(pairs), None) => {
                Ok(Value::List(pairs.into_iter().map(|(key, _)| Value::text(key)).collect()))
            }
            ("Object.values", Value::Map(pairs), None) => {
                Ok(Value::List(pairs.into_iter().map(|(_, value)| value).collect()))
            }
            ("Object.entries", Value::Map(pairs), None) => Ok(Value::List(
                pairs.into_iter().map(|(key, value)| Value::List(vec![Value::text(key), value])).collect(),
            )),
            ("Object.assign", Value::Map(mut pairs), Some(Value::Map(more))) if values.is_empty() => {
                for (key, value) in more {
                    insert(&mut pairs, key, value);
                }
                Ok(Value::Map(pairs))
            }
            ("Object.freeze", value, None) => Ok(value),
            (_, Value::Unknown, _) | (_, _, Some(Value::Unknown)) => {
                Err(Gap::new(at, "a value comes from something that was not translated"))
            }
            _ => Err(unknown()),
        }
    }

    /// `new Something(...)`.
    pub(super) fn new_object(
        &mut self,
        callee: &Expression,
        arguments: &[Expression],
        expression: &Expression,
    ) -> Known<Value> {
        let at = expression.at;
        let Value::Native(path) = self.value(callee)? else {
            return Err(Gap::new(at, "a class of the script is not understood"));
        };
        match path.as_str() {
            "k6/metrics.Counter" => self.new_metric("counter", arguments, at),
            "k6/metrics.Gauge" => self.new_metric("gauge", arguments, at),
            "k6/metrics.Rate" => self.new_metric("rate", arguments, at),
            "k6/metrics.Trend" => self.new_metric("trend", arguments, at),
            "k6/data.SharedArray" => {
                match self.values(arguments)?.get(1) {
                    Some(Value::Function(callable)) => {
                        match self.call_function(&callable.clone(), Vec::new(), at)? {
                            rows @ (Value::Table(_) | Value::List(_)) => Ok(rows),
                            _ => Err(Gap::new(at, "the rows are made by the script")
                                .advise("name a file under data")),
                        }
                    }
                    _ => Err(Gap::new(at, "a SharedArray is made of a name and a function")),
                }
            }
            "Date" => Err(Gap::new(at, "Date is not known").advise(NO_CLOCK)),
            _ => Err(Gap::new(at, format!("new {path} has no counterpart"))),
        }
    }
}

/// A function that is returned goes on seeing what it saw.
fn kept_by(value: Value, seen: Names) -> Value {
    match value {
        Value::Function(callable) if callable.captured.is_none() && callable.top.is_none() => {
            Value::Function(Callable { captured: Some(Rc::new(seen)), ..callable })
        }
        other => other,
    }
}

fn is_headed(options: &Value) -> bool {
    options.get("header") == Some(&Value::Boolean(true))
}

fn of_json(value: serde_json::Value) -> Value {
    match value {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(truth) => Value::Boolean(truth),
        serde_json::Value::Number(number) => number.as_f64().map_or(Value::Unknown, Value::Number),
        serde_json::Value::String(text) => Value::text(text),
        serde_json::Value::Array(items) => Value::List(items.into_iter().map(of_json).collect()),
        serde_json::Value::Object(pairs) => {
            Value::Map(pairs.into_iter().map(|(key, value)| (key, of_json(value))).collect())
        }
    }
}

/// As JavaScript's `encodeURIComponent`.
fn encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to memory cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}
