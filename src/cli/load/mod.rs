//! `podometer load`: requests at a target, and what came of them.

/// What can be typed.
mod arguments;
/// What a load test would do.
mod check;
/// A k6 script as a file.
#[cfg(feature = "import")]
mod import;
/// Where numbers go while it runs.
mod outputs;
/// From what was typed to a plan.
mod plan;
/// The load tests that are built in.
mod profiles;
/// What is said while it runs.
mod progress;
/// What is said and left behind at the end.
mod reports;
/// From the start to the exit code.
mod run;
/// Which stage each scenario is in.
mod stages;
/// A file, a built-in one, or a URL.
mod target;
/// What requests go over.
mod transport;
/// The load test of a single URL.
mod url;

pub(super) use arguments::LoadCommand;
pub(super) use run::{by_hand, run};
