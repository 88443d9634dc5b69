//! What is taken out of an answer for later steps.

use regex::bytes::Regex;

use super::json_path::{JsonPath, plain};
use super::reply::Reply;
use super::values::Values;

/// A value of an answer under the name of a variable.
#[derive(Clone, Debug)]
pub struct Extract {
    /// An index into the vocabulary.
    pub variable: usize,
    pub source: Source,
    /// Where nothing is found.
    pub default: Option<Box<[u8]>>,
}

#[derive(Clone, Debug)]
pub enum Source {
    /// A string loses its quotes; everything else is its JSON text.
    Json(JsonPath),
    /// The group of the first match; group 0 is the whole of it.
    Regex {
        regex: Regex,
        group: usize,
    },
    Header(Box<str>),
    Status,
    Body,
}

impl Extract {
    /// True where a value was found; else the variable has its default, or none.
    pub fn apply(&self, reply: &impl Reply, values: &mut Values) -> bool {
        let variable = self.variable;
        let is_found = match &self.source {
            Source::Json(path) => match path.find(reply.body()) {
                Some(json) => {
                    values.set(variable, plain(&json).as_bytes());
                    true
                }
                None => false,
            },
            Source::Regex { regex, group } => {
                // Groups cost more than the whole match, and an allocation.
                let found = if *group == 0 {
                    regex.find(reply.body())
                } else {
                    regex.captures(reply.body()).and_then(|captures| captures.get(*group))
                };
                found.inspect(|found| values.set(variable, found.as_bytes())).is_some()
            }
            Source::Header(name) => reply.header(name).inspect(|value| values.set(variable, value)).is_some(),
            Source::Status => {
                values.set(variable, itoa::Buffer::new().format(reply.status()).as_bytes());
                true
            }
            Source::Body => {
                values.set(variable, reply.body());
                true
            }
        };
        match &self.default {
            _ if is_found => {}
            Some(default) => values.set(variable, default),
            None => values.unset(variable),
        }
        is_found
    }

    pub fn needs_body(&self) -> bool {
        !matches!(self.source, Source::Header(_) | Source::Status)
    }
}
