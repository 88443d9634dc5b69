//! What `podometer target` says of the requests that it was put under: the names that the dashboards of the stacks
//! ask their applications for, and a few of its own.

use super::Kind;
use super::small_family::{SmallFamily, counter, gauge};
use crate::encode::target::Report;

/// As prom-client's usual middleware of a Node application counts them; without the target's own pages.
pub const NODE_REQUESTS: (&str, &str) =
    ("node_http_requests_total", "Requests that the application answered, by method, path and status.");

/// A summary, as the same middleware has it.
pub const NODE_DURATION: (&str, &str) = (
    "node_http_duration_seconds",
    "Time from a request's head to its answer; the quantiles are of the last one to two minutes.",
);

/// podinfo's histogram; with the target's own pages.
pub const DURATION: (&str, &str) = (
    "http_request_duration_seconds",
    "Time from a request's head to its answer, by method, path and status.",
);

/// The target itself.
pub const OWN: [SmallFamily<Report>; 8] = [
    gauge("podometer_target_connections", "Open connections.", |report, emit| {
        emit(&[], report.connections as f64);
    }),
    counter("podometer_target_accepted_total", "Connections that were accepted.", |report, emit| {
        emit(&[], report.accepted as f64);
    }),
    counter(
        "podometer_target_cut_off_total",
        "Connections that were ended by us, by reason.",
        |report, emit| {
            for (reason, count) in &report.cut_off {
                emit(&[("reason", reason)], *count as f64);
            }
        },
    ),
    counter("podometer_target_faults_total", "Requests that suffered a fault, by fault.", |report, emit| {
        for (fault, count) in &report.faults {
            emit(&[("fault", fault)], *count as f64);
        }
    }),
    gauge("podometer_target_leaked_bytes", "Memory that was kept on request.", |report, emit| {
        emit(&[], report.leaked_bytes as f64);
    }),
    gauge("podometer_target_leak_limit_bytes", "Most memory that can be kept on request.", |report, emit| {
        emit(&[], report.leak_limit_bytes as f64);
    }),
    counter(
        "podometer_target_leak_refused_total",
        "Requests that were to keep memory beyond the limit, and did not.",
        |report, emit| emit(&[], report.leak_refused as f64),
    ),
    gauge("podometer_target_threads", "Threads that answer.", |report, emit| {
        emit(&[], report.threads as f64);
    }),
];

/// The word of a family's type.
pub fn type_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Counter => "counter",
        Kind::Gauge => "gauge",
        Kind::Histogram => "histogram",
    }
}
