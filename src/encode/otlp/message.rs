//! One resource's rows as OpenTelemetry's messages.

use opentelemetry_proto::tonic::common::v1::{InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value as Number;
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, Gauge, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum,
};
use opentelemetry_proto::tonic::resource::v1::Resource;

use super::resource::attribute;
use crate::encode::schema::otel::{Kind, Row, Subject, Value};

/// `None` where nothing is known of the resource but its name.
pub(super) fn resource_metrics(
    attributes: Vec<KeyValue>,
    scope: &InstrumentationScope,
    rows: &[Row],
    subject: &Subject<'_>,
) -> Option<ResourceMetrics> {
    let metrics: Vec<Metric> = rows.iter().filter_map(|row| metric(row, subject)).collect();
    if metrics.is_empty() {
        return None;
    }
    let scope = ScopeMetrics { scope: Some(scope.clone()), metrics, ..ScopeMetrics::default() };
    let resource = Resource { attributes, ..Resource::default() };
    Some(ResourceMetrics {
        resource: Some(resource),
        scope_metrics: vec![scope],
        ..ResourceMetrics::default()
    })
}

fn metric(row: &Row, subject: &Subject<'_>) -> Option<Metric> {
    let mut data_points = Vec::new();
    (row.points)(subject, &mut |attributes, value, at_ns| {
        // 0 would say that the time is not known; then it was read for this snapshot.
        let at = if at_ns > 0 { at_ns } else { subject.shared.snapshot.taken.wall_ns }.max(0).unsigned_abs();
        data_points.push(NumberDataPoint {
            attributes: attributes.iter().map(|(key, value)| attribute(key, value)).collect(),
            start_time_unix_nano: if row.kind == Kind::Gauge { 0 } else { started(subject, at) },
            time_unix_nano: at,
            value: Some(number(value)),
            ..NumberDataPoint::default()
        });
    });
    if data_points.is_empty() {
        return None;
    }
    let temporality = AggregationTemporality::Cumulative as i32;
    let data = match row.kind {
        Kind::Gauge => Data::Gauge(Gauge { data_points }),
        Kind::Counter | Kind::UpDownCounter => Data::Sum(Sum {
            data_points,
            aggregation_temporality: temporality,
            is_monotonic: row.kind == Kind::Counter,
        }),
    };
    Some(Metric {
        name: row.name.to_owned(),
        description: row.description.to_owned(),
        unit: row.unit.to_owned(),
        data: Some(data),
        ..Metric::default()
    })
}

/// 0 says that the start is not known. A start after the point itself, as a clock that was set leaves it, is none.
fn started(subject: &Subject<'_>, at: u64) -> u64 {
    let started = subject.started_ns.and_then(|started| u64::try_from(started).ok());
    started.filter(|&started| started <= at).unwrap_or(0)
}

fn number(value: Value) -> Number {
    match value {
        Value::Integer(number) => Number::AsInt(i64::try_from(number).unwrap_or(i64::MAX)),
        Value::Float(number) => Number::AsDouble(number),
    }
}
