//! The generator at work: threads, connections, virtual users, and the books that are kept of them.

/// Waiting for a moment, exactly.
mod alarm;
/// All that the threads told.
mod books;
mod clock;
/// k6's codes of errors.
mod codes;
/// What a check asks of a response.
mod condition;
/// One connection to a server.
mod connection;
/// A stream of bytes that counts.
mod counted;
/// When requests are given up.
mod deadline;
/// How a connection comes to be.
mod dial;
mod error;
/// Who begins iterations, and when.
mod executor;
/// Why a request has no response.
mod failure;
/// Whether the generator itself is the bottleneck.
pub mod health;
/// HTTP/1.1 over a stream of bytes.
mod http1;
/// HTTP/2 over a stream of bytes.
mod http2;
/// What a thread has seen.
mod meter;
/// The addresses behind the names of a plan.
mod names;
/// Whoever watches a run.
mod observer;
/// Requests that ended alike.
mod outcome;
/// What a response came over.
mod over;
/// What a run does.
mod plan;
/// What threads tell the coordinator.
mod report;
/// From the first request to the results.
mod run;
/// What threads share.
mod shared;
/// The bytes of a connection.
mod stream;
/// What the users of a thread have in common.
mod thread;
/// Whom connections trust, and the sessions they share.
mod tls;
/// A virtual user.
mod user;
/// Metrics out of a meter.
mod view;
/// The last minutes of a run.
mod window;
/// A thread with its runtime.
mod worker;

pub use clock::Clock;
pub use codes::{CODES, ErrorCode};
pub use condition::Condition;
pub use error::EngineError;
pub use meter::{Meter, ScenarioMeter, Starts, StepMeter, Tally};
pub use observer::{Observer, Tick};
pub use outcome::{Met, Outcome};
pub use over::{Over, Protocol};
pub use plan::{Check, Host, Plan, Request, Step, USUALLY_EXPECTED, Work};
pub use run::run;
pub use tls::{Tls, TlsError, TlsSettings};
