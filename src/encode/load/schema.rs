//! Every name that the encoders of load tests write, in tables, but those of metrics, which `load::metric` has.

use crate::load::histogram::Histogram;
use crate::load::interval::Requests;
use crate::load::threshold::Method;

/// How a part of a request is found.
pub(super) type Part = fn(&Requests) -> &Histogram;

/// The parts of a request, by the name of their metric. All are trends of milliseconds.
pub(super) const TRENDS: [(&str, Part); 8] = [
    ("http_req_blocked", |requests| &requests.blocked),
    ("http_req_connecting", |requests| &requests.connecting),
    ("http_req_duration", |requests| &requests.duration),
    ("http_req_latency", |requests| &requests.latency),
    ("http_req_receiving", |requests| &requests.receiving),
    ("http_req_sending", |requests| &requests.sending),
    ("http_req_tls_handshaking", |requests| &requests.tls_handshaking),
    ("http_req_waiting", |requests| &requests.waiting),
];

pub(super) const REQUESTS: &str = "http_reqs";
pub(super) const FAILED: &str = "http_req_failed";
pub(super) const CHECKS: &str = "checks";
pub(super) const SENT: &str = "data_sent";
pub(super) const RECEIVED: &str = "data_received";
pub(super) const VUS: &str = "vus";
pub(super) const VUS_MAX: &str = "vus_max";

/// The measurement of annotations, which JMeter and every dashboard of it share.
pub(super) const EVENTS: &str = "events";

/// Upper bounds of statsd_exporter's default buckets in seconds, as the page writes them, and in nanoseconds.
pub(super) const BUCKETS: [(&str, u64); 11] = [
    ("0.005", 5_000_000),
    ("0.01", 10_000_000),
    ("0.025", 25_000_000),
    ("0.05", 50_000_000),
    ("0.1", 100_000_000),
    ("0.25", 250_000_000),
    ("0.5", 500_000_000),
    ("1", 1_000_000_000),
    ("2.5", 2_500_000_000),
    ("5", 5_000_000_000),
    ("10", 10_000_000_000),
];

/// What the names on the page begin with.
pub(super) const PREFIX: &str = "k6_";

/// Ours: what became of the starts that were due.
pub(super) const STARTS: (&str, &str) =
    ("podometer_load_starts_total", "Starts that were due, by scenario and what became of them.");

/// Ours: reasons not to believe the numbers.
pub(super) const INVALID: (&str, &str) = (
    "podometer_load_invalid",
    "1 once the generator itself is the bottleneck: what the run says cannot be believed.",
);

/// At the end, for a Pushgateway: latencies in milliseconds.
pub(super) const LATENCIES: [(&str, Method); 7] = [
    ("k6_latency_avg_ms", Method::Avg),
    ("k6_latency_max_ms", Method::Max),
    ("k6_latency_median_ms", Method::Med),
    ("k6_latency_min_ms", Method::Min),
    ("k6_latency_p90_ms", Method::Percentile(90.0)),
    ("k6_latency_p95_ms", Method::Percentile(95.0)),
    ("k6_latency_p99_ms", Method::Percentile(99.0)),
];

pub(super) const PUSHED_ERRORS: (&str, &str) =
    ("k6_error_rate_percent", "Requests that failed, of a hundred.");
pub(super) const PUSHED_RATE: (&str, &str) = ("k6_request_rate", "Requests in a second, of the whole run.");
pub(super) const PUSHED_REQUESTS: (&str, &str) = ("k6_requests_total", "Requests of the run.");

/// k8sfv's.
pub(super) const VERDICT: (&str, &str) = ("k8sfv_test_result", "1 where the test case passed, else 0.");
