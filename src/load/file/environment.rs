//! Words of the environment, by their names: of the scenario before those of the process, and of the file where
//! neither has one.

use std::collections::BTreeMap;

use super::reference::{Piece, pieces};

pub(super) struct Environment<'a> {
    pub(super) variable: &'a dyn Fn(&str) -> Option<String>,
    /// What the file says: defaults.
    pub(super) file: BTreeMap<String, String>,
    /// What the scenario says whose flow is read.
    pub(super) scenario: BTreeMap<String, String>,
}

impl<'a> Environment<'a> {
    pub(super) fn new(variable: &'a dyn Fn(&str) -> Option<String>) -> Environment<'a> {
        Environment { variable, file: BTreeMap::new(), scenario: BTreeMap::new() }
    }

    pub(super) fn get(&self, name: &str) -> Option<String> {
        let own = self.scenario.get(name).cloned();
        own.or_else(|| (self.variable)(name)).or_else(|| self.file.get(name).cloned())
    }

    /// The names that the file and the scenario give.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.scenario.keys().chain(self.file.keys()).map(String::as_str)
    }

    /// A text with every reference replaced; on failure what is wrong.
    pub(super) fn expand(&self, text: &str) -> Result<String, String> {
        let mut expanded = String::new();
        for piece in pieces(text)? {
            match piece {
                Piece::Text(text) => expanded.push_str(text),
                Piece::Reference { name, default } => {
                    let name = name.strip_prefix("env.").unwrap_or(name);
                    let word = self.get(name).or_else(|| default.map(str::to_owned));
                    let word = word.ok_or_else(|| {
                        format!(
                            "names {name}, which is not set; set it, or give a default as ${{{name}:-...}}"
                        )
                    })?;
                    expanded.push_str(&word);
                }
            }
        }
        Ok(expanded)
    }
}
