//! Who of several agents leads: one Lease object that they renew, take over and give back.
//!
//! Time that counts is the local monotonic clock alone. The times in the object are written for people and never
//! read, so clocks that disagree make no second leader.

/// The section `cluster`.
mod config;
/// Acquire, renew, take over, release.
mod elector;
/// The object as it is read and written.
mod record;

pub use config::Config;
pub use elector::{Elector, Standing};
