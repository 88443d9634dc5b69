//! The sink against a real InfluxDB 1.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use influxdb_line_protocol::{FieldValue, ParsedLine, parse_lines};
use podometer::encode::influx::{Batch, Producer};
use podometer::model::ledger::Ledger;
use podometer::sink::{Handle, State};
use serde_json::Value;

use crate::sample;
use crate::script::{config, start};
use crate::servers::Server;

async fn settled(handle: &Handle) -> Ledger {
    handle
        .wait_until(|ledger, _| {
            assert!(ledger.balances(), "{ledger:?}");
            ledger.queued == 0
        })
        .await;
    handle.ledger()
}

/// Fails unless the server has this line, field by field.
fn assert_stored(server: &Server, line: &ParsedLine<'_>) {
    let measurement = line.series.measurement.as_str();
    let tags: Vec<(String, String)> = line
        .series
        .tag_set
        .iter()
        .flatten()
        .map(|(key, value)| (key.to_string(), value.to_string()))
        .collect();
    let series = server.series("d", &format!("SELECT * FROM \"{measurement}\" GROUP BY *"));
    let same_tags = |series: &&Value| {
        let stored = series["tags"].as_object().unwrap();
        let filled = stored.iter().filter(|(_, value)| *value != "").count();
        filled == tags.len()
            && tags.iter().all(|(key, value)| stored.get(key).is_some_and(|stored| stored == value))
    };
    let series = series.iter().find(same_tags).unwrap_or_else(|| panic!("no series for {tags:?}"));
    let columns = series["columns"].as_array().unwrap();
    let time = line.timestamp.unwrap();
    let row =
        series["values"].as_array().unwrap().iter().find(|row| row[0] == time).expect("the point's time");
    for (column, stored) in columns.iter().zip(row.as_array().unwrap()).skip(1) {
        let name = column.as_str().unwrap();
        match line.field_set.iter().find(|(key, _)| key.as_str() == name).map(|(_, value)| value) {
            None => assert!(stored.is_null(), "{measurement}.{name} was not written but is {stored}"),
            Some(FieldValue::I64(value)) => assert_eq!(stored.as_i64(), Some(*value), "{measurement}.{name}"),
            Some(FieldValue::F64(value)) => assert_eq!(stored.as_f64(), Some(*value), "{measurement}.{name}"),
            Some(FieldValue::Boolean(value)) => assert_eq!(stored, value, "{measurement}.{name}"),
            Some(FieldValue::String(value)) => assert_eq!(stored, value.as_str(), "{measurement}.{name}"),
            Some(FieldValue::U64(_)) => panic!("{measurement}.{name} is unsigned"),
        }
    }
}

#[tokio::test]
async fn everything_written_reads_back_with_its_type() {
    let Some(server) = Server::influxdb(false) else { return };
    for gzip in [true, false] {
        let mut config = config(&server.url());
        (config.gzip, config.create_database) = (gzip, true);
        let handle = start(&config);
        let batches = Producer::new(sample::options(&format!("gzip-{gzip}")))
            .encode_snapshot(&sample::small(), &mut []);
        let text: String =
            batches.iter().map(|batch| String::from_utf8(batch.body.to_vec()).unwrap()).collect();
        // Values that a careless writer breaks.
        let mut awkward = Vec::new();
        let mut writer = podometer::encode::influx::LineWriter::new(&mut awkward);
        writer.measurement("awk, ward=1");
        writer.tag("a b,c=d", r"x\,y \= z\");
        writer.integer("max", u64::MAX);
        writer.signed("min", i64::MIN);
        writer.float("small float", 5e-324);
        writer.float("large", -1.797_693_134_862_315_7e308);
        writer.text("text", "say \"hi\" \\ \n, = é");
        writer.boolean("yes", true);
        writer.end(sample::TAKEN_NS);
        for batch in batches {
            handle.push(batch);
        }
        let awkward = String::from_utf8(awkward).unwrap();
        handle.push(Batch::from_lines(awkward.clone().into()));
        let ledger = settled(&handle).await;
        assert_eq!(ledger.acknowledged, text.lines().count() as u64 + 1, "{ledger:?}");
        for line in parse_lines(&(text + &awkward)) {
            assert_stored(&server, &line.unwrap());
        }
    }
    for series in server.series("d", "SHOW FIELD KEYS") {
        for field in series["values"].as_array().unwrap() {
            let name = field[0].as_str().unwrap();
            let measurement = series["name"].as_str().unwrap();
            let expected = match (measurement, name) {
                ("awk, ward=1", "small float" | "large") | (_, "top_window_seconds") => "float",
                ("awk, ward=1", "text") | (_, "top_of" | "drift_cpu_cause" | "drift_memory_cause") => {
                    "string"
                }
                ("awk, ward=1", "yes") => "boolean",
                _ if ["avg10", "_utilization", "_coverage"].iter().any(|end| name.ends_with(end)) => "float",
                _ => "integer",
            };
            assert_eq!(field[1], expected, "{measurement}.{name}");
        }
    }
}

#[tokio::test]
async fn password_is_needed_and_a_mended_one_delivers() {
    let Some(server) = Server::influxdb(true) else { return };
    // user:p4ss
    let login = Some("dXNlcjpwNHNz");
    server.request(
        "POST",
        "/query",
        None,
        "q=CREATE+USER+%22user%22+WITH+PASSWORD+'p4ss'+WITH+ALL+PRIVILEGES",
    );
    server.query_as(login, "d", "CREATE DATABASE d");
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("password");
    std::fs::write(&file, "wrong").unwrap();
    let mut config = config(&server.url());
    (config.username, config.password_file) = (Some("user".into()), Some(file.clone()));
    let handle = start(&config);
    handle.push(Batch::from_lines("m v=1i 1\n".into()));
    handle
        .wait_until(|ledger, status| ledger.queued == 1 && status.state == State::Held && status.retries > 2)
        .await;
    assert!(handle.status().message.contains("check user and password"), "{}", handle.status().message);
    std::fs::write(&file, "p4ss\n").unwrap();
    assert_eq!(settled(&handle).await.acknowledged, 1);
}

#[tokio::test]
async fn only_bad_lines_are_rejected() {
    let Some(server) = Server::influxdb(false) else { return };
    server.query("d", "CREATE DATABASE d");
    server.query("d", "CREATE RETENTION POLICY hour ON d DURATION 1h REPLICATION 1");
    let handle = start(&config(&server.url()));
    handle.push(Batch::from_lines("m v=1.5 1\n".into()));
    settled(&handle).await;
    let lines: String = (0..500)
        .map(|at| match at % 100 {
            7 => format!("m,n={at} v=\"text\" {at}\n"),
            8 => format!("m,n={at} v=1u {at}\n"),
            9 => format!("no field at all {at}\n"),
            _ => format!("m,n={at} v={at}.5,w={at}i {at}\n"),
        })
        .collect();
    handle.push(Batch::from_lines(lines.into()));
    let mut ledger = settled(&handle).await;
    ledger.rejected.sort_unstable();
    assert_eq!(ledger.rejected, [("type_conflict", 5), ("unparsable", 10)]);
    assert_eq!(ledger.acknowledged, 1 + 485);
    assert_eq!(server.count("d", "m", "w"), 485);

    let mut old = config(&server.url());
    old.retention_policy = Some("hour".into());
    let handle = start(&old);
    handle.push(Batch::from_lines("m v=1.5 1000\nm v=2.5 2000\n".into()));
    assert_eq!(settled(&handle).await.rejected, [("beyond_retention", 2)]);
}

#[tokio::test]
async fn missing_database_and_policy_hold_the_data() {
    let Some(server) = Server::influxdb(false) else { return };
    let handle = start(&config(&server.url()));
    handle.push(Batch::from_lines("m v=1i 1\nm v=2i 2\n".into()));
    handle.wait_until(|_, status| status.state == State::Held && status.retries > 3).await;
    assert!(handle.status().message.contains("create it"), "{}", handle.status().message);
    assert_eq!(handle.ledger(), Ledger { produced: 2, queued: 2, ..Ledger::default() });
    server.query("d", "CREATE DATABASE d");
    assert_eq!(settled(&handle).await.acknowledged, 2);
    assert_eq!(server.count("d", "m", "v"), 2);

    let mut config = config(&server.url());
    config.retention_policy = Some("later".into());
    let handle = start(&config);
    handle.push(Batch::from_lines("m v=1i 1\n".into()));
    handle.wait_until(|_, status| status.state == State::Held).await;
    server.query("d", "CREATE RETENTION POLICY later ON d DURATION INF REPLICATION 1");
    assert_eq!(settled(&handle).await.acknowledged, 1);
}

/// The server is killed mid-run and comes back while points are produced all along; thirty seconds of outage are
/// thirty batches here, since a batch stands for an interval.
#[tokio::test]
async fn outage_mid_run_loses_nothing_acknowledged() {
    let Some(mut server) = Server::influxdb(false) else { return };
    server.query("d", "CREATE DATABASE d");
    let handle = Arc::new(start(&config(&server.url())));
    // Looks at the account from another thread at every instant that it can get.
    let running = Arc::new(AtomicBool::new(true));
    let probe = std::thread::spawn({
        let (handle, running) = (Arc::clone(&handle), Arc::clone(&running));
        move || {
            let mut probes = 0u64;
            while running.load(Ordering::Relaxed) {
                let ledger = handle.ledger();
                assert!(ledger.balances(), "{ledger:?}");
                probes += 1;
                std::thread::yield_now();
            }
            probes
        }
    });
    let mut produced = 0u64;
    for interval in 0..90u64 {
        match interval {
            30 => server.kill(),
            60 => {
                handle.wait_until(|_, status| status.state == State::Retrying && status.retries > 3).await;
                server.start();
            }
            _ => {}
        }
        let lines: String =
            (0..50).map(|at| format!("m,n={at} v={at}i {}\n", interval * 1_000 + at)).collect();
        handle.push(Batch::from_lines(lines.into()));
        produced += 50;
        let requests = handle.status().requests;
        handle.wait_until(|ledger, status| ledger.queued == 0 || status.requests > requests).await;
    }
    let ledger = settled(&handle).await;
    running.store(false, Ordering::Relaxed);
    assert!(probe.join().unwrap() > 0);
    assert_eq!(ledger, Ledger { produced, acknowledged: produced, ..Ledger::default() });
    assert_eq!(server.count("d", "m", "v"), produced);
    // What was acknowledged survives a second crash.
    server.kill();
    server.start();
    assert_eq!(server.count("d", "m", "v"), produced);
    assert_eq!(handle.shutdown(Duration::from_secs(5)).await, ledger);
}
