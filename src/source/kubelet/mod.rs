//! The kubelet: `/stats/summary` and `/metrics/resource`, at the kubelet's own times.
//!
//! It says what the kubelet says. Which source is right is decided elsewhere.

pub mod config;
/// Decimal text as whole numbers, exactly.
mod decimal;
/// JSON without a tree, in which one bad value loses itself alone.
mod lenient;
/// When the next poll is due.
mod pace;
mod poll;
pub mod resource;
/// JSON in one pass over its bytes.
mod scanner;
/// From a borrowed document to a reading that stays.
mod store;
pub mod summary;
/// RFC 3339.
mod time;

pub use config::Config;
pub use pace::Pace;
pub use poll::{Document, PollError, Poller, Reading, Resource, SummaryPage};
pub use resource::parse_resource;
pub use summary::parse_summary;
