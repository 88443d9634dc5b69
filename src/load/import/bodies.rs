//! What a request carries: a text, JSON, a form, or a file.

use super::findings::{Gap, Known};
use super::plan::{Body, Request};
use super::translator::Translator;
use super::tree::Extent;
use super::value::{Kind, Piece, Text, Value, escaped, number_text};
use super::yaml::Yaml;

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

impl Translator<'_> {
    pub(super) fn carry(&mut self, request: &mut Request, body: Value, at: Extent) -> Known<()> {
        let type_at = request.headers.iter().position(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        let is_type = |known: &str| type_at.is_some_and(|at| request.headers[at].1 == known);
        let (is_json, is_form) = (is_type(JSON), is_type(FORM));
        request.body = match body {
            Value::Undefined | Value::Null => None,
            Value::Json(value) if type_at.is_some() => {
                let body = match self.json_yaml(&value, at)? {
                    Some(yaml @ (Yaml::Map(_) | Yaml::List(_))) => yaml,
                    _ => Yaml::text(self.json_text(&value, at)?),
                };
                Some(Body::Json(body))
            }
            // Without a header k6 sends none, and `json` would.
            Value::Json(value) => Some(Body::Text(self.json_text(&value, at)?)),
            Value::Map(pairs) => {
                let mut form = Vec::new();
                for (name, value) in pairs {
                    let values = match value {
                        Value::List(items) => items,
                        Value::Undefined => continue,
                        value => vec![value],
                    };
                    let mut written = Vec::new();
                    for value in values {
                        written.push(self.written(value, at)?);
                    }
                    form.push((name, written));
                }
                Some(Body::Form(form))
            }
            Value::Opened(file) => Some(Body::File(file)),
            value @ (Value::Text(_) | Value::Number(_) | Value::Part(..)) => {
                Some(Body::Text(self.written(value, at)?))
            }
            _ => return Err(Gap::new(at, "the body of a request is not known")),
        };
        // They are what a file of ours sends by itself.
        let is_implied = match &request.body {
            Some(Body::Json(_)) => is_json,
            Some(Body::Form(_)) => is_form,
            _ => false,
        };
        if let Some(at) = type_at.filter(|_| is_implied) {
            request.headers.remove(at);
        }
        Ok(())
    }

    /// `None` where a number is filled in, for which a map has no form.
    fn json_yaml(&mut self, value: &Value, at: Extent) -> Known<Option<Yaml>> {
        Ok(Some(match value {
            Value::Null | Value::Undefined => Yaml::bare("null"),
            Value::Boolean(truth) => Yaml::bare(truth),
            Value::Number(number) => Yaml::bare(&number_text(*number).ok_or_else(|| unwritable(at))?),
            Value::List(items) => {
                let mut list = Vec::new();
                for item in items {
                    let null = Value::Null;
                    let item = if *item == Value::Undefined { &null } else { item };
                    match self.json_yaml(item, at)? {
                        Some(yaml) => list.push(yaml),
                        None => return Ok(None),
                    }
                }
                Yaml::list(list)
            }
            Value::Map(pairs) => {
                let mut map = Vec::new();
                for (key, value) in pairs {
                    match self.json_yaml(value, at)? {
                        _ if *value == Value::Undefined => {}
                        Some(yaml) => map.push((escaped(key), yaml)),
                        None => return Ok(None),
                    }
                }
                Yaml::map(map)
            }
            other => {
                let text = self.text_of(other.clone(), at)?;
                if text.kind == Kind::Number {
                    return Ok(None);
                }
                self.doubtful(&text, at);
                Yaml::text(text.written().ok_or_else(|| unwritable(at))?)
            }
        }))
    }

    /// The JSON text with its holes.
    pub(super) fn json_text(&mut self, value: &Value, at: Extent) -> Known<String> {
        let mut written = String::new();
        self.json_into(value, &mut written, at)?;
        Ok(written)
    }

    fn json_into(&mut self, value: &Value, into: &mut String, at: Extent) -> Known<()> {
        match value {
            Value::Undefined | Value::Null => into.push_str("null"),
            Value::Boolean(truth) => into.push_str(&truth.to_string()),
            Value::Number(number) => into.push_str(&number_text(*number).ok_or_else(|| unwritable(at))?),
            Value::List(items) => {
                into.push('[');
                for (index, item) in items.iter().enumerate() {
                    into.push_str(if index == 0 { "" } else { "," });
                    self.json_into(item, into, at)?;
                }
                into.push(']');
            }
            Value::Map(pairs) => {
                into.push('{');
                let known = pairs.iter().filter(|(_, value)| *value != Value::Undefined);
                for (index, (key, value)) in known.enumerate() {
                    into.push_str(if index == 0 { "" } else { "," });
                    into.push_str(&escaped(&quoted(key)));
                    into.push(':');
                    self.json_into(value, into, at)?;
                }
                into.push('}');
            }
            other => {
                let text = self.text_of(other.clone(), at)?;
                if text.kind == Kind::Number {
                    into.push_str(&text.written().ok_or_else(|| unwritable(at))?);
                    return Ok(());
                }
                self.doubtful(&text, at);
                let pieces = text.pieces.into_iter().map(|piece| match piece {
                    Piece::Literal(text) => {
                        let quoted = quoted(&text);
                        Piece::Literal(quoted[1..quoted.len() - 1].to_owned())
                    }
                    hole => hole,
                });
                let text = Text { pieces: pieces.collect(), kind: Kind::Text };
                into.push('"');
                into.push_str(&text.written().ok_or_else(|| unwritable(at))?);
                into.push('"');
            }
        }
        Ok(())
    }

    /// JSON tells a number from a text, and what is filled in does not say which it is.
    fn doubtful(&mut self, text: &Text, at: Extent) {
        if text.kind == Kind::Either {
            let advice = "if it is a number, take the quotes around it away in a body or json that is a text";
            let reason =
                "whether a value is a number or a text in JSON is known only when it comes; a text is sent";
            self.missing(Gap::new(at, reason).advise(advice));
        }
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn unwritable(at: Extent) -> Gap {
    Gap::new(at, "a value has no form in a file of ours")
}
