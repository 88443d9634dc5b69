//! Pure values and arithmetic: no IO, no clock, no async, no logging.

pub mod bounds;
pub mod field;
pub mod histogram;
pub mod identity;
pub mod ledger;
pub mod node;
pub mod oom;
pub mod report;
pub mod snapshot;
pub mod stamp;
pub mod unit;
pub mod window;
