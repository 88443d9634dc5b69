//! The keys of a map, taken one by one; those that nobody took are unknown.

use super::node::{Entry, Node, Value};
use super::problem::Fault;
use super::values::Reader;
use crate::model::nearest::nearest;

/// A value with the path that leads to it.
#[derive(Clone, Debug)]
pub(super) struct Field<'n> {
    pub(super) path: String,
    pub(super) node: &'n Node,
}

/// A map that is being read.
#[derive(Debug)]
pub(super) struct Fields<'n> {
    path: String,
    entries: &'n [Entry],
    known: Vec<&'static str>,
    passed: Vec<&'static str>,
}

impl<'n> Field<'n> {
    pub(super) fn new(path: impl Into<String>, node: &'n Node) -> Field<'n> {
        Field { path: path.into(), node }
    }

    /// An item of a list that this is.
    fn item(&self, at: usize, node: &'n Node) -> Field<'n> {
        Field::new(format!("{}[{at}]", self.path), node)
    }
}

impl<'n> Fields<'n> {
    /// The value of a key; `None` where it is absent or says nothing.
    pub(super) fn take(&mut self, key: &'static str) -> Option<Field<'n>> {
        self.known.push(key);
        let entry = self.entries.iter().find(|entry| entry.key == key)?;
        let field = Field::new(join(&self.path, key), &entry.node);
        (!entry.node.is_null()).then_some(field)
    }

    /// Keys of which something else was said.
    pub(super) fn pass_over(&mut self, keys: &[&'static str]) {
        self.passed.extend(keys);
    }

    /// Complains of every key that was not asked for; true where there is none. A slip is not lacking as well.
    pub(super) fn finish(self, reader: &mut Reader<'_>) -> bool {
        let mut is_known = true;
        let is_taken = |entry: &&Entry| {
            let key = entry.key.as_str();
            self.known.contains(&key) || self.passed.contains(&key)
        };
        for entry in self.entries.iter().filter(|entry| !is_taken(entry)) {
            let nearest = nearest(&entry.key, self.known.iter().copied()).map(|key| join(&self.path, key));
            let mut known: Vec<String> = self.known.iter().map(|&key| key.to_owned()).collect();
            known.sort_unstable();
            let key = join(&self.path, &entry.key);
            reader.complain(entry.place, Fault::UnknownKey { key, nearest, known });
            is_known = false;
        }
        is_known
    }
}

impl Reader<'_> {
    /// The value as a map whose keys are known; a complaint where it is none.
    pub(super) fn fields<'n>(&mut self, field: &Field<'n>) -> Option<Fields<'n>> {
        let entries = self.entries_of(field)?;
        Some(Fields { path: field.path.clone(), entries, known: Vec::new(), passed: Vec::new() })
    }

    /// The value as a map of names that the file gives. One that says nothing is left out.
    pub(super) fn named<'n>(&mut self, field: &Field<'n>) -> Vec<(&'n Entry, Field<'n>)> {
        let entries = self.entries_of(field).unwrap_or_default();
        let named =
            entries.iter().map(|entry| (entry, Field::new(join(&field.path, &entry.key), &entry.node)));
        named.collect()
    }

    pub(super) fn items<'n>(&mut self, field: &Field<'n>) -> Vec<Field<'n>> {
        if let Value::List(items) = &field.node.value {
            return items.iter().enumerate().map(|(at, node)| field.item(at, node)).collect();
        }
        self.refuse(field, "is no list", "a list such as [a, b]");
        Vec::new()
    }

    fn entries_of<'n>(&mut self, field: &Field<'n>) -> Option<&'n [Entry]> {
        if let Value::Map(entries) = &field.node.value {
            return Some(entries);
        }
        self.refuse(field, "is no map", "a map such as {key: value}");
        None
    }
}

pub(super) fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}
