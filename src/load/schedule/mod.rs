//! When iterations start and how many users there are, exactly: nanoseconds since the start of the executor in, and
//! out.

mod area;
mod arrivals;
mod vus;

pub use arrivals::Arrivals;
pub use vus::VuRamp;

#[cfg(test)]
mod arrivals_tests;
