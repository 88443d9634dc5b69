//! What one iteration does, compiled: nothing is parsed and, in a steady state, nothing is allocated while it runs.
//! It holds no clock and no socket; the engine walks the steps, sends the requests and hands back what was answered.

/// What must hold of an answer.
mod check;
/// What is taken out of an answer for later steps.
mod extract;
/// One value of a JSON document, without a tree where that can be.
mod json_path;
/// Down a JSON text by keys and indices.
mod json_walk;
/// Samples of the run's own metrics.
mod record;
/// What an answer is to checks and extraction.
mod reply;
/// A request with everything that it may carry.
mod request;
/// Classes and lists of status codes.
mod statuses;
/// Steps, groups, mixes and pauses.
mod step;
/// Rows of data, loaded once and shared.
mod table;
/// Text with holes.
mod template;
/// Conditions on one value.
mod test;
/// What the holes are filled with, for each user.
mod values;

pub use check::{Check, Predicate};
pub use extract::{Extract, Source};
pub use json_path::{JsonPath, JsonPathError};
pub use record::{Record, Sample};
pub use reply::Reply;
pub use request::{Address, Auth, Body, Method, Request};
pub use statuses::{Statuses, StatusesError};
pub use step::{Flow, Group, Mix, Range, Step};
pub use table::{Dataset, Order, Table, TableBuilder, TableError};
pub use template::{Escape, Part, Slot, Template, Unset};
pub use test::{Literal, Test, TestError};
pub use values::{Values, Vocabulary};
