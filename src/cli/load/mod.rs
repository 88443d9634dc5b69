//! `podometer load`: requests at a target, and what came of them.

/// What can be typed.
mod arguments;
/// Where numbers go while it runs.
mod outputs;
/// From what was typed to a plan.
mod plan;
/// What is said while it runs.
mod progress;
/// What is said and left behind at the end.
mod reports;
/// From the start to the exit code.
mod run;
/// Which stage each scenario is in.
mod stages;
/// Standard error, which may stand still.
mod voice;

pub(super) use arguments::LoadCommand;
pub(super) use run::run;
