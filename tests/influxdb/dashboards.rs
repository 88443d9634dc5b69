//! The harness that asks dashboards of a real InfluxDB: it answers what is there and reports what is not.

use podometer::encode::influx::{Batch, Limits, LineWriter, split};

use crate::dashboard::{Dashboard, unanswered};
use crate::script::{config, start};
use crate::servers::Server;

fn now_ns() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(since.as_nanos()).unwrap()
}

#[tokio::test]
async fn dashboard_harness_tells_answered_from_empty() {
    let Some(server) = Server::influxdb(false) else { return };
    let dashboard = Dashboard::parse(include_str!("../fixtures/grafana_928.txt"));
    let mut lines = Vec::new();
    let mut writer = LineWriter::new(&mut lines);
    for panel in dashboard.panels.iter().filter(|panel| panel.measurement != "conntrack") {
        writer.measurement(&panel.measurement);
        writer.tag("host", "n1");
        for (tag, _, value) in panel.conditions.iter().filter(|(_, sign, _)| *sign == "=") {
            writer.tag(tag, value);
        }
        writer.tag(panel.group.as_deref().unwrap_or_default(), "x");
        for field in &panel.fields {
            writer.float(field, 1.0);
        }
        writer.end(now_ns());
    }
    server.query("d", "CREATE DATABASE d");
    let handle = start(&config(&server.url()));
    for batch in split(lines, Limits::default()) {
        handle.push(batch);
    }
    handle.wait_until(|ledger, _| ledger.queued == 0).await;
    assert!(handle.ledger().rejected.is_empty(), "{:?}", handle.ledger());
    let empty = unanswered(&dashboard.ask(&server, "d", &[("$server", "n1")]));
    assert_eq!(empty.len(), 2, "{empty:?}");
    assert!(empty[0].ends_with("conntrack.ip_conntrack_count"), "{empty:?}");
    // Another host has none of it; the variables do not ask for one.
    let empty = unanswered(&dashboard.ask(&server, "d", &[("$server", "n2")]));
    assert_eq!(empty.len(), dashboard.panels.iter().map(|panel| panel.fields.len()).sum::<usize>());
}

#[test]
fn the_lists_have_every_panel() {
    for (text, panels) in [
        (include_str!("../fixtures/grafana_928.txt"), 46),
        (include_str!("../fixtures/grafana_9111.txt"), 7),
        (include_str!("../fixtures/grafana_8991.txt"), 26),
    ] {
        assert_eq!(Dashboard::parse(text).panels.len(), panels);
    }
    let batch = Batch::from_lines(bytes::Bytes::new());
    assert_eq!(batch.points, 0);
}
