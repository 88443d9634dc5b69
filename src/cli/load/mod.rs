//! `podometer load`: requests at a target, and what came of them.

/// What can be typed.
mod arguments;
/// A k6 script as a file.
#[cfg(feature = "import")]
mod import;
/// From what was typed to a plan.
mod plan;
/// What is said while it runs.
mod progress;
/// What is said and left behind at the end.
mod reports;
/// From the start to the exit code.
mod run;

pub(super) use arguments::LoadCommand;
pub(super) use run::run;
