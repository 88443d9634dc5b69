//! The way to the Kubernetes API server: where it is, who asks, and one document or one stream of lines at a time.
//!
//! It does not know what the documents mean. Watches and polls are their callers' own.

/// Where the server is and as whom it is asked.
pub mod config;
/// From the configuration to a client.
mod connect;
pub mod error;
/// One document, bounded in time and size.
mod get;
/// A stream of lines, as watches give it.
mod lines;
/// One page of a list.
mod page;
/// What a refusal says of the right that is missing.
pub mod rights;
/// What an error means for the next request.
mod verdict;
/// One document sent.
mod write;

pub use config::{Config, Enabled};
pub use connect::{ApiServer, connect, is_offered};
pub use error::{ApiError, Kind};
pub use lines::Lines;
pub use page::{Page, query_value};
