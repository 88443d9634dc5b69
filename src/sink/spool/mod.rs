//! What waits, on disk: segments of records whose bodies nobody here understands, one directory for each sink.
//!
//! A directory holds numbered segments, the file `totals` with the account of all runs, the file `lock`, and
//! `quarantine` with what could not be read. Whatever is found there, the spool opens or says why it cannot.

/// The files alone, for fuzz/.
#[doc(hidden)]
pub mod bare;
/// The directory and its account, taken into possession.
mod claim;
mod clock;
mod config;
/// What the disk does not do at present.
mod failing;
/// The thread that owns the files.
mod keeper;
/// What is set aside, bounded.
mod quarantine;
/// One record's head: pure.
mod record;
/// Looks through what an earlier run left.
mod recover;
/// One file of records.
mod segment;
/// All segments of a sink: appended at one end, read at the other.
mod store;
/// The account of all runs in a file that survives a kill.
mod totals;

#[cfg(test)]
mod store_tests;

pub(super) use claim::Opening;
pub use config::{Config, Fsync, Keep};
pub(super) use keeper::{Keeper, Waker};
pub(super) use store::Ticket;
pub use store::{Limits, Stats, Store, Trouble};
pub use totals::Totals;
pub(super) use totals::TotalsFile;
