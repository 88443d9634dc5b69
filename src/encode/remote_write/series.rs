//! One series with its one value: what both versions of the protocol are given.

use super::labels::Labels;
use crate::encode::schema::Kind;
use crate::model::histogram::NativeHistogram;

/// The NaN that says that a series has ended. Source: Prometheus `model/value/value.go`, StaleNaN.
pub(super) const STALE: f64 = f64::from_bits(0x7ff0_0000_0000_0002);

/// What all series of a name share.
#[derive(Clone, Copy, Debug)]
pub(super) struct Family {
    pub(super) name: &'static str,
    pub(super) help: &'static str,
    pub(super) kind: Kind,
}

impl Family {
    /// `MetricType` of both versions.
    pub(super) const fn type_number(&self) -> u64 {
        match self.kind {
            Kind::Counter => 1,
            Kind::Gauge => 2,
            Kind::Histogram => 3,
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Value<'a> {
    Number(f64),
    Histogram(&'a NativeHistogram),
    /// The end of a series of native histograms.
    NoHistogram,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Series<'a> {
    pub(super) family: Family,
    /// All of them, the name included.
    pub(super) labels: &'a Labels<'a>,
    pub(super) at_ms: i64,
    /// When the counter or histogram started; always before `at_ms`.
    pub(super) created_ms: Option<i64>,
    pub(super) value: Value<'a>,
}
