//! The request that is being written, in either version, and the batches that are complete.

use super::encoder::{Limits, Version};
use super::series::{Family, Series};
use super::v1::V1;
use super::v2::V2;
use crate::encode::Batch;

/// Cuts series into requests.
#[derive(Debug)]
pub(super) struct Requests {
    limits: Limits,
    form: Form,
    /// Series in the request, each with one point.
    points: u64,
    complete: Vec<Batch>,
}

#[derive(Debug)]
enum Form {
    V1(V1),
    V2(V2),
}

impl Requests {
    pub(super) fn new(version: Version, limits: Limits) -> Requests {
        let form = match version {
            Version::V1 => Form::V1(V1::default()),
            Version::V2 => Form::V2(V2::new()),
        };
        Requests { limits, form, points: 0, complete: Vec::new() }
    }

    /// Begins a new request where the series would exceed a bound of this one; a larger one stands alone.
    pub(super) fn push(&mut self, series: &Series<'_>) {
        let full =
            self.points >= self.limits.series as u64 || self.bytes() + longest(series) > self.limits.bytes;
        if full && self.points > 0 {
            self.cut();
        }
        match &mut self.form {
            Form::V1(request) => request.push(series),
            Form::V2(request) => request.push(series),
        }
        self.points += 1;
    }

    /// Adds the metadata of a family to the request of the series that was pushed last. Version 2 has it anyway.
    pub(super) fn describe(&mut self, family: &Family) {
        if let Form::V1(request) = &mut self.form {
            request.describe(family);
        }
    }

    /// All requests.
    pub(super) fn take(&mut self) -> Vec<Batch> {
        if self.points > 0 {
            self.cut();
        }
        std::mem::take(&mut self.complete)
    }

    fn bytes(&self) -> usize {
        let parts = match &self.form {
            Form::V1(request) => request.parts(),
            Form::V2(request) => request.parts(),
        };
        parts[0].len() + parts[1].len()
    }

    fn cut(&mut self) {
        let body = match &mut self.form {
            Form::V1(request) => {
                let body = request.parts().concat();
                request.clear();
                body
            }
            Form::V2(request) => {
                let body = request.parts().concat();
                request.clear();
                body
            }
        };
        self.complete.push(Batch { body: body.into(), points: self.points });
        self.points = 0;
    }
}

/// More bytes than the series, its new symbols and its family's metadata can take.
fn longest(series: &Series<'_>) -> usize {
    use super::series::Value;
    let labels = series.labels.len() + 10 * series.labels.most();
    let value = match series.value {
        Value::Number(_) | Value::NoHistogram => 64,
        // Every bucket filled with what needs five bytes, or every second one with its span.
        Value::Histogram(_) => 128 + 13 * crate::model::histogram::BUCKETS,
    };
    labels + value + series.family.name.len() + series.family.help.len() + 64
}
