//! Every exported name, in tables. A name is written in exactly one of these files.

pub mod cadvisor;
pub mod devices;
pub mod drift;
pub mod family;
pub mod host;
pub mod injector;
pub mod internal;
pub mod inventory;
pub mod kube_state;
pub mod kubernetes;
pub mod node;
pub mod otel;
pub mod own;
pub mod pods;
pub mod resource;
pub mod scraped;
pub mod selfmetrics;
pub mod short;
mod small_family;
pub mod summary;
pub mod target;
pub mod top;
pub mod workload;

pub use small_family::{EmitRow, SmallFamily};
pub(in crate::encode::schema) use small_family::{counter, gauge};

/// The type of a metric family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Counter,
    Gauge,
    Histogram,
}
