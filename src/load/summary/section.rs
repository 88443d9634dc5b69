//! Where in the summary a metric stands.
//!
//! Source: k6 `internal/output/summary/data.go`.

use super::options::Mode;
use crate::load::threshold::Selector;

/// The parts of the totals, in the order in which they are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Section {
    Custom,
    Http,
    Execution,
    Network,
    Grpc,
    WebSocket,
}

/// What is shown elsewhere.
const APART: [&str; 2] = ["checks", "group_duration"];

/// Parts of a request's time, which only the full summary has.
const PARTS: [&str; 6] = [
    "http_req_blocked",
    "http_req_connecting",
    "http_req_receiving",
    "http_req_sending",
    "http_req_tls_handshaking",
    "http_req_waiting",
];

const EXECUTION: [&str; 5] = ["dropped_iterations", "iteration_duration", "iterations", "vus", "vus_max"];

/// Everything else of HTTP; the latency is ours.
const HTTP: [&str; 4] = ["http_req_duration", "http_req_failed", "http_req_latency", "http_reqs"];

impl Section {
    pub(super) const ALL: [Section; 6] = [
        Section::Custom,
        Section::Http,
        Section::Execution,
        Section::Network,
        Section::Grpc,
        Section::WebSocket,
    ];

    pub(super) fn title(self) -> &'static str {
        match self {
            Section::Custom => "CUSTOM",
            Section::Http => "HTTP",
            Section::Execution => "EXECUTION",
            Section::Network => "NETWORK",
            Section::Grpc => "GRPC",
            Section::WebSocket => "WEBSOCKET",
        }
    }

    /// `None` for what this mode does not show.
    pub(super) fn of(metric: &str, mode: Mode) -> Option<Section> {
        match metric {
            _ if APART.contains(&metric) => None,
            _ if PARTS.contains(&metric) => (mode == Mode::Full).then_some(Section::Http),
            _ if HTTP.contains(&metric) => Some(Section::Http),
            _ if EXECUTION.contains(&metric) => Some(Section::Execution),
            "data_received" | "data_sent" => Some(Section::Network),
            _ if metric.starts_with("grpc_") => Some(Section::Grpc),
            _ if metric.starts_with("ws_") => Some(Section::WebSocket),
            _ => Some(Section::Custom),
        }
    }
}

/// By what metrics of a section are sorted: by name as people read it, submetrics behind their metric, and the
/// latency right behind the duration, which it is to be compared with.
pub(super) fn order(selector: &Selector) -> (String, String) {
    let metric = match selector.metric.as_str() {
        "http_req_latency" => "http_req_duration ".to_owned(),
        other => other.to_lowercase(),
    };
    (metric, selector.to_string())
}
