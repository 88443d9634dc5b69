//! The summary for machines, in the three shapes that k6 has had.

mod handle;
mod legacy;
mod machine;
mod values;
mod write;

pub use handle::{State, handle_summary};
pub use legacy::summary_export;
pub use machine::{About, machine_readable};
pub use write::pretty;
