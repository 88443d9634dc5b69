//! What is asked of a value: methods of texts, lists, answers and metrics.

use super::claim::{Claim, Statuses};
use super::conditions::contains;
use super::findings::{Gap, Known};
use super::translator::Translator;
use super::tree::{Expression, Extent};
use super::value::{Condition, Part, Value, escaped};
use super::yaml::Yaml;
use crate::load::flow::Test;

impl Translator<'_> {
    pub(super) fn method(
        &mut self,
        of: Value,
        key: &str,
        arguments: &[Expression],
        at: Extent,
    ) -> Known<Value> {
        let unknown = || Gap::new(at, format!("{key} is not understood here"));
        match (of, key) {
            (Value::Metric(metric), "add") => self.add(metric, arguments, at),
            (Value::Answer(request), "json") => match arguments {
                [] => Ok(Value::Part(request, Part::Json("$".to_owned()))),
                [path] => {
                    let path =
                        self.value(path)?.literal().ok_or_else(|| Gap::new(at, "a path is filled in"))?;
                    Ok(Value::Part(request, Part::Json(json_path(&path, at)?)))
                }
                _ => Err(unknown()),
            },
            (Value::List(items), "forEach") => self.for_each(items, arguments, at),
            (Value::List(items), "map") => {
                let Some(Value::Function(callable)) = self.values(arguments)?.into_iter().next() else {
                    return Err(unknown());
                };
                let mut mapped = Vec::new();
                for (index, item) in items.into_iter().enumerate() {
                    let values = vec![item, Value::Number(index as f64)];
                    mapped.push(self.call_function(&callable, values, at)?);
                }
                self.bounded(Value::List(mapped))
            }
            (Value::Map(pairs), _) if pairs.iter().any(|(known, _)| known == key) => {
                let found = pairs.into_iter().find(|(known, _)| known == key).map(|(_, value)| value);
                match found {
                    Some(Value::Function(callable)) => {
                        let values = self.values(arguments)?;
                        self.call_function(&callable, values, at)
                    }
                    Some(Value::Native(path)) => self.native(&path, arguments, at),
                    _ => Err(unknown()),
                }
            }
            (Value::Opened(_) | Value::Table(_), _) => {
                let advice = "name the file under data: CSV, or JSON that is a list";
                Err(Gap::new(at, format!("{key} of a file is not understood")).advise(advice))
            }
            (Value::Unknown, _) => Err(Gap::new(at, "a value comes from something that was not translated")),
            (of, _) => {
                let values = self.values(arguments)?;
                match of {
                    Value::Part(request, part) => asked(request, &part, key, &values, at),
                    Value::List(items) => self.of_list(items, key, &values, at),
                    Value::Text(text) => match text.as_literal() {
                        Some(text) => of_text(&text, key, &values).ok_or_else(unknown),
                        None if matches!(key, "toString" | "trim") => Ok(Value::Text(text)),
                        None => Err(Gap::new(at, format!("{key} of a text that is known only when it runs"))),
                    },
                    Value::Number(_) | Value::Boolean(_) if key == "toString" && values.is_empty() => {
                        self.text_of(of, at).map(|text| {
                            Value::Text(super::value::Text { kind: super::value::Kind::Text, ..text })
                        })
                    }
                    _ => Err(unknown()),
                }
            }
        }
    }

    fn of_list(&mut self, items: Vec<Value>, key: &str, values: &[Value], at: Extent) -> Known<Value> {
        match (key, values) {
            ("includes", [Value::Part(request, Part::Status)]) => {
                let has = |status: u16| items.contains(&Value::Number(f64::from(status)));
                let claims = vec![Claim::Status(Statuses::which(has))];
                Ok(Value::Condition(Condition { request: *request, claims, is_negated: false }))
            }
            ("includes", [value]) if value.truth().is_some() => Ok(Value::Boolean(items.contains(value))),
            ("concat", [Value::List(more)]) => self.bounded(Value::List([items, more.clone()].concat())),
            ("join", _) => {
                let between = values.first().map_or(Some(",".to_owned()), Value::literal);
                let between =
                    between.ok_or_else(|| Gap::new(at, "what stands between texts is filled in"))?;
                let mut joined = super::value::Text::default();
                for (index, item) in items.into_iter().enumerate() {
                    if index > 0 {
                        joined.append(super::value::Text::literal(between.clone()));
                    }
                    let text = self.text_of(item, at)?;
                    joined.append(text);
                }
                self.bounded(Value::Text(joined))
            }
            _ => Err(Gap::new(at, format!("{key} of a list is not understood"))),
        }
    }
}

/// `/pattern/.test(something)`.
pub(super) fn matched(of: &Value, pattern: &str, flags: &str, at: Extent) -> Known<Value> {
    let Value::Part(request, part) = of else {
        return Err(Gap::new(at, "a regular expression is asked about something else than an answer"));
    };
    let flags: String = flags.chars().filter(|flag| *flag != 'u').collect();
    let pattern = match flags.as_str() {
        "" => pattern.to_owned(),
        "i" | "m" | "s" => format!("(?{flags}){pattern}"),
        _ => {
            return Err(Gap::new(at, format!("the flags {flags} of a regular expression are not known")));
        }
    };
    let claims = vec![matches(part, &pattern, at)?];
    Ok(Value::Condition(Condition { request: *request, claims, is_negated: false }))
}

/// A question to a part of an answer.
fn asked(request: usize, part: &Part, key: &str, values: &[Value], at: Extent) -> Known<Value> {
    let condition =
        |claim| Ok(Value::Condition(Condition { request, claims: vec![claim], is_negated: false }));
    let text = values.first().and_then(Value::literal);
    match (key, text) {
        ("includes", Some(text)) if values.len() == 1 => {
            let (key, text) = contains(part, &text, at)?;
            condition(Claim::other(key, Yaml::text(text)))
        }
        ("indexOf", Some(text)) if values.len() == 1 => {
            let (key, text) = contains(part, &text, at)?;
            Ok(Value::Part(request, Part::IndexOf { key, text }))
        }
        ("startsWith" | "endsWith", Some(text)) if values.len() == 1 => {
            let quoted = regex::escape(&text);
            let pattern = if key == "startsWith" { format!("\\A{quoted}") } else { format!("{quoted}\\z") };
            condition(matches(part, &pattern, at)?)
        }
        ("toString" | "trim", _) if values.is_empty() => Ok(Value::Part(request, part.clone())),
        _ => Err(Gap::new(at, format!("{key} of an answer has no counterpart"))),
    }
}

/// Methods of constants.
fn of_text(text: &str, key: &str, values: &[Value]) -> Option<Value> {
    let argument = values.first().and_then(Value::literal);
    Some(match (key, argument) {
        ("trim", None) => Value::text(text.trim()),
        ("toString", None) => Value::text(text),
        ("toUpperCase", None) => Value::text(text.to_uppercase()),
        ("toLowerCase", None) => Value::text(text.to_lowercase()),
        ("includes", Some(part)) => Value::Boolean(text.contains(&part)),
        ("startsWith", Some(part)) => Value::Boolean(text.starts_with(&part)),
        ("endsWith", Some(part)) => Value::Boolean(text.ends_with(&part)),
        ("split", Some(by)) if !by.is_empty() => Value::List(text.split(&by).map(Value::text).collect()),
        _ => return None,
    })
}

fn matches(part: &Part, pattern: &str, at: Extent) -> Known<Claim> {
    let key = match part {
        Part::Body => "body matches".to_owned(),
        Part::Header(name) => format!("header {name} matches"),
        Part::Json(path) => format!("json {path} matches"),
        _ => return Err(Gap::new(at, "no check of ours says this")),
    };
    if let Err(error) = Test::matches(pattern) {
        return Err(Gap::new(at, format!("{error}")));
    }
    Ok(Claim::other(key, Yaml::text(escaped(pattern))))
}

/// k6's paths are those of gjson: names and indices between points.
fn json_path(path: &str, at: Extent) -> Known<String> {
    let mut found = String::from("$");
    for part in path.split('.') {
        let is_word = part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        let is_index = !part.is_empty() && part.len() < 9 && part.bytes().all(|byte| byte.is_ascii_digit());
        let is_plain =
            !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || "_- ".contains(c));
        match (is_word, is_index, is_plain) {
            (true, ..) => found.extend([".", part]),
            (_, true, _) => found.extend(["[", part, "]"]),
            (_, _, true) => found.extend(["['", part, "']"]),
            _ => {
                let advice = "write it as a JSONPath such as $.items[0].id";
                return Err(Gap::new(at, format!("the path {path} asks for more than names")).advise(advice));
            }
        }
    }
    Ok(found)
}
