//! Files that are left behind when a run has ended: for spreadsheets and for the tests' page of a pipeline.

mod csv;
mod junit;
mod xml;

pub use csv::csv;
pub use junit::junit;
