//! `podometer demo`: a target, a spike of load, and what the spike did to the target, second by second on one clock.

/// What can be typed.
mod arguments;
/// The table that grows while it runs.
mod board;
/// The target, a process of its own.
mod child;
/// What a stretch of the run came to.
mod phase;
/// What /proc says of the target.
mod process;
/// From the start to the exit code.
mod run;
/// When there is how much load.
mod shape;
/// What the target did under load, in words.
mod verdict;
/// The target's CPU, memory and throttling, read ten times a second.
mod watch;

pub(super) use arguments::Demo;
pub(super) use run::run;
