//! Every exported name, in tables. A name is written in exactly one of these files.

pub mod cadvisor;
pub mod devices;
pub mod family;
pub mod host;
pub mod kubernetes;
pub mod node;
pub mod pods;
pub mod resource;
pub mod selfmetrics;

/// The type of a metric family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Counter,
    Gauge,
    Histogram,
}

/// A family with few rows, for values of the node or of the agent itself: its rows are handed out one by one.
pub struct SmallFamily<T: 'static> {
    pub name: &'static str,
    pub help: &'static str,
    pub kind: Kind,
    /// Calls back with label pairs and value for every row that exists. Absent values give no row.
    pub rows: fn(&T, &mut EmitRow<'_>),
}

/// Receives one row: its labels (name, value; values not yet escaped) and its value.
pub type EmitRow<'a> = dyn FnMut(&[(&'static str, &str)], f64) + 'a;

impl<T> std::fmt::Debug for SmallFamily<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SmallFamily").field("name", &self.name).finish_non_exhaustive()
    }
}
