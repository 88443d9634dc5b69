//! What is known while a flow is read: variables, rows, environment. Templates are compiled here.

use std::collections::BTreeSet;

use super::data::is_name;
use super::fields::Field;
use super::node::Value;
use super::reference::{Piece, pieces};
use super::values::Reader;
use crate::load::flow::{Dataset, Escape, Part, Slot, Template};
use crate::model::nearest::nearest;

/// The names of a file, and those of them that a step may use.
#[derive(Debug, Default)]
pub(super) struct Scope {
    /// Every variable of the file; a step knows it by its index.
    pub(super) variables: Vec<Box<str>>,
    pub(super) data: Vec<Dataset>,
    /// Those that an earlier step sets.
    pub(super) set: BTreeSet<usize>,
    /// The datasets whose columns were named.
    pub(super) used: BTreeSet<usize>,
}

const BUILT_IN: [&str; 4] = ["__ITER", "__RANDOM(1,6)", "__UUID", "__VU"];

impl Scope {
    /// Makes a name known to the steps that follow.
    pub(super) fn variable(&mut self, name: &str) -> usize {
        let known = self.variables.iter().position(|known| **known == *name);
        let variable = known.unwrap_or_else(|| {
            self.variables.push(name.into());
            self.variables.len() - 1
        });
        self.set.insert(variable);
        variable
    }

    fn find(&self, name: &str) -> Option<usize> {
        let known = self.variables.iter().position(|known| **known == *name)?;
        self.set.contains(&known).then_some(known)
    }
}

impl Reader<'_> {
    /// The index of a variable that a step sets from here on.
    pub(super) fn variable(&mut self, scope: &mut Scope, name: &str, field: &Field<'_>) -> Option<usize> {
        if !is_name(name) || scope.data.iter().any(|data| *data.name == *name) {
            let message =
                "is no name of a variable; allowed: letters, digits, - and _, but no dataset's and not __";
            self.refuse_with(field, message);
            return None;
        }
        Some(scope.variable(name))
    }

    pub(super) fn template(
        &mut self,
        scope: &mut Scope,
        field: &Field<'_>,
        escape: Escape,
    ) -> Option<Template> {
        let Value::Scalar { text, .. } = &field.node.value else {
            self.refuse(field, "is no single value", "a text or a number");
            return None;
        };
        self.parts(scope, field, text, escape).map(Template::new)
    }

    /// A text with holes: the field is the one to blame.
    pub(super) fn parts(
        &mut self,
        scope: &mut Scope,
        field: &Field<'_>,
        text: &str,
        escape: Escape,
    ) -> Option<Vec<Part>> {
        let pieces = match pieces(text) {
            Ok(pieces) => pieces,
            Err(reason) => {
                self.refuse(field, reason, "${NAME}, or ${NAME:-default}; $${ for ${ itself");
                return None;
            }
        };
        let mut parts = Vec::new();
        for piece in pieces {
            parts.push(match piece {
                Piece::Text(text) => literal(text, escape),
                Piece::Reference { name, default } => self.hole(scope, field, name, default, escape)?,
            });
        }
        Some(parts)
    }

    /// A hole, or a word of the environment, which stays the same.
    pub(super) fn hole(
        &mut self,
        scope: &mut Scope,
        field: &Field<'_>,
        name: &str,
        default: Option<&str>,
        escape: Escape,
    ) -> Option<Part> {
        let hole = |slot| Part::Hole { slot, escape, default: default.map(|text| text.as_bytes().into()) };
        match name {
            "__VU" => return Some(hole(Slot::Vu)),
            "__ITER" => return Some(hole(Slot::Iteration)),
            "__UUID" => return Some(hole(Slot::Uuid)),
            _ => {}
        }
        if let Some(range) = name.strip_prefix("__RANDOM") {
            let range = range.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
            let ends = range.and_then(|range| range.split_once(','));
            let ends =
                ends.and_then(|(least, most)| Some((least.trim().parse().ok()?, most.trim().parse().ok()?)));
            let Some((least, most)) = ends.filter(|(least, most)| least <= most) else {
                self.refuse_with(field, format_args!("${{{name}}} is no range; allowed: ${{__RANDOM(1,6)}}"));
                return None;
            };
            return Some(hole(Slot::Random { least, most }));
        }
        let column = name.split_once('.').and_then(|(data, column)| {
            Some((scope.data.iter().position(|known| *known.name == *data)?, column))
        });
        if let Some((data, column)) = column {
            return self.column(scope, field, data, column).map(hole);
        }
        if let Some(variable) = scope.find(name) {
            return Some(hole(Slot::Variable(variable)));
        }
        let word = self.environment.get(name.strip_prefix("env.").unwrap_or(name));
        if let Some(word) = word.as_deref().or(default) {
            return Some(literal(word, escape));
        }
        let unknown = self.unknown(scope, name);
        self.refuse_with(field, unknown);
        None
    }

    fn column(&mut self, scope: &mut Scope, field: &Field<'_>, data: usize, column: &str) -> Option<Slot> {
        scope.used.insert(data);
        let dataset = &scope.data[data];
        let columns = dataset.table.columns();
        let found = columns.iter().position(|known| **known == *column);
        if found.is_none() {
            let meant = nearest(column, columns.iter().map(|column| &**column));
            let meant = meant.map(|meant| format!("; did you mean {meant}?")).unwrap_or_default();
            let message = format!(
                "{} has no column {column}{meant}; its columns: {}",
                dataset.name,
                columns.join(", ")
            );
            self.refuse_with(field, message);
        }
        found.map(|column| Slot::Column { data, column })
    }

    fn unknown(&self, scope: &Scope, name: &str) -> String {
        let variables = scope.set.iter().map(|&variable| scope.variables[variable].to_string());
        let data = scope.data.iter().flat_map(|data| {
            data.table.columns().iter().map(|column| format!("{}.{column}", data.name)).collect::<Vec<_>>()
        });
        let own = self.environment.names().chain(BUILT_IN).map(str::to_owned);
        let known: Vec<String> = variables.chain(data).chain(own).collect();
        let meant = nearest(name, &known).map(|meant| format!("; did you mean ${{{meant}}}?"));
        let meant = meant.unwrap_or_else(|| {
            "; no earlier step sets it, and neither env nor the environment does".to_owned()
        });
        format!("unknown variable ${{{name}}}{meant}")
    }
}

/// A text of the file itself means what it says in a URL; elsewhere it is a value as any other.
fn literal(text: &str, escape: Escape) -> Part {
    let mut written = Vec::new();
    escape.write(text.as_bytes(), &mut written);
    Part::Literal(written.into())
}
