//! A tree to YAML: blocks of two spaces, or in brackets what was in brackets.

use std::fmt::Write as _;

use crate::inject::tree::{Scalar, Style, Tree};

/// The document, with a line end behind it.
pub(in crate::inject) fn to_yaml(tree: &Tree, indents_lists: bool) -> String {
    let mut writer = Writer { out: String::new(), indents_lists };
    if block_of(tree).is_some() {
        writer.block(tree, 0);
    } else {
        writer.inline(tree, 0);
        writer.out.push('\n');
    }
    writer.out
}

struct Writer {
    out: String,
    indents_lists: bool,
}

/// What is written in lines of its own: collections that are neither empty nor in brackets.
fn block_of(tree: &Tree) -> Option<&Tree> {
    match tree {
        Tree::List(list) if !list.is_flow && !list.items.is_empty() => Some(tree),
        Tree::Map(map) if !map.is_flow && !map.entries.is_empty() => Some(tree),
        _ => None,
    }
}

impl Writer {
    /// Each line begins at `column`; the first one is begun already where the text ends in no line end.
    fn block(&mut self, tree: &Tree, column: usize) {
        match tree {
            Tree::Map(map) => {
                for (key, value) in &map.entries {
                    self.begin(column);
                    self.out.push_str(&scalar(key, true));
                    self.out.push(':');
                    self.value(value, column);
                }
            }
            Tree::List(list) => {
                for item in &list.items {
                    self.begin(column);
                    self.out.push('-');
                    if let Some(below) = block_of(item) {
                        // Its first line stands behind the dash.
                        self.out.push(' ');
                        self.block(below, column + 2);
                    } else {
                        self.inline_behind(item, column + 2);
                        self.out.push('\n');
                    }
                }
            }
            Tree::Scalar(_) => {}
        }
    }

    fn begin(&mut self, column: usize) {
        if self.out.is_empty() || self.out.ends_with('\n') {
            self.out.extend(std::iter::repeat_n(' ', column));
        }
    }

    /// What stands behind a key.
    fn value(&mut self, value: &Tree, column: usize) {
        if let Some(below) = block_of(value) {
            self.out.push('\n');
            let is_list = matches!(below, Tree::List(_));
            let step = if is_list && !self.indents_lists { 0 } else { 2 };
            self.block(below, column + step);
        } else {
            self.inline_behind(value, column + 2);
            self.out.push('\n');
        }
    }

    /// A space and what stands on the line; nothing for a null that was written so.
    fn inline_behind(&mut self, value: &Tree, column: usize) {
        if matches!(value, Tree::Scalar(scalar) if scalar.style == Style::Plain && scalar.text.is_empty()) {
            return;
        }
        self.out.push(' ');
        self.inline(value, column);
    }

    fn inline(&mut self, value: &Tree, column: usize) {
        match value {
            Tree::Scalar(written) => match literal(written, column) {
                Some(text) => self.out.push_str(&text),
                None => self.out.push_str(&scalar(written, false)),
            },
            _ => flow(&mut self.out, value),
        }
    }
}

/// In brackets, on one line.
fn flow(out: &mut String, tree: &Tree) {
    let separate = |out: &mut String, place: usize| {
        if place > 0 {
            out.push_str(", ");
        }
    };
    match tree {
        // A plain null of no letters would be nothing at all between commas.
        Tree::Scalar(written) if written.is_null() => out.push_str("null"),
        Tree::Scalar(written) => out.push_str(&scalar(written, true)),
        Tree::List(list) => {
            out.push('[');
            for (place, item) in list.items.iter().enumerate() {
                separate(out, place);
                flow(out, item);
            }
            out.push(']');
        }
        Tree::Map(map) => {
            out.push('{');
            for (place, (key, value)) in map.entries.iter().enumerate() {
                separate(out, place);
                out.push_str(&scalar(key, true));
                out.push_str(": ");
                flow(out, value);
            }
            out.push('}');
        }
    }
}

/// A block of lines, where that can hold the text.
fn literal(written: &Scalar, column: usize) -> Option<String> {
    let text = written.text.as_str();
    let body = text.trim_end_matches('\n');
    let is_plain = |c: char| c == '\n' || c == '\t' || !(c.is_control() || is_unprintable(c));
    // Lines of spaces alone would say how far the block is indented.
    let is_sound = column > 0
        && !body.is_empty()
        && text.chars().all(is_plain)
        && body.lines().all(|line| line.is_empty() || !line.trim().is_empty())
        && !body.starts_with(['\n', '\t']);
    if written.style != Style::Literal || !is_sound {
        return None;
    }
    let indication = if body.starts_with(' ') { "2" } else { "" };
    let chomping = match text.len() - body.len() {
        0 => "-",
        1 => "",
        _ => "+",
    };
    let mut out = format!("|{indication}{chomping}");
    // The line end behind the last line is the caller's.
    let lines = text.strip_suffix('\n').unwrap_or(text);
    for line in lines.split('\n') {
        out.push('\n');
        if !line.is_empty() {
            out.extend(std::iter::repeat_n(' ', column));
            out.push_str(line);
        }
    }
    Some(out)
}

/// On one line; `is_tight` where a bracket, comma or colon would end a plain one.
fn scalar(written: &Scalar, is_tight: bool) -> String {
    let text = written.text.as_str();
    let is_one_line = !text.contains(|c: char| c.is_control() || is_unprintable(c));
    match written.style {
        Style::Plain if is_plain(text, is_tight) => text.to_owned(),
        Style::Single if is_one_line => format!("'{}'", text.replace('\'', "''")),
        _ => double(text),
    }
}

/// Whether a text that was plain somewhere is so on a line of its own, too.
fn is_plain(text: &str, is_tight: bool) -> bool {
    let ends_early = |c: char| c.is_control() || is_unprintable(c) || is_tight && "[]{},".contains(c);
    let is_misread = text.contains(ends_early) || [": ", " #"].iter().any(|end| text.contains(end));
    let is_whole = text.trim() == text && !text.ends_with(':');
    is_whole && !is_misread && (!is_tight || !text.is_empty())
}

fn double(text: &str) -> String {
    let mut out = String::new();
    for c in serde_json::Value::from(text).to_string().chars() {
        if c == '\u{7f}' || is_unprintable(c) {
            // Writing to a String never fails.
            let _ = write!(out, "\\u{:04x}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out
}

/// What YAML takes for a line end or refuses; all within four digits.
fn is_unprintable(c: char) -> bool {
    matches!(c, '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

#[cfg(test)]
mod tests {
    use super::super::from_yaml;
    use super::*;
    use crate::inject::tree::{List, Map};
    use proptest::prelude::*;

    #[test]
    fn what_is_written_in_the_usual_way_stays_as_it_is() {
        for text in [
            "a: 1\nb:\n  - x\n  - c: d\n    e: {f: g, h: [1, '2']}\n  - - y\n    - z\ni: \"j\"\nk: {}\nl: []\nm:\n",
            "b:\n- x\n- c:\n  - d\n",
            "script: |\n  set -e\n\n    indented\nlast: |-\n  no end\nkept: |+\n  two\n\nend: 'it''s'\n",
            "- a\n- b: c\n",
            "just a text\n",
            "url: http://a:80/b#c\n",
        ] {
            let read = from_yaml(text).unwrap();
            assert_eq!(to_yaml(&read.root.unwrap(), read.indents_lists), text);
        }
    }

    fn any_scalar() -> impl Strategy<Value = Scalar> {
        let odd = "[ -~\\n\\t\u{80}-\u{a0}\u{2028}\u{feff}é]{0,12}";
        let styles = prop_oneof![Just(Style::Single), Just(Style::Double), Just(Style::Literal)];
        let quoted = (odd, styles).prop_map(|(text, style)| Scalar { text, style });
        let plain = "[a-z0-9][a-z0-9./-]{0,6}".prop_map(|text| Scalar { text, style: Style::Plain });
        prop_oneof![quoted, plain]
    }

    pub(crate) fn any_tree() -> impl Strategy<Value = Tree> {
        any_scalar().prop_map(Tree::Scalar).prop_recursive(4, 40, 5, |below| {
            let list = (proptest::collection::vec(below.clone(), 0..4), any::<bool>());
            let map = (proptest::collection::btree_map("[ -~é]{0,6}", below, 0..4), any::<bool>());
            prop_oneof![
                list.prop_map(|(items, is_flow)| Tree::List(List { items, is_flow })),
                map.prop_map(|(map, is_flow)| {
                    let key = |text| Scalar { text, style: Style::Double };
                    let entries = map.into_iter().map(|(text, value)| (key(text), value)).collect();
                    Tree::Map(Map { entries, is_flow })
                }),
            ]
        })
    }

    proptest! {
        #[test]
        fn every_tree_reads_back(tree in any_tree(), indents_lists in any::<bool>()) {
            let text = to_yaml(&tree, indents_lists);
            let read = from_yaml(&text).map_err(|error| TestCaseError::fail(format!("{error:?}\n{text}")))?;
            prop_assert!(read.root.clone().unwrap_or(Tree::plain("null")).means(&tree), "{}\n{:?}", text, read.root);
        }
    }
}
