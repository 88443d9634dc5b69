//! One document at a time over HTTP or HTTPS, for every source that asks a server.
//!
//! It keeps a deadline and a bound on everything, trusts whom it is told to trust, and says in one line what went
//! wrong and how to mend it. It does not know what the documents mean.

/// `Http`: one question, with its retries.
mod client;
mod config;
/// A connection, and the ones that are kept for the next request.
mod connection;
pub mod error;
/// When a file is another than before.
mod file;
/// What Kubernetes' authorizers want for a path, and what their refusals say.
pub mod rights;
/// An address taken apart.
mod target;
/// The token or password in its file or variable.
mod token;
/// Whom an `https` connection trusts.
mod trust;

pub use client::Http;
pub use config::{Config, Login, Secret};
pub use error::{HttpError, Kind};
pub use target::{Target, url_problem};
