//! `podometer check`: what can be read here, what serves which value, and how to mend what is missing.

/// What the command line itself can examine.
mod examine;
/// What is found, part by part.
mod finding;
/// The printed report.
mod report;

pub use finding::{Finding, Group, State};
pub(super) use report::run;
