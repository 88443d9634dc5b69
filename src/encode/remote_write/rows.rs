//! Samples of whoever has names and labels of its own instead of a table of families, as requests of version 1.

use super::encoder::{Limits, Version};
use super::labels::{self, Labels, Set};
use super::request::Requests;
use super::series::{Family, STALE, Series, Value};
use crate::encode::Batch;
use crate::encode::schema::Kind;

/// Nothing is said of the metrics themselves.
const UNTOLD: Family = Family { name: "", help: "", kind: Kind::Gauge };

/// Cuts samples into requests.
#[derive(Debug)]
pub struct Rows {
    requests: Requests,
    scratch: Vec<u8>,
}

impl Rows {
    pub fn new(limits: Limits) -> Rows {
        Rows { requests: Requests::new(Version::V1, limits), scratch: Vec::new() }
    }

    /// Adds a sample; without a value it is the end of its series. Labels may come in any order; of two with one name
    /// the first stays, and one without a value is none.
    pub fn push(&mut self, name: &str, pairs: &[(&str, &str)], value: Option<f64>, at_ms: i64) {
        self.scratch.clear();
        labels::push(&mut self.scratch, "__name__", name);
        for (name, value) in pairs {
            labels::push(&mut self.scratch, name, value);
        }
        let set = Set::of(&self.scratch, b"");
        let labels = Labels::new(0, &set, b"");
        let value = Value::Number(value.unwrap_or(STALE));
        self.requests.push(&Series { family: UNTOLD, labels: &labels, at_ms, created_ms: None, value });
    }

    /// All requests.
    pub fn take(&mut self) -> Vec<Batch> {
        self.requests.take()
    }
}
