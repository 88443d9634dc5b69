//! A family with few rows, for values of the node or of the agent itself.

use super::Kind;

/// A family whose rows are handed out one by one.
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

pub(super) const fn counter<T>(
    name: &'static str,
    help: &'static str,
    rows: fn(&T, &mut EmitRow<'_>),
) -> SmallFamily<T> {
    SmallFamily { name, help, kind: Kind::Counter, rows }
}

pub(super) const fn gauge<T>(
    name: &'static str,
    help: &'static str,
    rows: fn(&T, &mut EmitRow<'_>),
) -> SmallFamily<T> {
    SmallFamily { name, help, kind: Kind::Gauge, rows }
}
