//! The generator at work: threads, connections, virtual users, and the books that are kept of them.

/// Waiting for a moment, exactly.
mod alarm;
/// All that the threads told.
mod books;
mod clock;
/// What a check asks of a response.
mod condition;
/// One connection to a server.
mod connection;
/// When requests are given up.
mod deadline;
mod error;
/// Who begins iterations, and when.
mod executor;
/// Why a request has no response, under k6's codes.
mod failure;
/// What came since the last tick, lent without a copy.
mod handed;
/// Whether the generator itself is the bottleneck.
pub mod health;
/// What a thread has seen.
mod meter;
/// Whoever watches a run.
mod observer;
/// Requests that ended alike.
mod outcome;
/// What a run does.
mod plan;
/// What threads tell the coordinator.
mod report;
/// From the first request to the results.
mod run;
/// What threads share.
mod shared;
/// What the users of a thread have in common.
mod thread;
/// Seconds of a run as intervals.
mod told;
/// A virtual user.
mod user;
/// Metrics out of a meter.
mod view;
/// The last minutes of a run.
mod window;
/// A thread with its runtime.
mod worker;

pub use clock::Clock;
pub use condition::Condition;
pub use error::EngineError;
pub use failure::{CODES, ErrorCode};
pub use meter::{Meter, ScenarioMeter, Starts, StepMeter, Tally};
pub use observer::{Observer, Tick};
pub use outcome::Outcome;
pub use plan::{Check, Host, Plan, Request, Step, USUALLY_EXPECTED, Work};
pub use run::run;
pub use told::{Second, Teller};
