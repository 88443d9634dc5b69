//! A class: a configuration of the agent that pods name, as telegraf-operator's classes are.

use super::environment::{self, Leaf, Unsayable};
use super::text::from_yaml;
use super::tree::Tree;
use crate::config::{Sources, load};

/// Settings of a class that were checked as the agent will check them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Class {
    pub(super) leaves: Vec<Leaf>,
}

/// Why there is no such class.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClassError {
    #[error("{place}:{line}: {message}")]
    Malformed { place: String, line: usize, message: String },
    #[error(
        "{place}: is no configuration: keys with values are wanted, as podometer config default prints them"
    )]
    NoMap { place: String },
    #[error("{place}: {problem}")]
    Refused { place: String, problem: String },
}

impl Class {
    /// Reads a configuration of the agent; `place` is what it is called in messages.
    pub fn parse(place: &str, text: &str) -> Result<Class, ClassError> {
        let place = place.to_owned();
        let read = match from_yaml(text) {
            Ok(read) => read,
            Err(error) => {
                return Err(ClassError::Malformed { place, line: error.line, message: error.message });
            }
        };
        let leaves = match read.root {
            None => Vec::new(),
            Some(root @ Tree::Map(_)) => environment::leaves(&root),
            Some(_) => return Err(ClassError::NoMap { place }),
        };
        match refusals(&leaves) {
            problems if problems.is_empty() => Ok(Class { leaves }),
            problems => Err(ClassError::Refused { place, problem: problems.join("; ") }),
        }
    }
}

/// What the agent would say of these settings at its start.
pub(super) fn refusals(leaves: &[Leaf]) -> Vec<String> {
    let environment = match environment::variables(leaves) {
        Ok(variables) => variables,
        Err(error @ Unsayable { .. }) => return vec![error.to_string()],
    };
    match load(&Sources { environment, ..Sources::default() }) {
        Ok(_) => Vec::new(),
        Err(problems) => problems.iter().map(ToString::to_string).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_is_what_the_agent_would_take() {
        assert_eq!(Class::parse("c", "# nothing\n").unwrap().leaves, []);
        let sink =
            "sinks:\n  influxdb:\n    - {name: main, url: \"http://influxdb:8086\", database: telegraf}\n";
        assert_eq!(Class::parse("c", sink).unwrap().leaves.len(), 1);
        for (text, told) in [
            ("a: [", "c:"),
            ("- a\n", "c: is no configuration"),
            ("sampler: {fast_interval: 1ms}\n", "fast_interval"),
            ("sampeler: {}\nsampler: {fast: 1}\n", "fast"),
        ] {
            let said = Class::parse("c", text).unwrap_err().to_string();
            assert!(said.contains(told), "{said}");
        }
    }
}
