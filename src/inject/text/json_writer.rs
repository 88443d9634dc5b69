//! A tree to JSON.

use crate::inject::tree::{Scalar, Style, Tree};

/// How the lines of a document are indented.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::inject) enum Indent {
    /// All on one line.
    None,
    /// Each level by this.
    By(String),
}

/// The value as JSON, without a line end behind it.
pub(in crate::inject) fn to_json(tree: &Tree, indent: &Indent) -> String {
    let mut out = String::new();
    value(&mut out, tree, indent, 0);
    out
}

fn value(out: &mut String, tree: &Tree, indent: &Indent, depth: usize) {
    match tree {
        Tree::Scalar(scalar) => out.push_str(&written(scalar)),
        Tree::List(list) => {
            let each = list.items.iter().map(|item| (None, item));
            members(out, ('[', ']'), each, indent, depth);
        }
        Tree::Map(map) => {
            let each = map.entries.iter().map(|(key, value)| (Some(key), value));
            members(out, ('{', '}'), each, indent, depth);
        }
    }
}

fn members<'a>(
    out: &mut String,
    (open, close): (char, char),
    members: impl ExactSizeIterator<Item = (Option<&'a Scalar>, &'a Tree)>,
    indent: &Indent,
    depth: usize,
) {
    let is_empty = members.len() == 0;
    let line = |out: &mut String, depth: usize| {
        if let Indent::By(step) = indent {
            out.push('\n');
            out.extend(std::iter::repeat_n(step.as_str(), depth));
        }
    };
    out.push(open);
    for (place, (key, below)) in members.enumerate() {
        if place > 0 {
            out.push(',');
        }
        line(out, depth + 1);
        if let Some(key) = key {
            out.push_str(&quoted(&key.text));
            out.push(':');
            if *indent != Indent::None {
                out.push(' ');
            }
        }
        value(out, below, indent, depth + 1);
    }
    if !is_empty {
        line(out, depth);
    }
    out.push(close);
}

/// What is plain and no literal of JSON is a text here.
fn written(scalar: &Scalar) -> String {
    if scalar.is_null() {
        return "null".to_owned();
    }
    let is_literal = scalar.style == Style::Plain
        && (matches!(scalar.text.as_str(), "true" | "false")
            || serde_json::from_str::<serde_json::Number>(&scalar.text).is_ok());
    if is_literal { scalar.text.clone() } else { quoted(&scalar.text) }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::super::from_json;
    use super::*;

    #[test]
    fn what_was_read_is_written() {
        for text in [r#"{"b":1,"a":[true,null,"x\n",1.0,-3],"c":{},"d":[]}"#, "[]", "\"é😀\"", "null"] {
            assert_eq!(to_json(&from_json(text.as_bytes()).unwrap(), &Indent::None), text);
        }
        let pretty = "{\n  \"b\": [\n    1\n  ],\n  \"a\": {}\n}";
        let tree = from_json(pretty.as_bytes()).unwrap();
        assert_eq!(to_json(&tree, &Indent::By("  ".to_owned())), pretty);
        assert!(from_json(br#"{"a":1,"a":2}"#).unwrap_err().to_string().contains("a second time"));
    }
}
