//! The sink against real servers: what they refuse is counted under its reason, the rest arrives.

use std::sync::Arc;

use podometer::encode::Batch;
use podometer::encode::prometheus;
use podometer::encode::remote_write::{Encoder, Version};
use podometer::model::report::AgentReport;
use podometer::model::snapshot::Snapshot;
use podometer::sink::config::HttpConfig;
use podometer::sink::remote_write::Config;
use podometer::sink::{Handle, State, spool};

use crate::decode;
use crate::real::{SPOKEN, all, taken};
use crate::sample;
use crate::servers::{Program, RECEIVER, Server};

fn config(server: &Server, version: Version) -> Config {
    let http = HttpConfig { proxy: "none".into(), ..HttpConfig::default() };
    Config { url: server.url(), version, http, ..Config::default() }
}

fn start(config: &Config) -> Handle {
    config.plan().unwrap().start(&spool::Config::default(), 1).unwrap()
}

fn batches(config: &Config, snapshot: &Snapshot, report: AgentReport) -> Vec<Batch> {
    let encoding = config.encoding("n1", prometheus::Options::default());
    Encoder::new(encoding).encode(&Arc::new(snapshot.clone()), &Arc::new(report))
}

fn points(batches: &[Batch]) -> u64 {
    batches.iter().map(|batch| batch.points).sum()
}

async fn push_all(handle: &Handle, batches: Vec<Batch>) {
    for batch in batches {
        handle.push(batch);
    }
    handle.wait_until(|ledger, _| ledger.queued == 0).await;
    assert!(handle.ledger().balances());
}

#[tokio::test]
async fn everything_is_acknowledged() {
    for (program, version) in SPOKEN {
        let Some(server) = Server::start(program) else { continue };
        let config = Config { batch_series: 100, ..config(&server, version) };
        let (handle, snapshot) = (start(&config), taken(0));
        let batches = batches(&config, &snapshot, sample::report());
        let (points, requests) = (points(&batches), batches.len() as u64);
        push_all(&handle, batches).await;
        assert_eq!(
            (handle.ledger().acknowledged, handle.status().requests),
            (points, requests),
            "{program:?}"
        );
        if program.is_prometheus() {
            assert_eq!(all(&server, snapshot.taken.wall_ms()).len() as u64, points);
        }
    }
}

#[tokio::test]
async fn one_refused_point_costs_no_other() {
    for (program, version) in SPOKEN {
        if !program.is_prometheus() {
            continue;
        }
        let Some(server) = Server::start(program) else { continue };
        let config = config(&server, version);
        let (handle, snapshot) = (start(&config), taken(0));
        let at_ms = snapshot.taken.wall_ms();
        // Another value at the same time is refused, the same one is not.
        let mut first = sample::report();
        first.process.cpu_seconds = Some(77.0);
        let only = |batch: Batch| {
            let series = decode::request(version, &batch.body).series;
            let place =
                series.iter().position(|series| series.name() == "process_cpu_seconds_total").unwrap();
            one_of(version, batch, place)
        };
        push_all(&handle, batches(&config, &snapshot, first).into_iter().map(only).collect()).await;
        assert_eq!(handle.ledger().acknowledged, 1);
        let all_points = batches(&config, &snapshot, sample::report());
        let points = points(&all_points);
        push_all(&handle, all_points).await;
        let ledger = handle.ledger();
        assert_eq!(ledger.rejected, [("duplicate", 1)], "{program:?} {version:?}");
        assert_eq!(ledger.acknowledged, points);
        assert_eq!(all(&server, at_ms).len() as u64, points);
        // Version 2 is told how many; version 1 is cut apart down to the one, with two requests a cut.
        let most =
            if version == Version::V2 { 2 } else { 2 + 2 * u64::from(u64::BITS - points.leading_zeros()) };
        assert!(handle.status().requests <= most, "{version:?}: {}", handle.status().requests);
    }
}

/// The series at this place alone.
fn one_of(version: Version, mut batch: Batch, mut place: usize) -> Batch {
    use podometer::encode::remote_write::{Part, split};
    while let Some([first, second]) = split(version, &batch.body, Part::Halves) {
        batch = if (place as u64) < first.points {
            first
        } else {
            place -= first.points as usize;
            second
        };
    }
    batch
}

#[tokio::test]
async fn points_that_are_too_old_for_the_server_are_refused_at_once() {
    for (program, version) in SPOKEN {
        if !program.is_prometheus() {
            continue;
        }
        let Some(server) = Server::start(program) else { continue };
        let config = config(&server, version);
        let (handle, mut snapshot) = (start(&config), taken(0));
        push_all(&handle, batches(&config, &snapshot, sample::report())).await;
        snapshot.taken.wall_ns -= 24 * 3_600_000_000_000;
        let old = batches(&config, &snapshot, sample::report());
        let (points, requests) = (points(&old), handle.status().requests + old.len() as u64);
        push_all(&handle, old).await;
        assert_eq!(handle.ledger().rejected, [("out_of_bounds", points)], "{program:?} {version:?}");
        assert_eq!(handle.status().requests, requests, "one request a batch");
    }
}

#[tokio::test]
async fn a_server_without_native_histograms_takes_the_rest() {
    for (program, version) in SPOKEN {
        if !program.is_prometheus() {
            continue;
        }
        let Some(server) = Server::start_with(program, &[RECEIVER]) else { continue };
        let config = config(&server, version);
        let (handle, snapshot) = (start(&config), taken(0));
        let batches = batches(&config, &snapshot, sample::report());
        let series = decode::series(version, &batches);
        let histograms = series.iter().filter(|series| series.histogram.is_some()).count() as u64;
        let points = points(&batches);
        push_all(&handle, batches).await;
        let ledger = handle.ledger();
        assert_eq!(ledger.rejected, [("histograms_disabled", histograms)], "{program:?} {version:?}");
        assert_eq!(ledger.acknowledged, points - histograms);
        assert_eq!(all(&server, snapshot.taken.wall_ms()).len() as u64, points - histograms);
    }
}

#[tokio::test]
async fn what_someone_must_mend_is_said_and_nothing_is_lost() {
    let no_receiver = "start Prometheus with --web.enable-remote-write-receiver";
    for (program, is_receiver, version, mend) in [
        (Program::Prometheus2, true, Version::V2, "set version to v1"),
        (Program::Victoria, true, Version::V2, "set version to v1"),
        (Program::VictoriaNew, true, Version::V2, "set version to v1"),
        (Program::Prometheus2, false, Version::V1, no_receiver),
        (Program::Prometheus3, false, Version::V2, no_receiver),
    ] {
        let flags: &[&str] = if is_receiver { &[RECEIVER] } else { &[] };
        let Some(server) = Server::start_with(program, flags) else { continue };
        let config = config(&server, version);
        let handle = start(&config);
        let batches = batches(&config, &taken(0), sample::report());
        let points = points(&batches);
        for batch in batches {
            handle.push(batch);
        }
        handle.wait_until(|_, status| status.state == State::Held).await;
        let status = handle.status();
        assert!(status.message.contains(mend), "{program:?}: {}", status.message);
        assert_eq!(handle.ledger().queued, points);
        let obstacle = config.plan().unwrap().probe().await.unwrap_err();
        assert!(obstacle.remedy.contains(mend), "asked beforehand: {obstacle:?}");
    }
}

#[tokio::test]
async fn a_server_that_takes_points_says_so_beforehand() {
    for (program, version) in SPOKEN {
        let Some(server) = Server::start(program) else { continue };
        let answer = config(&server, version).plan().unwrap().probe().await;
        assert!(answer.as_ref().is_ok_and(|text| text.ends_with("takes data")), "{program:?}: {answer:?}");
    }
}
