//! Values of YAML that know their place.

use std::fmt;

/// Counted from one, the column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    pub line: usize,
    pub column: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Node {
    pub(super) place: Place,
    pub(super) value: Value,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    /// In quotes it is a text, whatever it looks like.
    Scalar {
        text: String,
        is_plain: bool,
    },
    List(Vec<Node>),
    Map(Vec<Entry>),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    pub(super) key: String,
    /// Of the key.
    pub(super) place: Place,
    pub(super) node: Node,
}

impl Node {
    /// A key without a value stands for its default.
    pub(super) fn is_null(&self) -> bool {
        match &self.value {
            Value::Scalar { text, is_plain: true } => {
                matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL")
            }
            _ => false,
        }
    }

    pub(super) fn entry(&self, key: &str) -> Option<&Entry> {
        match &self.value {
            Value::Map(entries) => entries.iter().find(|entry| entry.key == key),
            _ => None,
        }
    }

    /// What it is, for messages.
    pub(super) fn shown(&self) -> String {
        match &self.value {
            Value::Scalar { text, .. } => text.clone(),
            Value::List(_) => "[...]".to_owned(),
            Value::Map(_) => "{...}".to_owned(),
        }
    }

    /// Where a path such as `scenarios.api.stages[0].target` is written, or as much of it as there is: a value by its
    /// own place, a map or list and what lacks something by the place of its key.
    pub(super) fn place_of(&self, path: &str) -> Option<Place> {
        let (mut node, mut found) = (self, None);
        for part in path.split('.') {
            let (key, indices) = part.split_at(part.find('[').unwrap_or(part.len()));
            let Some(entry) = node.entry(key) else { break };
            (node, found) = (&entry.node, Some(entry.place));
            for index in indices.split(['[', ']']).filter_map(|index| index.parse::<usize>().ok()) {
                let Value::List(items) = &node.value else { break };
                let Some(item) = items.get(index) else { break };
                (node, found) = (item, Some(item.place));
            }
            if matches!(node.value, Value::Scalar { .. }) && !node.is_null() {
                found = Some(node.place);
            }
        }
        found
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}
