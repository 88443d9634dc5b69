//! Telegraf's system dashboard (Grafana 928) asked of a real InfluxDB.

use podometer::encode::influx::{Batch, Limits, LineWriter, split};

use crate::script::{config, start};
use crate::servers::Server;

/// One panel's fields of one measurement.
struct Panel {
    name: &'static str,
    measurement: &'static str,
    fields: Vec<&'static str>,
    /// Tag and value.
    filter: Option<(&'static str, &'static str)>,
    group: Option<&'static str>,
}

fn panels() -> Vec<Panel> {
    let text = include_str!("../fixtures/grafana_928.txt");
    let rows = text.lines().filter(|line| !line.starts_with('#'));
    rows.map(|line| {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let [name, measurement, fields, filter, group] = cells[..] else { panic!("five cells in {line}") };
        Panel {
            name,
            measurement,
            fields: fields.split(' ').collect(),
            filter: filter.split_once(" = "),
            group: Some(group).filter(|group| !group.is_empty()),
        }
    })
    .collect()
}

/// Writes `lines` of host `host` to a fresh InfluxDB and returns the panel and field of every query that has no
/// value as answer. `None` where there is no InfluxDB.
async fn unanswered(lines: Vec<u8>, host: &str) -> Option<Vec<String>> {
    let server = Server::influxdb(false)?;
    server.query("d", "CREATE DATABASE d");
    let handle = start(&config(&server.url()));
    for batch in split(lines, Limits::default()) {
        handle.push(batch);
    }
    handle.wait_until(|ledger, _| ledger.queued == 0).await;
    assert!(handle.ledger().rejected.is_empty(), "{:?}", handle.ledger());
    let mut empty = Vec::new();
    for panel in panels() {
        for field in &panel.fields {
            let filter =
                panel.filter.map(|(tag, value)| format!(" AND \"{tag}\" = '{value}'")).unwrap_or_default();
            let group = panel.group.map(|tag| format!(", \"{tag}\"")).unwrap_or_default();
            let query = format!(
                "SELECT mean(\"{field}\") FROM \"{}\" WHERE \"host\" =~ /^{host}$/{filter} \
                 AND time > now() - 1h AND time < now() + 1h GROUP BY time(10s){group} fill(none)",
                panel.measurement
            );
            let series = server.series("d", &query);
            let has_value =
                |series: &serde_json::Value| series["values"].as_array().is_some_and(|rows| !rows.is_empty());
            if series.is_empty() || !series.iter().all(has_value) {
                empty.push(format!("{}: {}.{field}", panel.name, panel.measurement));
            }
        }
    }
    Some(empty)
}

fn now_ns() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(since.as_nanos()).unwrap()
}

/// The harness itself: it answers what is there and reports what is not.
#[tokio::test]
async fn dashboard_harness_tells_answered_from_empty() {
    let mut lines = Vec::new();
    let mut writer = LineWriter::new(&mut lines);
    for panel in panels().iter().filter(|panel| panel.measurement != "conntrack") {
        writer.measurement(panel.measurement);
        writer.tag("host", "n1");
        if let Some((tag, value)) = panel.filter {
            writer.tag(tag, value);
        }
        writer.tag(panel.group.unwrap_or_default(), "x");
        for field in &panel.fields {
            writer.float(field, 1.0);
        }
        writer.end(now_ns());
    }
    let Some(empty) = unanswered(lines, "n1").await else { return };
    assert_eq!(empty.len(), 2, "{empty:?}");
    assert!(empty[0].ends_with("conntrack.ip_conntrack_count"), "{empty:?}");
}

#[test]
fn the_list_has_every_panel() {
    let panels = panels();
    assert_eq!(panels.len(), 46);
    let batch = Batch::from_lines(bytes::Bytes::new());
    assert_eq!(batch.points, 0);
}

/// A reading of this machine answers every query but those of `internal_*`, which come with a later part.
#[tokio::test]
async fn dashboard_928_is_answered_by_this_machine() {
    use podometer::encode::schema::host::{self, HostOptions};
    use podometer::model::stamp::Stamp;
    use podometer::source::procfs::{Config, NodeReader};

    let mut reader = NodeReader::new(Config::default());
    let mut read = || reader.read(Stamp { boot_ns: now_ns().unsigned_abs(), wall_ns: now_ns() }).0;
    let first = read();
    let mut second = read();
    // Shares of CPU time need ticks in between, which pass while we read.
    while second.taken.wall_ns - first.taken.wall_ns < 100_000_000 {
        second = read();
    }
    let mut lines = Vec::new();
    let mut writer = LineWriter::new(&mut lines);
    host::write(&second, Some(&first), "n1", &HostOptions::default(), &mut writer);
    let Some(mut empty) = unanswered(lines, "n1").await else { return };
    empty.retain(|row| !row.contains(": internal_"));
    // A kernel without connection tracking or IPv6 has nothing to tell of them.
    for (path, part) in [("/proc/sys/net/netfilter", ": conntrack."), ("/proc/net/snmp6", "nstat.Ip6")] {
        if !std::path::Path::new(path).exists() {
            empty.retain(|row| !row.contains(part));
        }
    }
    assert!(empty.is_empty(), "{empty:#?}");
}
