//! Cuts a request in two of the same data points, to find the one that a server refuses.

use bytes::Bytes;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::{Gauge, Metric, ResourceMetrics, ScopeMetrics, Sum};
use prost::Message;

use crate::encode::Batch;

/// Two requests with half of the data points each; `None` for a single point, and for what we did not encode.
pub fn split(body: &Bytes) -> Option<[Batch; 2]> {
    let request = ExportMetricsServiceRequest::decode(&body[..]).ok()?;
    let halves = halves(request).ok()?;
    Some(halves.map(|half| Batch { body: half.encode_to_vec().into(), points: points(&half) as u64 }))
}

pub(super) fn points(request: &ExportMetricsServiceRequest) -> usize {
    let scopes = request.resource_metrics.iter().flat_map(|resource| &resource.scope_metrics);
    scopes.flat_map(|scope| &scope.metrics).map(count).sum()
}

/// The request itself where it cannot be cut.
pub(super) fn halves(
    request: ExportMetricsServiceRequest,
) -> Result<[ExportMetricsServiceRequest; 2], ExportMetricsServiceRequest> {
    let half = points(&request) / 2;
    if half == 0 {
        return Err(request);
    }
    let mut cut = Cut { room: half };
    let (left, right) = cut.run(request.resource_metrics, weight_of_resource, |cut, resource| {
        let ResourceMetrics { resource, scope_metrics, schema_url } = resource;
        let (left, right) = cut.run(scope_metrics, weight_of_scope, Cut::scope);
        let of = |scope_metrics| ResourceMetrics {
            resource: resource.clone(),
            scope_metrics,
            schema_url: schema_url.clone(),
        };
        (of(left), of(right))
    });
    Ok([left, right].map(|resource_metrics| ExportMetricsServiceRequest { resource_metrics }))
}

/// Fills the left part point by point until there is no more room.
struct Cut {
    room: usize,
}

impl Cut {
    /// Deals out whole items while they fit; the one that does not fit whole is opened by `open`.
    fn run<T>(
        &mut self,
        items: Vec<T>,
        weight: fn(&T) -> usize,
        open: impl Fn(&mut Cut, T) -> (T, T),
    ) -> (Vec<T>, Vec<T>) {
        let (mut left, mut right) = (Vec::new(), Vec::new());
        for item in items {
            let weight = weight(&item);
            if self.room == 0 {
                right.push(item);
            } else if weight <= self.room {
                self.room -= weight;
                left.push(item);
            } else {
                let (of_left, of_right) = open(self, item);
                left.push(of_left);
                right.push(of_right);
            }
        }
        (left, right)
    }

    fn scope(&mut self, scope: ScopeMetrics) -> (ScopeMetrics, ScopeMetrics) {
        let ScopeMetrics { scope, metrics, schema_url } = scope;
        let (left, right) = self.run(metrics, count, Cut::metric);
        let of = |metrics| ScopeMetrics { scope: scope.clone(), metrics, schema_url: schema_url.clone() };
        (of(left), of(right))
    }

    fn metric(&mut self, mut metric: Metric) -> (Metric, Metric) {
        let taken = std::mem::take(&mut self.room);
        let rest = match &mut metric.data {
            Some(Data::Gauge(gauge)) => {
                Some(Data::Gauge(Gauge { data_points: gauge.data_points.split_off(taken) }))
            }
            Some(Data::Sum(sum)) => {
                Some(Data::Sum(Sum { data_points: sum.data_points.split_off(taken), ..*sum }))
            }
            // We write no others; `count` sees no points in them.
            _ => None,
        };
        let right = Metric {
            name: metric.name.clone(),
            description: metric.description.clone(),
            unit: metric.unit.clone(),
            metadata: metric.metadata.clone(),
            data: rest,
        };
        (metric, right)
    }
}

fn weight_of_resource(resource: &ResourceMetrics) -> usize {
    resource.scope_metrics.iter().map(weight_of_scope).sum()
}

fn weight_of_scope(scope: &ScopeMetrics) -> usize {
    scope.metrics.iter().map(count).sum()
}

fn count(metric: &Metric) -> usize {
    match &metric.data {
        Some(Data::Gauge(gauge)) => gauge.data_points.len(),
        Some(Data::Sum(sum)) => sum.data_points.len(),
        _ => 0,
    }
}
