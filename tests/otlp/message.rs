//! Requests taken apart again.

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Attribute;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value;
use opentelemetry_proto::tonic::metrics::v1::{AggregationTemporality, Metric};
use podometer::encode::Batch;
use podometer::encode::influx::Limits;
use podometer::encode::otlp::{Encoder, Options};
use podometer::encode::schema::kubernetes::NodeFacts;
use podometer::model::unit::Interface;
use prost::Message;

use crate::sample;

/// One data point with all that names it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Point {
    pub(crate) resource: Vec<(String, String)>,
    pub(crate) name: String,
    pub(crate) unit: String,
    pub(crate) kind: &'static str,
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) value: f64,
    pub(crate) start_ns: u64,
    pub(crate) time_ns: u64,
}

pub(crate) fn options(limits: Limits) -> Options {
    Options {
        resource_attributes: vec![("deployment.environment.name".into(), "lab \"1\"".into())],
        limits,
        node_facts: |node| NodeFacts {
            memory_total_bytes: node.memory.mem_total,
            network: Some(Interface {
                name: "ens3".into(),
                rx_bytes: 5,
                tx_errors: 1,
                ..Interface::default()
            }),
        },
    }
}

pub(crate) fn batches(limits: Limits) -> Vec<Batch> {
    Encoder::new(&options(limits)).encode(&sample::snapshot(), &sample::report())
}

pub(crate) fn points(batches: &[Batch]) -> Vec<Point> {
    let mut points = Vec::new();
    for batch in batches {
        let request = ExportMetricsServiceRequest::decode(&batch.body[..]).unwrap();
        let before = points.len();
        for resource in request.resource_metrics {
            let attributes = pairs(&resource.resource.unwrap().attributes);
            for scope in resource.scope_metrics {
                let name = scope.scope.unwrap();
                assert_eq!((name.name.as_str(), name.version.as_str()), ("podometer", "0.1.0"));
                for metric in scope.metrics {
                    let (kind, found) = match metric.data.unwrap() {
                        Data::Gauge(gauge) => ("gauge", gauge.data_points),
                        Data::Sum(sum) => {
                            let temporality = AggregationTemporality::Cumulative as i32;
                            assert_eq!(sum.aggregation_temporality, temporality);
                            (if sum.is_monotonic { "counter" } else { "updown" }, sum.data_points)
                        }
                        other => panic!("{}: {other:?}", metric.name),
                    };
                    assert!(!metric.description.is_empty() && !found.is_empty(), "{}", metric.name);
                    points.extend(found.into_iter().map(|point| Point {
                        resource: attributes.clone(),
                        name: metric.name.clone(),
                        unit: metric.unit.clone(),
                        kind,
                        attributes: pairs(&point.attributes),
                        value: match point.value.unwrap() {
                            Value::AsInt(number) => number as f64,
                            Value::AsDouble(number) => number,
                        },
                        start_ns: point.start_time_unix_nano,
                        time_ns: point.time_unix_nano,
                    }));
                }
            }
        }
        assert_eq!((points.len() - before) as u64, batch.points);
    }
    points
}

/// How many points a request holds.
pub(crate) fn count(body: &[u8]) -> u64 {
    let request = ExportMetricsServiceRequest::decode(body).unwrap();
    let scopes = request.resource_metrics.iter().flat_map(|resource| &resource.scope_metrics);
    let points = |metric: &Metric| match metric.data.as_ref().unwrap() {
        Data::Gauge(gauge) => gauge.data_points.len(),
        Data::Sum(sum) => sum.data_points.len(),
        other => panic!("{other:?}"),
    };
    scopes.flat_map(|scope| &scope.metrics).map(points).sum::<usize>() as u64
}

fn pairs(attributes: &[KeyValue]) -> Vec<(String, String)> {
    let text = |attribute: &KeyValue| match attribute.value.as_ref().unwrap().value.as_ref().unwrap() {
        Attribute::StringValue(text) => text.clone(),
        other => panic!("{}: {other:?}", attribute.key),
    };
    attributes.iter().map(|attribute| (attribute.key.clone(), text(attribute))).collect()
}
