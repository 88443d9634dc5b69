//! `podometer inject`: the agent as a sidecar of others' pods, in a file or by a webhook.

/// What can be typed.
mod arguments;
/// A file in, a file out.
mod file;
/// Which of both, and what they have in common.
mod run;
/// Flags into the webhook's settings.
mod serve;

pub(super) use arguments::InjectCommand;
pub(super) use run::run;
