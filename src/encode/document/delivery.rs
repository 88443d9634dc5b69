//! `/api/v1/delivery`: what became of every point of every sink.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::model::report::{AgentReport, SinkReport};

/// The whole document.
#[derive(Debug, Serialize)]
pub struct Delivery<'a> {
    sinks: Vec<Sink<'a>>,
}

#[derive(Debug, Serialize)]
struct Sink<'a> {
    kind: &'static str,
    name: &'a str,
    state: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    message: &'a str,
    /// Since the start; produced = acknowledged + rejected + queued + dropped.
    points: Points,
    balances: bool,
    filtered_points: u64,
    requests: u64,
    request_errors: u64,
    retries: u64,
    acknowledged_bytes: u64,
    memory: Memory,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_request_seconds: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    spool: Option<Spool<'a>>,
}

#[derive(Debug, Serialize)]
struct Points {
    produced: u64,
    acknowledged: u64,
    rejected: BTreeMap<&'static str, u64>,
    queued: u64,
    dropped: BTreeMap<&'static str, u64>,
}

#[derive(Debug, Serialize)]
struct Memory {
    points: u64,
    points_limit: u64,
    bytes: u64,
}

#[derive(Debug, Serialize)]
struct Spool<'a> {
    is_open: bool,
    #[serde(skip_serializing_if = "str::is_empty")]
    message: &'a str,
    bytes: u64,
    segments: u64,
    points: u64,
    quarantined_bytes: u64,
    /// Over all runs that shared the spool.
    #[serde(skip_serializing_if = "Option::is_none")]
    lifetime: Option<Lifetime>,
}

#[derive(Debug, Serialize)]
struct Lifetime {
    produced: u64,
    acknowledged: u64,
    rejected: u64,
    queued: u64,
    dropped: u64,
}

/// The document of one report.
pub fn delivery(report: &AgentReport) -> Delivery<'_> {
    Delivery { sinks: report.sinks.iter().map(Sink::from).collect() }
}

impl<'a> From<&'a SinkReport> for Sink<'a> {
    fn from(sink: &'a SinkReport) -> Sink<'a> {
        let ledger = &sink.ledger;
        Sink {
            kind: sink.kind,
            name: &sink.name,
            state: sink.state.name(),
            message: &sink.message,
            points: Points {
                produced: ledger.produced,
                acknowledged: ledger.acknowledged,
                rejected: ledger.rejected.iter().copied().collect(),
                queued: ledger.queued,
                dropped: ledger.dropped.iter().copied().collect(),
            },
            balances: ledger.balances(),
            filtered_points: sink.filtered,
            requests: sink.requests,
            request_errors: sink.errors,
            retries: sink.retries,
            acknowledged_bytes: sink.acknowledged_bytes,
            memory: Memory {
                points: sink.memory_points,
                points_limit: sink.buffer_points_limit,
                bytes: sink.memory_bytes,
            },
            last_request_seconds: sink.write_time_ns.map(|ns| ns as f64 / 1e9),
            spool: sink.spool.as_ref().map(|spool| Spool {
                is_open: spool.is_open,
                message: &spool.message,
                bytes: spool.bytes,
                segments: spool.segments,
                points: spool.points,
                quarantined_bytes: spool.quarantined_bytes,
                lifetime: spool.lifetime.map(|lifetime| Lifetime {
                    produced: lifetime.produced,
                    acknowledged: lifetime.acknowledged,
                    rejected: lifetime.rejected,
                    queued: lifetime
                        .produced
                        .saturating_sub(lifetime.acknowledged + lifetime.rejected + lifetime.dropped),
                    dropped: lifetime.dropped,
                }),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ledger::Ledger;
    use crate::model::report::{Lifetime, SinkState, SpoolReport};

    #[test]
    fn the_document_says_where_every_point_is() {
        let ledger = Ledger {
            produced: 9,
            acknowledged: 4,
            rejected: vec![("unparsable", 1)],
            queued: 3,
            dropped: vec![("queue_full", 1)],
        };
        let lifetime = Lifetime { produced: 20, acknowledged: 10, rejected: 2, dropped: 1 };
        let sinks = vec![SinkReport {
            kind: "influxdb",
            name: "main".into(),
            state: SinkState::Held,
            message: "create it".into(),
            ledger,
            spool: Some(SpoolReport { is_open: true, lifetime: Some(lifetime), ..SpoolReport::default() }),
            ..SinkReport::default()
        }];
        let report = AgentReport { sinks, ..AgentReport::default() };
        let json = serde_json::to_value(delivery(&report)).unwrap();
        let sink = &json["sinks"][0];
        assert_eq!((&sink["state"], &sink["message"]), (&"held".into(), &"create it".into()));
        assert_eq!(sink["points"]["rejected"]["unparsable"], 1);
        assert_eq!(sink["balances"], true);
        assert_eq!(sink["spool"]["lifetime"]["queued"], 7);
        assert!(sink["spool"].get("message").is_none());
    }
}
