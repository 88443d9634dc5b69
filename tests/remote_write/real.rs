//! What was written reads back from real servers.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use podometer::encode::remote_write::{Encoder, Options, Version};
use podometer::model::snapshot::Snapshot;
use serde_json::Value;

use crate::decode::{self, Series};
use crate::page::options;
use crate::sample;
use crate::servers::{Program, RECEIVER, Server};

/// Who takes what.
pub(crate) const SPOKEN: [(Program, Version); 5] = [
    (Program::Prometheus2, Version::V1),
    (Program::Prometheus3, Version::V1),
    (Program::Prometheus3, Version::V2),
    (Program::Victoria, Version::V1),
    (Program::VictoriaNew, Version::V1),
];

/// The sample, taken `seconds` after a minute ago.
pub(crate) fn taken(seconds: u64) -> Snapshot {
    let mut snapshot = Snapshot::clone(&sample::full());
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let at = now.as_secs() / 60 * 60 - 60 + seconds;
    snapshot.taken.wall_ns = Duration::from_secs(at).as_nanos() as i64;
    snapshot.taken.boot_ns += Duration::from_secs(seconds).as_nanos() as u64;
    snapshot
}

/// The rows of everything that is there at an instant.
pub(crate) fn all(server: &Server, at_ms: i64) -> Vec<Value> {
    server.query("{job=\"podometer\"}", at_ms)
}

fn is_of(row: &Value, series: &Series) -> bool {
    let labels = row["metric"].as_object().unwrap();
    labels.len() == series.labels.len()
        && series.labels.iter().all(|(name, value)| labels.get(name).is_some_and(|found| found == value))
}

fn number(value: &Value) -> f64 {
    value.as_str().unwrap().parse().unwrap()
}

#[test]
fn every_series_reads_back_with_its_labels_and_value() {
    for (program, version) in SPOKEN {
        let Some(server) = Server::start(program) else { continue };
        let snapshot = taken(0);
        let at_ms = snapshot.taken.wall_ms();
        let options = Options { node_names: true, ..options(version) };
        let batches = Encoder::new(options).encode(&Arc::new(snapshot), &Arc::new(sample::report()));
        server.write(version, &batches);
        let rows = all(&server, at_ms);
        let mut found = 0;
        for series in decode::series(version, &batches) {
            let row = rows.iter().find(|row| is_of(row, &series));
            // VictoriaMetrics has series of its own for native histograms, or none.
            if !program.is_prometheus() && series.histogram.is_some() {
                assert!(row.is_none());
                continue;
            }
            found += 1;
            let row = row.unwrap_or_else(|| panic!("{program:?} {version:?} has no {series:?}"));
            let Some(written) = &series.histogram else {
                let (read, written) = (number(&row["value"][1]), series.value());
                // VictoriaMetrics keeps decimals, whose last digits differ.
                let error = if program.is_prometheus() { 0.0 } else { written.abs() * 1e-12 };
                assert!((read - written).abs() <= error, "{program:?} {read}: {series:?}");
                continue;
            };
            let read = &row["histogram"][1];
            assert_eq!((number(&read["count"]), number(&read["sum"])), (written.count as f64, written.sum));
            let idle = usize::from(written.zero_count > 0);
            assert_eq!(read["buckets"].as_array().unwrap().len(), written.native.len() + idle);
        }
        assert!(found > 700);
        if program.is_prometheus() {
            assert_eq!(rows.len(), found, "and nothing else");
        }
    }
}

#[test]
fn histograms_answer_as_such() {
    for (program, version) in SPOKEN {
        if !program.is_prometheus() {
            continue;
        }
        for native_histograms in [true, false] {
            let Some(server) = Server::start(program) else { continue };
            let snapshot = taken(0);
            let at_ms = snapshot.taken.wall_ms();
            let options = Options { native_histograms, ..options(version) };
            let batches =
                Encoder::new(options).encode(&Arc::new(snapshot.clone()), &Arc::new(sample::report()));
            server.write(version, &batches);
            let unit =
                snapshot.units.iter().find(|unit| unit.is_pod() && unit.cpu.histogram.is_some()).unwrap();
            let histogram = unit.cpu.histogram.as_ref().unwrap();
            let selector = format!("{{uid=\"{}\"}}", unit.pod_uid().unwrap().0);
            let ask = |native: String, classic: String| {
                server.value(if native_histograms { &native } else { &classic }, at_ms)
            };
            let name = "podometer_pod_cpu_cores";
            let count = ask(format!("histogram_count({name}{selector})"), format!("{name}_count{selector}"));
            assert_eq!(count, histogram.count as f64);
            let sum = ask(format!("histogram_sum({name}{selector})"), format!("{name}_sum{selector}"));
            assert_eq!(sum, histogram.sum);
            let half = ask(
                format!("histogram_quantile(0.5, {name}{selector})"),
                format!("histogram_quantile(0.5, {name}_bucket{selector})"),
            );
            // Of idle, 0.25, 0.2501, 1 and 3.5 cores the middle one.
            let upper = if native_histograms { 0.2727 } else { 0.5 };
            assert!((0.25..=upper).contains(&half), "{program:?} {version:?}: {half}");
        }
    }
}

#[test]
fn a_gone_pod_is_gone_at_once_and_everything_at_the_end() {
    for (program, version) in SPOKEN {
        // VictoriaMetrics never ends the series that it makes of a native histogram.
        let native_histograms = program.is_prometheus();
        let Some(server) = Server::start(program) else { continue };
        let mut encoder = Encoder::new(Options { native_histograms, ..options(version) });
        let report = Arc::new(sample::report());
        let mut write = |snapshot: Snapshot| {
            server.write(version, &encoder.encode(&Arc::new(snapshot), &report));
        };
        let (before, gone) = (taken(0).taken.wall_ms(), taken(15).taken.wall_ms());
        write(taken(0));
        let mut without = taken(15);
        without.units.retain(|unit| unit.pod_uid().is_none_or(|uid| &*uid.0 != sample::UID));
        // The kubelet does not know it any more, either.
        without.reconciled = None;
        write(without);
        let selector =
            format!("{{uid=\"{}\", __name__=~\"container_.*|pod_.*|podometer_pod_cpu_.*\"}}", sample::UID);
        assert!(server.query(&selector, gone - 1).len() > 50, "{program:?} {version:?}");
        let lookback = server.query(&selector, gone);
        assert!(lookback.is_empty(), "{program:?} {version:?}: {lookback:?}");
        assert!(all(&server, gone).len() > 100, "the others stay");
        if program.is_prometheus() {
            let histograms = "podometer_pod_cpu_cores";
            let counts = [before, gone].map(|at_ms| server.query(histograms, at_ms).len());
            assert!(counts[0] > counts[1], "{program:?} {version:?}: {counts:?}");
        }
        let end = taken(20).taken;
        server.write(version, &encoder.end(end));
        assert!(all(&server, end.wall_ms() - 1).len() > 100);
        let left = all(&server, end.wall_ms());
        assert!(left.is_empty(), "{program:?} {version:?}: {left:?}");
    }
}

#[test]
fn version_2_is_confirmed_by_who_speaks_it_and_lost_on_others() {
    for program in [Program::Prometheus2, Program::Prometheus3, Program::Victoria, Program::VictoriaNew] {
        let Some(server) = Server::start(program) else { continue };
        let snapshot = taken(0);
        let at_ms = snapshot.taken.wall_ms();
        let batches =
            Encoder::new(options(Version::V2)).encode(&Arc::new(snapshot), &Arc::new(sample::report()));
        for batch in &batches {
            let answer = server.post(Version::V2, batch);
            assert_eq!(answer.status, 204, "{program:?}: {answer:?}");
            let histograms = decode::series(Version::V2, std::slice::from_ref(batch));
            let histograms = histograms.iter().filter(|series| series.histogram.is_some()).count() as u64;
            let confirmed = [Some(batch.points - histograms), Some(histograms)];
            let is_spoken = program == Program::Prometheus3;
            assert_eq!(answer.written(), if is_spoken { confirmed } else { [None, None] }, "{program:?}");
        }
        if program != Program::Prometheus3 {
            assert!(all(&server, at_ms).is_empty(), "{program:?} takes it for an empty request of version 1");
        }
    }
}

#[test]
fn counters_begin_at_nothing_when_they_were_made() {
    let flags = [RECEIVER, "--enable-feature=created-timestamp-zero-ingestion,native-histograms"];
    let Some(server) = Server::start_with(Program::Prometheus3, &flags) else { return };
    let mut snapshot = taken(30);
    let created = taken(10).taken.wall_ms();
    for unit in &mut snapshot.units {
        unit.created_wall_s = Some(created as f64 / 1000.0);
    }
    let at_ms = snapshot.taken.wall_ms();
    let batches = Encoder::new(options(Version::V2)).encode(&Arc::new(snapshot), &Arc::new(sample::report()));
    server.write(Version::V2, &batches);
    let counter = "sum(container_cpu_usage_seconds_total)";
    assert_eq!(server.value(counter, created), 0.0);
    assert!(server.value(counter, at_ms) > 0.0);
    assert!(server.query("container_memory_working_set_bytes", created).is_empty(), "no gauge begins");
}
