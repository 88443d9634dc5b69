//! The metrics of a run and their kinds, under k6's names.
//!
//! Source: k6 `metrics/builtin.go`, `metrics/metric_type.go`.

/// What the samples of a metric add up to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MetricType {
    /// A sum.
    Counter,
    /// The last value.
    Gauge,
    /// The share of values that are not zero.
    Rate,
    /// A distribution.
    Trend,
}

impl MetricType {
    pub fn name(self) -> &'static str {
        match self {
            MetricType::Counter => "counter",
            MetricType::Gauge => "gauge",
            MetricType::Rate => "rate",
            MetricType::Trend => "trend",
        }
    }
}

/// The metrics that every run may have; times are in milliseconds. Sorted.
///
/// `http_req_latency` is ours: from the moment at which the request should have started, where its executor has a
/// schedule, to its end. `http_req_duration` is k6's: from its first byte sent to the last received.
pub const BUILT_IN: [(&str, MetricType); 29] = [
    ("checks", MetricType::Rate),
    ("data_received", MetricType::Counter),
    ("data_sent", MetricType::Counter),
    ("dropped_iterations", MetricType::Counter),
    ("group_duration", MetricType::Trend),
    ("grpc_req_duration", MetricType::Trend),
    ("grpc_streams", MetricType::Counter),
    ("grpc_streams_msgs_received", MetricType::Counter),
    ("grpc_streams_msgs_sent", MetricType::Counter),
    ("http_req_blocked", MetricType::Trend),
    ("http_req_connecting", MetricType::Trend),
    ("http_req_duration", MetricType::Trend),
    ("http_req_failed", MetricType::Rate),
    ("http_req_latency", MetricType::Trend),
    ("http_req_receiving", MetricType::Trend),
    ("http_req_sending", MetricType::Trend),
    ("http_req_tls_handshaking", MetricType::Trend),
    ("http_req_waiting", MetricType::Trend),
    ("http_reqs", MetricType::Counter),
    ("iteration_duration", MetricType::Trend),
    ("iterations", MetricType::Counter),
    ("vus", MetricType::Gauge),
    ("vus_max", MetricType::Gauge),
    ("ws_connecting", MetricType::Trend),
    ("ws_msgs_received", MetricType::Counter),
    ("ws_msgs_sent", MetricType::Counter),
    ("ws_ping", MetricType::Trend),
    ("ws_session_duration", MetricType::Trend),
    ("ws_sessions", MetricType::Counter),
];
