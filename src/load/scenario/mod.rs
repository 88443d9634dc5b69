//! Scenarios: what a file says, checked by k6's rules, and what the engine runs.

mod build;
mod draft;
mod executor;
mod keys;

pub use draft::{Draft, Lasting, StageDraft, StageError};
pub use executor::{Arrival, Executor, Kind, Late, Pool, Scenario, Stage};
