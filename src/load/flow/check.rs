//! What must hold of an answer. A check that fails is counted and stops nothing.

use super::json_path::JsonPath;
use super::reply::Reply;
use super::statuses::Statuses;
use super::test::Test;
use crate::load::span::Span;

/// Conditions under one name; all of them must hold.
#[derive(Clone, Debug)]
pub struct Check {
    pub name: Box<str>,
    pub predicates: Box<[Predicate]>,
}

#[derive(Clone, Debug)]
pub enum Predicate {
    Status(Statuses),
    /// The whole body as a text.
    Body(Test),
    /// Its length in bytes.
    Size(Test),
    Header {
        name: Box<str>,
        test: Test,
    },
    Json {
        path: JsonPath,
        test: Test,
    },
    /// `http_req_duration` is below.
    Faster(Span),
}

impl Check {
    pub fn holds(&self, reply: &impl Reply) -> bool {
        self.predicates.iter().all(|predicate| predicate.holds(reply))
    }

    pub fn needs_head(&self) -> bool {
        self.predicates.iter().any(|predicate| matches!(predicate, Predicate::Header { .. }))
    }

    pub fn needs_body(&self) -> bool {
        let needs = |predicate: &Predicate| {
            matches!(predicate, Predicate::Body(_) | Predicate::Size(_) | Predicate::Json { .. })
        };
        self.predicates.iter().any(needs)
    }
}

impl Predicate {
    pub fn holds(&self, reply: &impl Reply) -> bool {
        match self {
            Predicate::Status(statuses) => statuses.has(reply.status()),
            Predicate::Body(test) => test.holds(Some(reply.body())),
            Predicate::Size(test) => {
                test.holds(Some(itoa::Buffer::new().format(reply.body().len()).as_bytes()))
            }
            Predicate::Header { name, test } => test.holds(reply.header(name)),
            Predicate::Json { path, test } => test.holds_json(path.find(reply.body()).as_deref()),
            Predicate::Faster(bound) => reply.duration() < *bound,
        }
    }
}

/// As a check is named that has no name of its own: `status is 200`.
impl std::fmt::Display for Predicate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Predicate::Status(statuses) => write!(f, "status is {statuses}"),
            Predicate::Body(test) => write!(f, "body {test}"),
            Predicate::Size(test) => write!(f, "size {test}"),
            Predicate::Header { name, test } => write!(f, "header {name} {test}"),
            Predicate::Json { path, test } => write!(f, "json {path} {test}"),
            Predicate::Faster(bound) => write!(f, "duration < {bound}"),
        }
    }
}
