//! The clock: what is read when, within a CPU budget.

pub mod config;
