//! `podometer top pods --compare`: what `kubectl top pods` printed beside what the agent says, pod by pod.

/// From flags to a table and an exit code.
mod command;
/// Two values, and by how much and why they differ.
mod pair;
/// kubectl's table as text.
mod printed;
/// Every pod of both sides.
mod report;

pub(super) use command::run;
