//! `podometer target`: a small application to put load on. Its answers take known times, it fails on request, and it
//! counts what it does under the names that dashboards of real applications ask for.
//!
//! It is a measuring tool, so it must never be slower than what measures it: each thread has its own listener,
//! runtime and counters, and an answer without delay is copied, not made. It never sends anything by itself, and it
//! knows nothing of the agent.

/// The body of a request.
mod body;
/// Bytes that came and are not read yet, and the pool that lends their memory.
mod buffers;
/// The target's settings.
mod config;
/// One connection: reads, answers in order, ends what is too slow.
mod connection;
/// What each thread counts.
mod counters;
/// The records behind /crocodiles.
mod crocodiles;
/// One timer for all time-outs of a connection.
mod deadline;
/// What can keep the target from serving.
mod error;
/// What an answer can be made to suffer.
mod faults;
/// The head of a request.
mod head;
/// Buckets and quantiles of durations.
mod latency;
/// Memory that is kept on request, up to a bound.
mod leak;
/// Sockets to listen on and the limit of open files.
mod listen;
/// Random numbers that begin where they are told to.
mod random;
/// What no answer has to be made for.
mod ready;
/// An answer and its bytes.
mod reply;
/// Requests that take time, bring a body or suffer a fault.
mod respond;
/// Which path is what.
mod route;
/// What all threads share.
mod shared;
/// Sizes as people write them.
mod size;
/// The social network's endpoints.
mod social;
/// From start to the end of the last request.
mod start;
/// nginx's page of connections.
mod stub_status;
/// Faults that are set for all requests.
mod switch;
/// One thread: accepts, counts, ends.
mod worker;

pub use config::Config;
pub use error::TargetError;
pub use faults::Faults;
pub use size::parse_size;
pub use start::{Target, run};
