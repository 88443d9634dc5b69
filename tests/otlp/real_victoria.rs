//! What a real VictoriaMetrics stores of what we write.

use std::process::Command;

use podometer::encode::Batch;
use podometer::encode::influx::Limits;
use podometer::sink::otlp::Config;
use podometer::sink::{State, spool};
use serde_json::Value;

use crate::message::{Point, batches, points};
use crate::neighbour::{Neighbour, program};

fn victoria_metrics() -> Option<Neighbour> {
    // Debian 12's own speaks no OTLP.
    let program = program("victoria-metrics", "victoria-metrics-sid")?;
    Some(Neighbour::start("/health", move |directory, port| {
        let mut command = Command::new(&program);
        command
            .arg(format!("-storageDataPath={}", directory.join("data").display()))
            .arg(format!("-httpListenAddr=127.0.0.1:{port}"))
            .args(["-search.latencyOffset=0s", "-memory.allowedBytes=256MB", "-retentionPeriod=100y"])
            .arg("-opentelemetry.usePrometheusNaming");
        command
    }))
}

/// The name that Prometheus gives a metric. Source: OpenTelemetry, "Prometheus and OpenMetrics Compatibility".
fn prometheus_name(point: &Point) -> String {
    let suffix = match (point.unit.as_str(), point.kind) {
        ("By", _) => "_bytes",
        ("s", _) => "_seconds",
        ("1", "gauge") => "_ratio",
        _ => "",
    };
    let total = if point.kind == "counter" { "_total" } else { "" };
    format!("{}{suffix}{total}", point.name.replace('.', "_"))
}

/// The values that a query gives at an instant.
fn query(server: &Neighbour, query: &str, at_ns: u64) -> Vec<f64> {
    let encoded: String = query.bytes().fold(String::new(), |out, byte| format!("{out}%{byte:02x}"));
    let at = at_ns as f64 / 1e9;
    let answer = server.get(&format!("/api/v1/query?query={encoded}&time={at:.3}"));
    let answer: Value = serde_json::from_str(&answer).unwrap();
    let results = answer["data"]["result"].as_array().unwrap();
    results.iter().map(|result| result["value"][1].as_str().unwrap().parse().unwrap()).collect()
}

fn config(server: &Neighbour) -> Config {
    Config { url: server.url(), path: "/opentelemetry/v1/metrics".into(), ..Config::default() }
}

#[tokio::test]
async fn every_point_reads_back_by_promql() {
    let Some(server) = victoria_metrics() else { return };
    let batches = batches(Limits { points: 50, bytes: 1 << 20 });
    let handle = config(&server).plan().unwrap().start(&spool::Config::default(), 1).unwrap();
    for batch in &batches {
        handle.push(batch.clone());
    }
    handle.wait_until(|ledger, _| ledger.queued == 0).await;
    let sent = batches.iter().map(|batch| batch.points).sum::<u64>();
    assert_eq!(handle.ledger().acknowledged, sent, "{:?}", handle.ledger());
    server.request("GET", "/internal/force_flush", &[], b"");
    for point in points(&batches) {
        let labels = point.resource.iter().chain(&point.attributes);
        let labels: Vec<String> =
            labels.map(|(key, value)| format!("{}={value:?}", key.replace('.', "_"))).collect();
        // What a point does not have must be empty in its series, or the query finds others.
        let absent = ["container_id", "k8s_volume_name", "service_name", "source"].map(|label| {
            let has = labels.iter().any(|known| known.starts_with(&format!("{label}=")));
            if has { String::new() } else { format!(",{label}=\"\"") }
        });
        let selector = format!("{}{{{}{}}}", prometheus_name(&point), labels.join(","), absent.concat());
        let found = query(&server, &selector, point.time_ns);
        // It keeps twelve decimal digits or more.
        let is_it =
            |found: &[f64]| matches!(found, [one] if (one - point.value).abs() <= 1e-11 * point.value.abs());
        assert!(is_it(&found), "{selector} is {found:?}, not {}", point.value);
    }
    // What people ask.
    let now = 1_795_222_713_000_000_000;
    let sum =
        "sum by (k8s_namespace_name) (k8s_pod_memory_working_set_bytes{k8s_namespace_name=\"default\"})";
    assert_eq!(query(&server, sum, now), [24_588_288.0]);
    let joined = "container_memory_usage_bytes / on (k8s_pod_uid, k8s_container_name) k8s_container_memory_limit_bytes";
    assert_eq!(query(&server, joined, now).len(), 1);
}

#[tokio::test]
async fn what_it_says_of_requests_that_are_none_is_understood() {
    let Some(server) = victoria_metrics() else { return };
    let broken = || Batch { body: (&b"no protobuf"[..]).into(), points: 1 };
    let handle = config(&server).plan().unwrap().start(&spool::Config::default(), 1).unwrap();
    handle.push(broken());
    handle.wait_until(|ledger, _| ledger.queued == 0).await;
    assert_eq!(handle.ledger().rejected, [("undecodable", 1)]);
    let elsewhere = Config { path: "/opentelemetry/v2/metrics".into(), ..config(&server) };
    let handle = elsewhere.plan().unwrap().start(&spool::Config::default(), 1).unwrap();
    handle.push(broken());
    handle.wait_until(|_, status| status.state == State::Held).await;
    assert!(handle.status().message.contains("check url and path"), "{}", handle.status().message);
}
