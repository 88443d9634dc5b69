//! Blocks of YAML, written line by line with comments between the keys.

use std::fmt::Display;

/// Keys and comments at one depth.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Block(Vec<String>);

impl Block {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn text(&mut self, key: &str, value: &str) {
        self.0.push(format!("{}: {}", scalar(key, false), scalar(value, true)));
    }

    /// A number, truth or duration: what needs no quotes.
    pub(super) fn plain(&mut self, key: &str, value: impl Display) {
        self.0.push(format!("{key}: {value}"));
    }

    pub(super) fn list(&mut self, key: &str, values: &[String]) {
        let values: Vec<String> = values.iter().map(|value| scalar(value, false)).collect();
        self.0.push(format!("{}: [{}]", scalar(key, false), values.join(", ")));
    }

    /// A sentence; it stays on its line whatever it holds.
    pub(super) fn comment(&mut self, text: &str) {
        let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        self.0.push(format!("# {text}"));
    }

    /// A key that waits for its value, with what stood there.
    pub(super) fn commented(&mut self, key: &str, value: &str) {
        self.0.push(format!("#{key}: {}", scalar(value, true)));
    }

    pub(super) fn block(&mut self, key: &str, below: &Block) {
        if !below.is_empty() {
            self.0.push(format!("{key}:"));
            self.0.extend(below.0.iter().map(|line| format!("  {line}")));
        }
    }

    /// A list of blocks, each of which begins with a key.
    pub(super) fn items(&mut self, key: &str, items: &[Block]) {
        if items.is_empty() {
            return;
        }
        self.0.push(format!("{key}:"));
        for item in items {
            let lines = item.0.iter().enumerate();
            self.0.extend(lines.map(|(at, line)| format!("  {}{line}", if at == 0 { "- " } else { "  " })));
        }
    }

    /// Puts the other's keys behind these.
    pub(super) fn append(&mut self, other: Block) {
        self.0.extend(other.0);
    }

    pub(super) fn into_text(self) -> String {
        self.0.into_iter().map(|line| line + "\n").collect()
    }
}

/// As it stands where nothing can be misread, else in quotes; JSON's quotes are YAML's.
fn scalar(text: &str, with_colons: bool) -> String {
    const WORDS: [&str; 9] = ["false", "n", "no", "null", "off", "on", "true", "y", "yes"];
    let is_safe = |c: char| c.is_ascii_alphanumeric() || "_./-".contains(c) || (with_colons && c == ':');
    let is_plain = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/')
        && text.chars().all(is_safe)
        && !text.ends_with(':')
        && !WORDS.contains(&text.to_ascii_lowercase().as_str());
    if is_plain { text.to_owned() } else { serde_json::Value::from(text).to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn quotes_stand_where_they_must() {
        for (text, written) in [
            ("http://influxdb:8086", "http://influxdb:8086"),
            ("/etc/podometer/a-b.c", "/etc/podometer/a-b.c"),
            ("no", "\"no\""),
            ("10", "\"10\""),
            ("", "\"\""),
            ("a b", "\"a b\""),
            ("a:", "\"a:\""),
            ("java.lang:type=Runtime", "\"java.lang:type=Runtime\""),
            ("say \"hi\"\n", "\"say \\\"hi\\\"\\n\""),
        ] {
            assert_eq!(scalar(text, true), written);
        }
    }

    proptest! {
        #[test]
        fn every_text_reads_back(text in "\\PC*", other in ".*") {
            let mut inner = Block::default();
            inner.comment(&other);
            inner.text("a", &text);
            inner.list("b", &[text.clone(), other.clone()]);
            let mut outer = Block::default();
            outer.block("x", &inner);
            let source = ::config::File::from_str(&outer.into_text(), ::config::FileFormat::Yaml);
            let read = ::config::Config::builder().add_source(source).build().unwrap();
            prop_assert_eq!(read.get_string("x.a").unwrap(), text.clone());
            prop_assert_eq!(read.get::<Vec<String>>("x.b").unwrap(), [text, other]);
        }
    }
}
