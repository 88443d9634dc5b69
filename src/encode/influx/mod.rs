//! InfluxDB line protocol.

mod batch;
mod line;
#[cfg(test)]
mod line_test;
mod prefixes;
mod producer;

pub use crate::encode::Batch;
pub use batch::{Limits, split};
pub(crate) use line::plain_key;
pub use line::{Key, LineWriter, Precision, append_tag, escape};
pub use prefixes::{PrefixCache, Prefixes};
pub use producer::{Extra, Options, Producer};
