//! The form of the tables whose rows are units: which units have a row, with which labels, and its value.
//!
//! A family is data; what walks the units and writes bytes is `encode::prometheus`.

use crate::encode::cluster::Cluster;
use crate::model::field::{Field, Limit, Values};
use crate::model::histogram::NativeHistogram;
use crate::model::snapshot::Snapshot;
use crate::model::stamp::Stamp;
use crate::model::unit::{Pace, Unit};

use super::Kind;
use super::devices::Devices;

/// A value as it is exported. Microseconds become seconds without passing through a float.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    Integer(u64),
    /// Exported in seconds.
    Micros(u64),
    Float(f64),
}

impl Number {
    pub fn as_f64(self) -> f64 {
        match self {
            Number::Integer(number) => number as f64,
            Number::Micros(usec) => usec as f64 / 1e6,
            Number::Float(number) => number,
        }
    }
}

/// Which units have a row, and which labels name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// The root; no labels.
    Node,
    /// Pods: namespace, pod (and uid on `/metrics`).
    Pods,
    /// Containers of pods without the sandbox: container, namespace, pod (and uid, name on `/metrics`).
    Containers,
    /// Everything that cAdvisor names but pods, or with them by option: container, id, image, name,
    /// namespace, pod (and uid on `/metrics`).
    Cadvisor,
    /// Pods only, with cAdvisor's labels: for what exists at pod level alone.
    CadvisorPods,
    /// Units that belong to no pod: kind, unit.
    PlainUnits,
    /// Our own container, where nothing more of its pod can be seen; no labels, so that nothing adds it to pods.
    OwnContainer,
}

/// Which moment a row's explicit timestamp is, where a page has timestamps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// No timestamp: what does not change with time.
    Never,
    /// When the files of this pace were read.
    Read(Pace),
    /// When the snapshot was taken.
    Taken,
}

/// What a row function may need beside its unit.
#[derive(Clone, Copy, Debug)]
pub struct RowContext<'a> {
    pub snapshot: &'a Snapshot,
    /// Whether rows carry the time of their unit's reading, which another source's values do not have.
    pub is_stamped: bool,
    /// The fixed windows as label values, such as `15s`, in the snapshot's order.
    pub windows: &'a [Box<str>],
    pub devices: &'a Devices,
    /// What is known by pod, on pages that have it.
    pub cluster: Option<&'a Cluster>,
}

/// Receives one row: the labels beside the unit's own, and the value.
pub type Emit<'a> = dyn FnMut(&[(&'static str, &str)], Number) + 'a;

/// How a family finds its rows.
#[derive(Clone, Copy)]
pub enum Rows {
    /// At most one row a unit.
    One(fn(&Unit) -> Option<Number>),
    /// Any number of rows a unit, each with labels of its own.
    Many(fn(&Unit, &RowContext<'_>, &mut Emit<'_>)),
    /// A native histogram; `classic` adds buckets of powers of two, without which text has no rows.
    Histogram { of: fn(&Unit) -> Option<&NativeHistogram>, classic: bool },
}

impl std::fmt::Debug for Rows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Rows::One(_) => "One",
            Rows::Many(_) => "Many",
            Rows::Histogram { .. } => "Histogram",
        })
    }
}

/// One exported name whose rows are units.
#[derive(Clone, Copy, Debug)]
pub struct UnitFamily {
    pub name: &'static str,
    pub help: &'static str,
    pub kind: Kind,
    pub who: Who,
    pub when: When,
    pub rows: Rows,
}

impl UnitFamily {
    /// A counter with at most one row a unit.
    pub const fn counter(
        name: &'static str,
        help: &'static str,
        who: Who,
        when: When,
        value: fn(&Unit) -> Option<Number>,
    ) -> UnitFamily {
        UnitFamily { name, help, kind: Kind::Counter, who, when, rows: Rows::One(value) }
    }

    /// A gauge with at most one row a unit.
    pub const fn gauge(
        name: &'static str,
        help: &'static str,
        who: Who,
        when: When,
        value: fn(&Unit) -> Option<Number>,
    ) -> UnitFamily {
        UnitFamily { name, help, kind: Kind::Gauge, who, when, rows: Rows::One(value) }
    }
}

/// The exposition's metadata unit: the last word of the name, where that is a base unit.
pub fn metadata_unit(name: &str) -> Option<&'static str> {
    let base = name.strip_suffix("_total").unwrap_or(name);
    ["bytes", "cores", "ratio", "seconds"]
        .into_iter()
        .find(|unit| base.strip_suffix(unit).is_some_and(|stem| stem.ends_with('_')))
}

/// The timestamp of a row of this unit.
pub fn stamp_of(when: When, unit: &Unit, snapshot: &Snapshot) -> Option<Stamp> {
    match when {
        When::Never => None,
        When::Read(pace) => unit.stamp(pace),
        When::Taken => Some(snapshot.taken),
    }
}

pub(super) fn number(values: &Values, field: Field) -> Option<Number> {
    values.get(field).map(Number::Integer)
}

pub(super) fn micros(values: &Values, field: Field) -> Option<Number> {
    values.get(field).map(Number::Micros)
}

/// A limit as cAdvisor writes it: no limit is 0.
pub(super) fn limit_or_zero(values: &Values, field: Field) -> Option<Number> {
    values.limit(field).map(|limit| match limit {
        Limit::At(number) => Number::Integer(number),
        Limit::Max => Number::Integer(0),
    })
}

/// A value that has a meaning only where a CPU quota is set.
pub(super) fn if_quota(unit: &Unit, value: Option<Number>) -> Option<Number> {
    unit.values.get(Field::CpuQuotaUsec).and(value)
}
