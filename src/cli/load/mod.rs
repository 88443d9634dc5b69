//! `podometer load`: requests at a target, and what came of them.

/// What can be typed.
mod arguments;
/// From what was typed to a plan.
mod plan;
/// What is said while it runs.
mod progress;
/// What is said and left behind at the end.
mod reports;
/// From the start to the exit code.
mod run;
/// What requests go over.
mod transport;

pub(super) use arguments::LoadCommand;
pub(super) use run::run;
