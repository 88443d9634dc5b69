//! Bodies: a text, a form, or JSON.

use super::fields::{Field, Fields};
use super::node::{Node, Value};
use super::reference::{Piece, pieces};
use super::scope::Scope;
use super::values::Reader;
use super::whole::Surroundings;
use crate::load::flow::{Body, Escape, Part, Template};

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

impl Reader<'_> {
    /// At most one of `body`, `json` and `form`.
    pub(super) fn body(
        &mut self,
        scope: &mut Scope,
        fields: &mut Fields<'_>,
        surroundings: &Surroundings<'_>,
    ) -> Option<Body> {
        let given = ["body", "form", "json"].map(|key| fields.take(key));
        let mut given_ones = given.iter().flatten();
        if let (Some(_), Some(second)) = (given_ones.next(), given_ones.next()) {
            self.refuse_with(second, "a request has one body; allowed: one of body, form, json");
        }
        let [text, form, json] = given;
        let body = |content, content_type| Some(Body { content, content_type });
        if let Some(field) = form {
            return body(self.form(scope, &field)?, Some(FORM));
        }
        if let Some(field) = json {
            return body(self.json(scope, &field)?, Some(JSON));
        }
        body(self.raw_body(scope, &text?, surroundings)?, None)
    }

    /// A text, or `{file: NAME}`, which is sent as it is.
    fn raw_body(
        &mut self,
        scope: &mut Scope,
        field: &Field<'_>,
        surroundings: &Surroundings<'_>,
    ) -> Option<Template> {
        if matches!(field.node.value, Value::Scalar { .. }) {
            return self.template(scope, field, Escape::Raw);
        }
        let mut fields = self.fields(field)?;
        let file = fields.take("file");
        let is_known = fields.finish(self);
        let Some(file) = file else {
            if is_known {
                self.refuse_with(field, "lacks file; allowed: a text, or a file such as {file: body.bin}");
            }
            return None;
        };
        self.bytes_of(&file, surroundings).map(Template::literal)
    }

    fn form(&mut self, scope: &mut Scope, field: &Field<'_>) -> Option<Template> {
        let mut parts = Vec::new();
        for (entry, field) in self.named(field) {
            let is_list = matches!(field.node.value, Value::List(_));
            for item in if is_list { self.items(&field) } else { vec![field] } {
                let mut name = if parts.is_empty() { Vec::new() } else { b"&".to_vec() };
                Escape::Form.write(entry.key.as_bytes(), &mut name);
                name.push(b'=');
                parts.push(Part::Literal(name.into()));
                parts.extend(self.template(scope, &item, Escape::Form)?.parts().iter().cloned());
            }
        }
        Some(Template::new(parts))
    }

    /// A map or list of YAML as JSON; a text is JSON already.
    fn json(&mut self, scope: &mut Scope, field: &Field<'_>) -> Option<Template> {
        let mut parts = Vec::new();
        match &field.node.value {
            Value::Scalar { text, .. } => {
                self.json_text(scope, field, text, &mut parts)?;
                self.json_is_whole(field, &parts);
            }
            _ => self.json_value(scope, field, field.node, &mut parts)?,
        }
        Some(Template::new(parts))
    }

    /// What is filled in between quotes is escaped for them.
    fn json_text(
        &mut self,
        scope: &mut Scope,
        field: &Field<'_>,
        text: &str,
        parts: &mut Vec<Part>,
    ) -> Option<()> {
        let pieces = match pieces(text) {
            Ok(pieces) => pieces,
            Err(reason) => {
                self.refuse(field, reason, "${NAME}, or ${NAME:-default}; $${ for ${ itself");
                return None;
            }
        };
        let mut is_quoted = false;
        for piece in pieces {
            match piece {
                Piece::Text(text) => {
                    let mut is_escaped = false;
                    for byte in text.bytes() {
                        is_quoted ^= byte == b'"' && !is_escaped;
                        is_escaped = byte == b'\\' && !is_escaped;
                    }
                    parts.push(Part::Literal(text.as_bytes().into()));
                }
                Piece::Reference { name, default } => {
                    let escape = if is_quoted { Escape::Json } else { Escape::Raw };
                    parts.push(self.hole(scope, field, name, default, escape)?);
                }
            }
        }
        Some(())
    }

    /// Whatever the holes are filled with, the text around them must be JSON: a number stands for each.
    fn json_is_whole(&mut self, field: &Field<'_>, parts: &[Part]) {
        let text = parts.iter().flat_map(|part| match part {
            Part::Literal(text) => text,
            Part::Hole { .. } => &b"0"[..],
        });
        let text: Vec<u8> = text.copied().collect();
        if let Err(error) = serde_json::from_slice::<serde::de::IgnoredAny>(&text) {
            self.refuse_with(field, format_args!("is no JSON: {error}"));
        }
    }

    fn json_value(
        &mut self,
        scope: &mut Scope,
        field: &Field<'_>,
        node: &Node,
        parts: &mut Vec<Part>,
    ) -> Option<()> {
        let literal = |text: &str| Part::Literal(text.as_bytes().into());
        match &node.value {
            Value::List(items) => {
                parts.push(literal("["));
                for (at, item) in items.iter().enumerate() {
                    parts.push(literal(if at == 0 { "" } else { "," }));
                    self.json_value(scope, field, item, parts)?;
                }
                parts.push(literal("]"));
            }
            Value::Map(entries) => {
                parts.push(literal("{"));
                for (at, entry) in entries.iter().enumerate() {
                    parts.push(literal(if at == 0 { "\"" } else { ",\"" }));
                    parts.extend(self.parts(scope, field, &entry.key, Escape::Json)?);
                    parts.push(literal("\":"));
                    self.json_value(scope, field, &entry.node, parts)?;
                }
                parts.push(literal("}"));
            }
            Value::Scalar { .. } if node.is_null() => parts.push(literal("null")),
            Value::Scalar { text, is_plain } => {
                let is_bare = *is_plain
                    && serde_json::from_str::<serde_json::Value>(text)
                        .is_ok_and(|value| value.is_number() || value.is_boolean());
                if is_bare {
                    parts.push(literal(text));
                } else {
                    parts.push(literal("\""));
                    let here = Field::new(field.path.clone(), node);
                    parts.extend(self.parts(scope, &here, text, Escape::Json)?);
                    parts.push(literal("\""));
                }
            }
        }
        Some(())
    }
}
