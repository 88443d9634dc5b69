//! InfluxDB line protocol.

mod batch;
mod filter;
#[cfg(test)]
mod filter_test;
mod fragments;
mod glob;
mod line;
#[cfg(test)]
mod line_test;
mod prefixes;
mod producer;

pub use crate::encode::Batch;
pub use batch::{Limits, split};
pub use filter::{Filter, FilterConfig, FilterError};
pub(crate) use line::plain_key;
pub use line::{Key, LineWriter, Precision, append_tag, escape};
pub use prefixes::{PrefixCache, Prefixes};
pub use producer::{Extra, Options, Producer};
