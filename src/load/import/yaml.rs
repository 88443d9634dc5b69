//! YAML of our own making: blocks with comments, and what is short on one line.

use std::fmt::Write;

/// A value to be written.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Yaml {
    /// A number, truth or duration: what needs no quotes.
    Bare(String),
    Text(String),
    List(Vec<Node>),
    Map(Vec<Node>),
}

/// An entry of a list or map with what is said about it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Node {
    /// In maps.
    pub(super) key: String,
    /// `None` for comments that stand alone.
    pub(super) value: Option<Yaml>,
    /// Each on a line above.
    pub(super) comments: Vec<String>,
    /// The line of the script that it comes from.
    pub(super) line: Option<usize>,
    /// What goes when this turns out to be wrong.
    pub(super) unit: Option<usize>,
}

/// A text and, line by line, the unit that it belongs to.
#[derive(Debug, Default)]
pub(super) struct Written {
    pub(super) text: String,
    pub(super) units: Vec<Option<usize>>,
}

/// Longer ones are written as blocks.
const LONGEST_LINE: usize = 100;

impl Yaml {
    pub(super) fn text(text: impl Into<String>) -> Yaml {
        Yaml::Text(text.into())
    }

    pub(super) fn bare(text: &(impl ToString + ?Sized)) -> Yaml {
        Yaml::Bare(text.to_string())
    }

    pub(super) fn list(items: impl IntoIterator<Item = Yaml>) -> Yaml {
        Yaml::List(items.into_iter().map(|value| Node { value: Some(value), ..Node::default() }).collect())
    }

    pub(super) fn map<K: Into<String>>(pairs: impl IntoIterator<Item = (K, Yaml)>) -> Yaml {
        Yaml::Map(pairs.into_iter().map(|(key, value)| Node::new(key, value)).collect())
    }

    /// On one line; `None` where comments stand within or it would be long.
    fn short(&self, room: usize) -> Option<String> {
        let short = match self {
            Yaml::Bare(text) => text.clone(),
            Yaml::Text(text) => scalar(text),
            Yaml::List(nodes) => {
                let items: Option<Vec<String>> = nodes.iter().map(|node| node.short(room)).collect();
                format!("[{}]", items?.join(", "))
            }
            Yaml::Map(nodes) => {
                let pair = |node: &Node| Some(format!("{}: {}", scalar(&node.key), node.short(room)?));
                let pairs: Option<Vec<String>> = nodes.iter().map(pair).collect();
                format!("{{{}}}", pairs?.join(", "))
            }
        };
        let is_scalar = matches!(self, Yaml::Bare(_) | Yaml::Text(_));
        (is_scalar || short.len() <= room).then_some(short)
    }
}

impl Node {
    pub(super) fn new(key: impl Into<String>, value: Yaml) -> Node {
        Node { key: key.into(), value: Some(value), ..Node::default() }
    }

    pub(super) fn item(value: Yaml) -> Node {
        Node { value: Some(value), ..Node::default() }
    }

    fn short(&self, room: usize) -> Option<String> {
        let is_plain = self.comments.is_empty() && self.line.is_none() && self.unit.is_none();
        self.value.as_ref().filter(|_| is_plain)?.short(room)
    }
}

impl Written {
    /// A whole document.
    pub(super) fn of(head: &[String], nodes: &[Node]) -> Written {
        let mut written = Written::default();
        for line in head {
            written.line(0, &format!("# {}", harmless(line)), None);
        }
        for (at, node) in nodes.iter().enumerate() {
            if at > 0 || !head.is_empty() {
                written.line(0, "", None);
            }
            written.entry(node, 0, "", None);
        }
        written
    }

    fn line(&mut self, indent: usize, text: &str, unit: Option<usize>) {
        let indent = if text.is_empty() { 0 } else { indent };
        // Writing to memory cannot fail.
        let _ = writeln!(self.text, "{:indent$}{text}", "");
        self.units.push(unit);
    }

    fn comments(&mut self, node: &Node, indent: usize, unit: Option<usize>) {
        for comment in &node.comments {
            self.line(indent, &format!("# {}", harmless(comment)), unit);
        }
    }

    /// An entry of a map; `lead` is what stands in front of its first line in place of spaces.
    fn entry(&mut self, node: &Node, indent: usize, lead: &str, unit: Option<usize>) {
        let unit = node.unit.or(unit);
        self.comments(node, indent, unit);
        let Some(value) = &node.value else { return };
        let first = format!("{lead}{}:", scalar(&node.key));
        self.value(value, node.line, &first, indent + lead.len() + 2, indent, unit);
    }

    fn item(&mut self, node: &Node, indent: usize, unit: Option<usize>) {
        let unit = node.unit.or(unit);
        self.comments(node, indent, unit);
        match &node.value {
            None => {}
            Some(Yaml::Map(nodes))
                if node.short(LONGEST_LINE.saturating_sub(indent)).is_none() && has_values(nodes) =>
            {
                // What is said of the first key stands above the dash.
                let mut lead = "- ";
                for node_of_map in nodes {
                    let is_first = lead == "- " && node_of_map.value.is_some();
                    if is_first {
                        self.comments(node_of_map, indent, unit);
                        let bare = Node {
                            comments: Vec::new(),
                            line: node.line.or(node_of_map.line),
                            ..node_of_map.clone()
                        };
                        self.entry(&bare, indent, lead, unit);
                        lead = "";
                    } else {
                        self.entry(node_of_map, indent + 2, "", unit);
                    }
                }
            }
            Some(value) => self.value(value, node.line, "-", indent + 2, indent, unit),
        }
    }

    fn value(
        &mut self,
        value: &Yaml,
        line: Option<usize>,
        first: &str,
        below: usize,
        indent: usize,
        unit: Option<usize>,
    ) {
        let mark = line.map(|line| format!("  # line {line}")).unwrap_or_default();
        if let Some(short) = value.short(LONGEST_LINE.saturating_sub(indent + first.len())) {
            self.line(indent, &format!("{first} {short}{mark}"), unit);
            return;
        }
        self.line(indent, &format!("{first}{mark}"), unit);
        match value {
            Yaml::List(nodes) => {
                for node in nodes {
                    self.item(node, below, unit);
                }
                if !has_values(nodes) {
                    self.line(below, "[]", unit);
                }
            }
            Yaml::Map(nodes) => {
                for node in nodes {
                    self.entry(node, below, "", unit);
                }
                if !has_values(nodes) {
                    self.line(below, "{}", unit);
                }
            }
            Yaml::Bare(_) | Yaml::Text(_) => {}
        }
    }
}

fn has_values(nodes: &[Node]) -> bool {
    nodes.iter().any(|node| node.value.is_some())
}

/// It stays on its line whatever it holds.
fn harmless(text: &str) -> String {
    text.chars().map(|c| if is_harmful(c) { ' ' } else { c }).collect()
}

/// Line ends of YAML, and what may not stand in it.
fn is_harmful(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

/// As it stands where nothing can be misread, else in quotes; JSON's quotes are YAML's.
fn scalar(text: &str) -> String {
    const WORDS: [&str; 10] = ["false", "n", "no", "null", "off", "on", "true", "y", "yes", "nan"];
    let is_safe = |c: char| c.is_ascii_alphanumeric() || "_./- ".contains(c);
    let is_plain = text.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '_'))
        && text.chars().all(is_safe)
        && !text.ends_with(' ')
        && !WORDS.contains(&text.to_ascii_lowercase().as_str());
    if is_plain {
        return text.to_owned();
    }
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            _ if is_harmful(c) => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(c));
            }
            _ => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_cannot_be_misread() {
        for (text, expected) in [
            ("status is 200", "status is 200"),
            ("true", "\"true\""),
            ("5", "\"5\""),
            ("a: b", "\"a: b\""),
            ("${A}/b", "\"${A}/b\""),
            ("", "\"\""),
            ("a ", "\"a \""),
            ("q\"\\\n\u{2028}\u{7f}", "\"q\\\"\\\\\\n\\u2028\\u007f\""),
            ("~", "\"~\""),
        ] {
            assert_eq!(scalar(text), expected);
        }
    }

    #[test]
    fn blocks_carry_their_comments() {
        let step = |url: &str| {
            let request = Yaml::map([("get", Yaml::text(url)), ("name", Yaml::text("x".repeat(90)))]);
            Node { line: Some(7), unit: Some(1), comments: vec!["above".to_owned()], ..Node::item(request) }
        };
        let alone = Node { comments: vec!["not translated: line 9".to_owned()], ..Node::default() };
        let flows = Yaml::Map(vec![
            Node::new("default", Yaml::List(vec![step("http://h/"), alone.clone()])),
            Node::new("other", Yaml::List(vec![alone])),
        ]);
        let written = Written::of(&["Head.".to_owned()], &[Node::new("flows", flows)]);
        let x = "x".repeat(90);
        let expected = format!(
            "# Head.\n\nflows:\n  default:\n    # above\n    - get: \"http://h/\"  # line 7\n      name: {x}\n    # not translated: line 9\n  other:\n    # not translated: line 9\n    []\n"
        );
        assert_eq!(written.text, expected);
        assert_eq!(written.units.len(), expected.lines().count());
        assert_eq!(written.units[5], Some(1));
        assert_eq!(written.units[3], None);
    }
}
