//! Single values out of nodes. What is wrong with one is collected, and it is `None`.

use std::path::Path;

use super::environment::Environment;
use super::fields::Field;
use super::node::{Place, Value};
use super::problem::{Fault, Problem, Remark};
use crate::load::span::{self, Span};
use crate::model::bounds::OutOfRange;
use crate::model::nearest::nearest;

/// Nobody reads more.
const MOST_PROBLEMS: usize = 500;

/// Collects what is wrong with a file while it is read.
pub(super) struct Reader<'a> {
    pub(super) file: &'a Path,
    pub(super) environment: Environment<'a>,
    pub(super) problems: Vec<Problem>,
    pub(super) remarks: Vec<Remark>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(file: &'a Path, variable: &'a dyn Fn(&str) -> Option<String>) -> Reader<'a> {
        let environment = Environment::new(variable);
        Reader { file, environment, problems: Vec::new(), remarks: Vec::new() }
    }

    pub(super) fn complain(&mut self, place: impl Into<Option<Place>>, fault: Fault) {
        let problem = Problem { file: self.file.to_owned(), place: place.into(), fault };
        // A flow that several scenarios run is read several times.
        if self.problems.len() < MOST_PROBLEMS && !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    pub(super) fn remark(&mut self, place: Place, message: String) {
        let remark = Remark { file: self.file.to_owned(), place, message };
        if !self.remarks.contains(&remark) {
            self.remarks.push(remark);
        }
    }

    pub(super) fn refuse(
        &mut self,
        field: &Field<'_>,
        reason: impl Into<String>,
        allowed: impl Into<String>,
    ) {
        let found = OutOfRange::new(field.path.clone(), field.node.shown(), reason, allowed);
        self.complain(field.node.place, Fault::BadValue(found));
    }

    /// Without the value, which may be long or secret.
    pub(super) fn refuse_with(&mut self, field: &Field<'_>, message: impl std::fmt::Display) {
        self.complain(field.node.place, Fault::Refused(format!("{}: {message}", field.path)));
    }

    /// A text, with the environment's words in it, and whether it stood without quotes.
    pub(super) fn scalar(&mut self, field: &Field<'_>) -> Option<(String, bool)> {
        let Value::Scalar { text, is_plain } = &field.node.value else {
            self.refuse(field, "is no single value", "a text or a number");
            return None;
        };
        match self.environment.expand(text) {
            Ok(text) => Some((text, *is_plain)),
            Err(reason) => {
                self.refuse(field, reason, "${NAME}, or ${NAME:-default}");
                None
            }
        }
    }

    pub(super) fn text(&mut self, field: &Field<'_>) -> Option<String> {
        self.scalar(field).map(|(text, _)| text)
    }

    /// As `text`, and not empty.
    pub(super) fn word(&mut self, field: &Field<'_>) -> Option<String> {
        let text = self.text(field)?;
        if text.is_empty() {
            self.refuse(field, "is empty", "a text");
            return None;
        }
        Some(text)
    }

    pub(super) fn span(&mut self, field: &Field<'_>) -> Option<Span> {
        let text = self.text(field)?;
        match Span::parse(&text) {
            Ok(span) => Some(span),
            Err(error) => {
                self.refuse(field, error.reason, span::ALLOWED);
                None
            }
        }
    }

    pub(super) fn whole(&mut self, field: &Field<'_>) -> Option<i64> {
        let text = self.text(field)?;
        let whole = text.parse().ok();
        if whole.is_none() {
            self.refuse(field, "is no whole number", "a whole number such as 10");
        }
        whole
    }

    pub(super) fn whole_within(&mut self, field: &Field<'_>, least: i64, most: i64) -> Option<u32> {
        let whole = self.whole(field)?;
        if whole < least || whole > most {
            let reason = if whole < least { format!("is below {least}") } else { format!("is above {most}") };
            self.refuse(field, reason, format!("{least} to {most}"));
            return None;
        }
        u32::try_from(whole).ok()
    }

    pub(super) fn flag(&mut self, field: &Field<'_>) -> Option<bool> {
        match self.text(field)?.as_str() {
            "true" => Some(true),
            "false" => Some(false),
            _ => {
                self.refuse(field, "is neither true nor false", "true or false");
                None
            }
        }
    }

    /// One of the words of a table.
    pub(super) fn choice<T: Copy>(&mut self, field: &Field<'_>, table: &[(&'static str, T)]) -> Option<T> {
        let text = self.text(field)?;
        let found = table.iter().find(|(name, _)| *name == text).map(|(_, value)| *value);
        if found.is_none() {
            let names: Vec<&str> = table.iter().map(|(name, _)| *name).collect();
            let meant = nearest(&text, names.iter().copied());
            let meant = meant.map(|meant| format!("; did you mean {meant}?")).unwrap_or_default();
            self.refuse(field, format!("is not known{meant}"), names.join(", "));
        }
        found
    }

    /// A list of texts, or one alone.
    pub(super) fn texts(&mut self, field: &Field<'_>) -> Vec<String> {
        if matches!(field.node.value, Value::Scalar { .. }) {
            return self.text(field).into_iter().collect();
        }
        let items = self.items(field);
        items.iter().filter_map(|item| self.text(item)).collect()
    }

    /// Names with texts, in their order.
    pub(super) fn pairs(&mut self, field: &Field<'_>) -> Vec<(String, String)> {
        let named = self.named(field);
        named.iter().filter_map(|(entry, field)| Some((entry.key.clone(), self.text(field)?))).collect()
    }
}
