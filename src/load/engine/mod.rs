//! The generator at work: threads, connections, virtual users, and the books that are kept of them.

/// Waiting for a moment, exactly.
mod alarm;
/// What is made of an answer.
mod answer;
/// One request of a flow, wherever it is sent on to.
mod asking;
/// Requests at once.
mod batch;
/// All that the threads told.
mod books;
mod clock;
/// k6's codes of errors.
mod codes;
/// From a flow to its script.
mod compile;
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
/// What came since the last tick, lent without a copy.
mod handed;
/// Whether the generator itself is the bottleneck.
pub mod health;
/// HTTP/1.1 over a stream of bytes.
mod http1;
/// HTTP/2 over a stream of bytes.
mod http2;
/// The cookies of a user.
mod jar;
/// The way of one request at a time.
mod lane;
/// The addresses behind names, as a thread found them.
mod lookup;
/// What a thread has seen.
mod meter;
/// What is said of names and addresses before the run.
mod names;
/// What is told of a flow while it runs.
mod note;
/// The numbers of users.
mod numbers;
/// Whoever watches a run.
mod observer;
/// Requests that ended alike.
mod outcome;
/// Setup and teardown.
mod outer;
/// What a response came over.
mod over;
/// What a run does.
mod plan;
/// From a file to a plan.
mod prepare;
/// Samples of the run's own metrics.
mod recorded;
/// Where an answer says to ask instead.
mod redirect;
/// What threads tell the coordinator.
mod report;
/// From the first request to the results.
mod run;
/// A flow as it is run.
mod script;
/// What threads share.
mod shared;
/// The bytes of a connection.
mod stream;
/// The tags of samples.
mod tags;
/// What the users of a thread have in common.
mod thread;
/// Whom connections trust, and the sessions they share.
mod tls;
/// Seconds of a run as intervals.
mod told;
/// Iterations that began.
mod under_way;
/// A virtual user.
mod user;
/// Metrics out of a meter.
mod view;
/// The last minutes of a run.
mod window;
/// A request on its way to bytes.
mod wire;
/// A thread with its runtime.
mod worker;

pub use clock::Clock;
pub use codes::{CODES, ErrorCode};
pub use error::EngineError;
pub use meter::{Meter, ScenarioMeter, Starts, StepMeter, Tally};
pub use observer::{Observer, Tick};
pub use outcome::{Met, Outcome};
pub use over::{Over, Protocol};
pub use plan::{Host, Plan, Work};
pub use prepare::Settings;
pub use recorded::Recorded;
pub use run::run;
pub use script::{Prepared, Recording, Script};
pub use tags::Tags;
pub use tls::{LateTls, Tls, TlsError, TlsSettings};
pub use told::{Second, Teller};
