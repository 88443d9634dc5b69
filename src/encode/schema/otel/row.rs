//! The form of the tables of OpenTelemetry metrics: a name, and where its points come from.

use super::subject::Subject;

/// What a backend may do with the values of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only grows: a monotonic cumulative sum.
    Counter,
    Gauge,
    /// Adds up over resources and moves both ways: a cumulative sum that is not monotonic.
    UpDownCounter,
}

/// A number as it is exported.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    Integer(u64),
    Float(f64),
}

/// Receives one point: its own attributes beside those of the resource, its value, and when that was read, in
/// nanoseconds since the epoch.
pub type Emit<'a> = dyn FnMut(&[(&'static str, &str)], Value, i64) + 'a;

/// One exported name.
pub struct Row {
    pub name: &'static str,
    /// In UCUM.
    pub unit: &'static str,
    pub description: &'static str,
    pub kind: Kind,
    /// Calls back for every point that exists. Absent values give no point.
    pub points: fn(&Subject<'_>, &mut Emit<'_>),
}

impl std::fmt::Debug for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Row").field("name", &self.name).finish_non_exhaustive()
    }
}

type Points = fn(&Subject<'_>, &mut Emit<'_>);

pub(super) const fn counter(
    name: &'static str,
    unit: &'static str,
    description: &'static str,
    points: Points,
) -> Row {
    Row { name, unit, description, kind: Kind::Counter, points }
}

pub(super) const fn gauge(
    name: &'static str,
    unit: &'static str,
    description: &'static str,
    points: Points,
) -> Row {
    Row { name, unit, description, kind: Kind::Gauge, points }
}

pub(super) const fn up_down(
    name: &'static str,
    unit: &'static str,
    description: &'static str,
    points: Points,
) -> Row {
    Row { name, unit, description, kind: Kind::UpDownCounter, points }
}
