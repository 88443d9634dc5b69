//! The sink against a real VictoriaMetrics, by both endpoints.

use influxdb_line_protocol::{FieldValue, parse_lines};
use podometer::encode::influx::Producer;
use serde_json::Value;

use crate::sample;
use crate::script::{config, start};
use crate::servers::Server;

#[tokio::test]
async fn every_field_becomes_a_series_with_its_value() {
    for v2 in [false, true] {
        let Some(server) = Server::victoria_metrics() else { return };
        let mut config = config(&server.url());
        if v2 {
            (config.database, config.bucket, config.org) = (None, Some("d".into()), Some("o".into()));
        }
        let handle = start(&config);
        let batches = Producer::new(sample::options("n1")).encode_snapshot(&sample::small(), &mut []);
        let text: String =
            batches.iter().map(|batch| String::from_utf8(batch.body.to_vec()).unwrap()).collect();
        for batch in batches {
            handle.push(batch);
        }
        handle.wait_until(|ledger, _| ledger.queued == 0).await;
        assert_eq!(handle.ledger().acknowledged, text.lines().count() as u64);
        server.request("GET", "/internal/force_flush", None, "");
        let (status, export) = server.request(
            "GET",
            "/api/v1/export?match%5B%5D=%7B__name__!%3D%22%22%7D&start=1700000000",
            None,
            "",
        );
        assert_eq!(status, 200, "{export}");
        let stored: Vec<Value> = export.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let mut fields = 0;
        for line in parse_lines(&text) {
            let line = line.unwrap();
            for (key, value) in &line.field_set {
                let name = format!("{}_{key}", line.series.measurement);
                let is_same = |series: &&Value| {
                    let labels = &series["metric"];
                    labels["__name__"] == *name
                        && line
                            .series
                            .tag_set
                            .iter()
                            .flatten()
                            .all(|(key, value)| labels[key.as_str()] == value.as_str())
                };
                let expected = match value {
                    FieldValue::I64(value) => *value as f64,
                    FieldValue::F64(value) => *value,
                    // It has numbers alone.
                    FieldValue::String(_) => continue,
                    other => panic!("{name} is {other:?}"),
                };
                let values: Vec<f64> = stored
                    .iter()
                    .filter(is_same)
                    .flat_map(|series| series["values"].as_array().unwrap().clone())
                    .map(|value| value.as_f64().unwrap())
                    .collect();
                assert!(values.contains(&expected), "v2 {v2}: {name} is {values:?}, not {expected}");
                fields += 1;
            }
        }
        assert!(fields > 200);
    }
}
