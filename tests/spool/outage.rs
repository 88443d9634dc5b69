//! An outage at 110 pods, a snapshot a second, as fast as the disk takes it: nothing is lost, memory stays flat
//! while the spool fills, and with `fresh_first` live data is there long before the backlog.
//!
//! The sink lives in a process of its own, so that its memory is its own.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use podometer::encode::influx::Producer;
use podometer::model::snapshot::Snapshot;
use podometer::sink::config::{HttpConfig, Order};
use podometer::sink::influxdb::Config;
use podometer::sink::spool;

use crate::sample;
use crate::servers::Server;

const PODS: u64 = 110;
/// Snapshots after which memory has found its size.
const WARM: u64 = 300;
const ALLOWED_KIB: u64 = 16 << 10;

/// How long the outage is: ten minutes, or as many seconds as `PODOMETER_OUTAGE_SECONDS` says.
fn seconds() -> u64 {
    std::env::var("PODOMETER_OUTAGE_SECONDS").map_or(600, |text| text.parse().expect("a number of seconds"))
}

/// The same snapshot, so much later.
fn advance(snapshot: &mut Snapshot, seconds: i64) {
    snapshot.taken.wall_ns += seconds * 1_000_000_000;
    snapshot.seq += 1;
    for unit in &mut snapshot.units {
        for bracket in unit.read_at.iter_mut().flatten() {
            bracket.after.wall_ns += seconds * 1_000_000_000;
        }
    }
}

fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

fn now_ns() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(since.as_nanos()).unwrap()
}

#[tokio::test]
#[ignore = "a part of an_outage_loses_nothing, which runs it in a process of its own"]
async fn the_process_of_the_sink() {
    let variable = |name: &str| std::env::var(name).expect("set by the test that runs this");
    let directory = PathBuf::from(variable("OUTAGE_SPOOL"));
    let http = HttpConfig { proxy: "none".into(), ..HttpConfig::default() };
    let mut config =
        Config { url: variable("OUTAGE_URL"), database: Some("d".into()), http, ..Config::default() };
    config.queue.order = Order::FreshFirst;
    let spool = spool::Config { directory: Some(directory), ..spool::Config::default() };
    let handle = config.plan().unwrap().start(&spool, 1).unwrap();
    handle.wait_until(|_, status| status.is_spool_open).await;

    let mut snapshot = sample::large(PODS);
    let seconds = seconds();
    let begin = now_ns() - i64::try_from(seconds).unwrap() * 1_000_000_000;
    let shift = (begin - snapshot.taken.wall_ns) / 1_000_000_000;
    advance(&mut snapshot, shift);
    let mut producer = Producer::new(sample::options("n1"));
    let (mut warm, mut most) = (0, 0);
    for second in 0..seconds {
        advance(&mut snapshot, 1);
        for batch in producer.encode_snapshot(&snapshot, &mut []) {
            handle.push(batch);
        }
        // The disk keeps up with a second a second; here it has to be waited for.
        handle.wait_until(|_, status| status.memory_bytes < 256 << 10).await;
        if second == WARM {
            warm = resident_kib();
        }
        most = most.max(resident_kib());
        if (second + 1) % 300 == 0 {
            let report = handle.report();
            assert!(report.ledger.balances(), "{report:?}");
            let on_disk = report.spool.unwrap().bytes >> 10;
            println!(
                "RESULT minute {:>2}: RSS {:>6} KiB, spool {on_disk:>6} KiB",
                (second + 1) / 60,
                resident_kib()
            );
        }
    }
    let ledger = handle.ledger();
    assert!(ledger.dropped.is_empty() && ledger.acknowledged == 0, "{ledger:?}");
    println!("RESULT filled {} {warm} {most}", ledger.produced);
    // From now on a second is a second, until everything is delivered. Filling took some of them.
    let behind = (now_ns() - snapshot.taken.wall_ns) / 1_000_000_000;
    advance(&mut snapshot, behind);
    let mut ticks = tokio::time::interval(Duration::from_secs(1));
    loop {
        ticks.tick().await;
        advance(&mut snapshot, 1);
        for batch in producer.encode_snapshot(&snapshot, &mut []) {
            handle.push(batch);
        }
        let report = handle.report();
        assert!(report.ledger.balances(), "{report:?}");
        if report.spool.unwrap().points == 0 && report.ledger.acknowledged > 0 {
            break;
        }
    }
    handle.wait_until(|ledger, _| ledger.queued == 0).await;
    let ledger = handle.shutdown(Duration::from_secs(10)).await;
    assert!(ledger.balances() && ledger.rejected.is_empty() && ledger.dropped.is_empty(), "{ledger:?}");
    println!("RESULT done {} {}", ledger.produced, ledger.acknowledged);
}

#[test]
fn an_outage_loses_nothing() {
    let Some(mut server) = Server::influxdb(false) else { return };
    server.query("d", "CREATE DATABASE d");
    server.kill();
    let directory = tempfile::tempdir().unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["outage::the_process_of_the_sink", "--exact", "--ignored", "--nocapture"])
        .env("OUTAGE_URL", server.url())
        .env("OUTAGE_SPOOL", directory.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let mut result = |word: &str| -> Vec<u64> {
        loop {
            let line = lines.next().expect("the sink's process goes on");
            println!("{line}");
            if let Some(rest) = line.split_once("RESULT ").and_then(|(_, rest)| rest.strip_prefix(word)) {
                return rest.split_whitespace().map(|number| number.parse().unwrap()).collect();
            }
        }
    };
    let filled = result("filled");
    let (produced, warm, most) = (filled[0], filled[1], filled[2]);
    let live = now_ns();
    server.start();
    let begun = Instant::now();
    let visible = format!(
        "SELECT count(\"cpu_usage_nanocores\") FROM \"kubernetes_pod_container\" WHERE time > {live}"
    );
    while server.series("d", &visible).is_empty() {
        // Another process cannot be awaited.
        std::thread::sleep(Duration::from_millis(200));
    }
    let seen = begun.elapsed();
    let backlog = server.count("d", "kubernetes_pod_container", "cpu_usage_nanocores");
    let done = result("done");
    assert!(child.wait().unwrap().success());
    let (containers, seconds) = (PODS * 3, seconds());
    let stored = server.count("d", "kubernetes_pod_container", "cpu_usage_nanocores");
    println!(
        "{produced} points of {seconds} s; RSS after {WARM} s {warm} KiB, at most {most} KiB; live data after \
         {:.1} s with {} of {} rows of the backlog sent; {} points acknowledged of {} produced",
        seen.as_secs_f64(),
        backlog,
        seconds * containers,
        done[1],
        done[0]
    );
    assert_eq!(done[0], done[1]);
    assert_eq!(stored % containers, 0);
    assert!(stored >= (seconds + 1) * containers, "{stored} rows of containers");
    assert!(backlog < seconds * containers / 2, "live data does not wait for the backlog: {backlog}");
    assert!(most < ALLOWED_KIB && most < warm + 1024, "memory grows with the spool: {warm} to {most} KiB");
}
