//! Every exported name, in tables. A name is written in exactly one of these files.

pub mod cadvisor;
pub mod devices;
pub mod family;
pub mod host;
pub mod inventory;
pub mod kubernetes;
pub mod node;
pub mod pods;
pub mod resource;
pub mod selfmetrics;
mod small_family;

pub use small_family::{EmitRow, SmallFamily};

/// The type of a metric family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Counter,
    Gauge,
    Histogram,
}
