//! The command line: arguments in, text and an exit code out.

/// What can be typed, with help and examples.
mod arguments;
/// `podometer check`: the doctor.
pub mod check;
/// `podometer config default|check`, and loading a configuration for the other commands.
mod configuration;
/// `podometer demo`: a spike of load, and what it did to its target.
mod demo;
/// How a command ends.
mod failure;
/// A small HTTP client for a running agent.
mod fetch;
/// The C library's heap, told to give back what is free.
mod heap;
/// `podometer inject`: the agent as a sidecar of others' pods.
mod inject;
/// `podometer load`: requests at a target, and what came of them.
mod load;
/// Where log lines go and how they look.
mod log;
/// Standard output: colour, closed pipes, terminal size.
mod output;
/// From arguments to an exit code.
mod run;
/// `podometer target`: flags into the target's settings.
mod target;
/// `podometer top`.
mod top;
/// A terminal or pipe that may stand still.
mod voice;
/// What the commands need from the rest of the program.
mod wiring;

pub use failure::Failure;
pub use run::run;
pub use wiring::{ChildCgroup, MakePage, Outlets, Served, SetLevel, SnapshotSource, Wiring};
