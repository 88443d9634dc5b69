//! Who begins iterations, and when: one file for each way, and what all of them share.

/// Iterations at a rate.
mod arrival;
/// Users that go round until a time or a number.
mod closed;
/// Users as many as the stages say.
mod ramping;
/// From the start of a scenario to the end of its last iteration.
mod scenario;
/// The users of a scenario on one thread, and their end.
mod shift;

pub(super) use scenario::execute;
