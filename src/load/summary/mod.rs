//! What is said at the end of a run: k6's summary as text and in its three JSON shapes, with what is ours beside it.
//! Results go in, text comes out.

mod cells;
mod checks;
mod human;
mod id;
pub mod json;
mod known;
mod numbers;
mod options;
mod paint;
mod section;
mod starts;
mod table;
mod text;
mod thresholds;
mod trend_stat;

pub use id::id_of;
pub use options::{Mode, Options, TimeUnit};
pub use text::text;
pub(in crate::load) use thresholds::shown;
pub use trend_stat::{TrendStat, TrendStatError};
