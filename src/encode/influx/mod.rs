//! InfluxDB line protocol.

mod batch;
mod filter;
#[cfg(test)]
mod filter_test;
mod fragments;
mod glob;
mod key;
mod line;
#[cfg(test)]
mod line_test;
mod number;
mod prefixes;
mod producer;

pub use crate::encode::Batch;
pub use batch::{Limits, split};
pub use filter::{Filter, FilterConfig, FilterError};
pub use key::Key;
pub(crate) use key::plain_key;
pub use line::{LineWriter, Precision, append_tag, escape};
pub use prefixes::{PrefixCache, Prefixes};
pub use producer::{Extra, Options, Producer};
