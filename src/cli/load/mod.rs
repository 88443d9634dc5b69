//! `podometer load`: requests at a target, and what came of them.

/// What can be typed.
mod arguments;
/// From what was typed to a plan.
mod plan;
/// What is said while it runs.
mod progress;
/// From the start to the exit code.
mod run;
/// What is said at the end.
mod summary;

pub(super) use arguments::LoadCommand;
pub(super) use run::run;
