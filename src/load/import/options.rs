//! The options of a script as the top of a file of ours: the names are the same.

use super::findings::{Gap, Known};
use super::translator::Translator;
use super::tree::Extent;
use super::value::{Value, number_text};
use super::yaml::{Node, Yaml};
use crate::load::span::Span;

/// They stand at the top, in this order.
const AT_THE_TOP: [&str; 7] = ["vus", "duration", "iterations", "stages", "scenarios", "thresholds", "tags"];

/// Their entries can go one by one.
const NAMED: [&str; 2] = ["scenarios", "thresholds"];

impl Translator<'_> {
    /// The keys that stand at the top, and those that stand below `options`.
    pub(super) fn written_options(&mut self, line_of: &dyn Fn(Extent) -> usize) -> Vec<Node> {
        let Some(top) = self.options.take() else { return Vec::new() };
        let (at, line) = (top.at, line_of(top.at));
        self.statement = at;
        let Value::Map(pairs) = top.value else {
            self.missing(Gap::new(at, "the options are not known"));
            return Vec::new();
        };
        let mut nodes = Vec::new();
        let mut others = Vec::new();
        for key in AT_THE_TOP {
            let Some((_, value)) = pairs.iter().find(|(known, _)| known == key) else { continue };
            if NAMED.contains(&key)
                && let Value::Map(entries) = value
            {
                let entries = entries.iter().filter_map(|(name, value)| self.option(name, value, at));
                let node = Node { line: Some(line), ..Node::new(key, Yaml::Map(entries.collect())) };
                nodes.push(node);
            } else if let Some(node) = self.option(key, value, at) {
                nodes.push(Node { line: Some(line), ..node });
            }
        }
        for (key, value) in pairs.iter().filter(|(key, _)| !AT_THE_TOP.contains(&key.as_str())) {
            others.extend(self.option(key, value, at));
        }
        if !others.is_empty() {
            nodes.push(Node { line: Some(line), ..Node::new("options", Yaml::Map(others)) });
        }
        nodes
    }

    fn option(&mut self, key: &str, value: &Value, at: Extent) -> Option<Node> {
        match self.option_yaml(value, at) {
            Ok(Some(value)) => Some(Node::new(key, value)),
            Ok(None) => None,
            Err(gap) => {
                self.statement = at;
                self.missing(Gap { reason: format!("{key}: {}", gap.reason), ..gap });
                None
            }
        }
    }

    /// `None` for what says nothing.
    fn option_yaml(&mut self, value: &Value, at: Extent) -> Known<Option<Yaml>> {
        Ok(Some(match value {
            Value::Undefined | Value::Null => return Ok(None),
            Value::Boolean(truth) => Yaml::bare(truth),
            Value::Number(number) => {
                Yaml::bare(&number_text(*number).ok_or_else(|| Gap::new(at, "a number cannot be written"))?)
            }
            Value::List(items) => {
                let mut list = Vec::new();
                for item in items {
                    list.extend(self.option_yaml(item, at)?);
                }
                Yaml::list(list)
            }
            Value::Map(pairs) => {
                let mut map = Vec::new();
                for (key, value) in pairs {
                    map.extend(self.option_yaml(value, at)?.map(|value| (key.clone(), value)));
                }
                Yaml::map(map)
            }
            other => {
                let text = self.written_static(other.clone(), at)?;
                if Span::parse(&text).is_ok() { Yaml::bare(&text) } else { Yaml::text(text) }
            }
        }))
    }
}
