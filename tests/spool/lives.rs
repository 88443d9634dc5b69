//! What a sink leaves on disk is the next one's, and both say what became of it.

use std::path::Path;
use std::time::Duration;

use podometer::encode::influx::Batch;
use podometer::model::report::SinkReport;
use podometer::sink::config::Order;
use podometer::sink::influxdb::Config;
use podometer::sink::spool::{self, Keep};
use podometer::sink::{Handle, State};

use crate::script::{Answer, Server, config, status};

/// An address where nobody listens.
const NOWHERE: &str = "http://127.0.0.1:1";

fn spool_at(directory: &Path) -> spool::Config {
    spool::Config { directory: Some(directory.to_owned()), ..spool::Config::default() }
}

fn start(config: &Config, spool: &spool::Config) -> Handle {
    config.plan().unwrap().start(spool, 1).unwrap()
}

fn batch(number: u64) -> Batch {
    Batch::from_lines(format!("m,n={number} v={number}i {number}\nm,n={number} w=1i {number}\n").into())
}

fn balanced(handle: &Handle) -> SinkReport {
    let report = handle.report();
    assert!(report.ledger.balances(), "{report:?}");
    if let Some(lifetime) = report.spool.as_ref().and_then(|spool| spool.lifetime) {
        let settled = lifetime.acknowledged + lifetime.rejected + lifetime.dropped;
        assert_eq!(lifetime.produced - settled, report.ledger.queued, "{report:?}");
    }
    report
}

fn bodies(server: &Server) -> Vec<String> {
    server.requests().into_iter().map(|request| request.body).collect()
}

#[tokio::test]
async fn what_waits_at_the_end_is_sent_by_the_next_run() {
    let directory = tempfile::tempdir().unwrap();
    let spool = spool_at(directory.path());
    let first = start(&config(NOWHERE), &spool);
    for number in 1..=5 {
        first.push(batch(number));
    }
    let ledger = first.shutdown(Duration::ZERO).await;
    assert_eq!((ledger.produced, ledger.queued), (10, 10), "{ledger:?}");
    assert!(ledger.balances() && ledger.dropped.is_empty());

    let server = Server::start(|_, _| status("204 No Content")).await;
    let second = start(&server.config(), &spool);
    second.wait_until(|ledger, _| ledger.acknowledged == 10).await;
    let report = balanced(&second);
    assert_eq!((report.ledger.produced, report.ledger.queued), (10, 0));
    let lifetime = report.spool.unwrap().lifetime.unwrap();
    assert_eq!((lifetime.produced, lifetime.acknowledged, lifetime.dropped), (10, 10, 0));
    let expected: Vec<String> =
        (1..=5).map(|number| String::from_utf8(batch(number).body.to_vec()).unwrap()).collect();
    assert_eq!(bodies(&server), expected, "in their order, each once");
    second.shutdown(Duration::ZERO).await;

    let third = start(&server.config(), &spool);
    third.wait_until(|_, status| status.is_spool_open).await;
    assert_eq!(balanced(&third).ledger.produced, 0, "what is settled never comes back");
}

/// The threads of a runtime may all wait for something else when the agent ends.
#[test]
fn a_spool_closes_though_the_threads_for_blocking_work_are_busy() {
    let directory = tempfile::tempdir().unwrap();
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_all().max_blocking_threads(1).build().unwrap();
    let (release, released) = std::sync::mpsc::channel::<()>();
    runtime.spawn_blocking(move || released.recv());
    let ended = runtime.block_on(async {
        let handle = start(&config(NOWHERE), &spool_at(directory.path()));
        handle.push(batch(1));
        tokio::time::timeout(Duration::from_secs(20), handle.shutdown(Duration::ZERO)).await
    });
    drop(release);
    assert_eq!(ended.expect("waits for a thread that never comes").queued, 2);
}

/// A process that is killed takes what it had in memory with it: the next one says how much that was.
#[tokio::test]
async fn what_a_killed_run_had_in_memory_is_counted() {
    let directory = tempfile::tempdir().unwrap();
    let spool = spool_at(directory.path());
    let server =
        Server::start(|at, _| if at == 0 { status("204 No Content") } else { Answer::Silence }).await;
    let killed = start(&server.config(), &spool);
    killed.wait_until(|_, status| status.is_spool_open).await;
    killed.push(batch(1));
    killed.wait_until(|ledger, _| ledger.acknowledged == 2).await;
    // In flight when it dies, and never on disk.
    killed.push(batch(2));
    killed.wait_until(|_, status| status.requests == 2).await;
    // The files as the kernel would keep them: a copy taken at this instant.
    let copy = tempfile::tempdir().unwrap();
    let from = directory.path().join("influxdb/influxdb");
    let to = copy.path().join("influxdb/influxdb");
    std::fs::create_dir_all(&to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
    let next = start(&config(NOWHERE), &spool_at(copy.path()));
    next.wait_until(|_, status| status.is_spool_open).await;
    let report = balanced(&next);
    assert_eq!(report.ledger.dropped, [("process_killed", 2)]);
    let lifetime = report.spool.unwrap().lifetime.unwrap();
    assert_eq!((lifetime.produced, lifetime.acknowledged, lifetime.dropped), (4, 2, 2));
}

#[tokio::test]
async fn kept_always_nothing_is_sent_that_is_not_on_disk() {
    let directory = tempfile::tempdir().unwrap();
    let spool = spool::Config { keep: Keep::Always, ..spool_at(directory.path()) };
    let server = Server::start(|_, _| status("204 No Content")).await;
    let handle = start(&server.config(), &spool);
    handle.wait_until(|_, status| status.is_spool_open).await;
    for number in 1..=20 {
        handle.push(batch(number));
        handle.wait_until(|ledger, _| ledger.queued == 0).await;
        balanced(&handle);
    }
    let segments = std::fs::read_dir(directory.path().join("influxdb/influxdb")).unwrap();
    let bytes: u64 = segments
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().extension().is_some_and(|end| end == "seg"))
        .map(|entry| entry.metadata().unwrap().len())
        .sum();
    assert!(bytes > 20 * 64, "every record went through the file: {bytes}");
}

#[tokio::test]
async fn fresh_data_goes_before_the_backlog_where_that_is_the_order() {
    let directory = tempfile::tempdir().unwrap();
    let spool = spool_at(directory.path());
    let first = start(&config(NOWHERE), &spool);
    for number in 1..=30 {
        first.push(batch(number));
    }
    first.shutdown(Duration::ZERO).await;
    // What is fresh stays so when its first attempt fails.
    let server =
        Server::start(|at, _| if at == 1 { Answer::Cut("") } else { status("204 No Content") }).await;
    let mut config = server.config();
    config.queue.order = Order::FreshFirst;
    let second = start(&config, &spool);
    second.push(batch(100));
    second.wait_until(|ledger, _| ledger.produced == 62 && ledger.queued == 0).await;
    balanced(&second);
    let at = bodies(&server).iter().position(|body| body.contains("n=100 ")).unwrap();
    assert!(at < 5, "sent as number {at}");
    assert!(bodies(&server).len() >= 31);
}

#[tokio::test]
async fn bad_lines_in_the_backlog_cost_themselves_alone() {
    let directory = tempfile::tempdir().unwrap();
    let spool = spool_at(directory.path());
    let first = start(&config(NOWHERE), &spool);
    let lines: String = (0..50).map(|at| format!("m,n={at} v={at}i {at}\n")).collect();
    first.push(Batch::from_lines(lines.into()));
    first.shutdown(Duration::ZERO).await;
    let server = Server::start(|_, request| {
        if request.body.contains("n=7 ") || request.body.contains("n=33 ") {
            Answer::Whole("400 Bad Request", "unable to parse 'm': invalid number".into())
        } else {
            status("204 No Content")
        }
    })
    .await;
    let second = start(&server.config(), &spool);
    second
        .wait_until(|ledger, _| {
            assert!(ledger.balances(), "{ledger:?}");
            ledger.produced > 0 && ledger.queued == 0
        })
        .await;
    let report = balanced(&second);
    assert_eq!((report.ledger.acknowledged, report.ledger.rejected), (48, vec![("unparsable", 2)]));
}

#[tokio::test]
async fn a_spool_that_cannot_be_used_costs_nothing_but_itself() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    std::fs::write(&file, b"").unwrap();
    let server = Server::start(|_, _| status("204 No Content")).await;
    let handle = start(&server.config(), &spool_at(&file));
    handle.push(batch(1));
    handle.wait_until(|ledger, _| ledger.acknowledged == 2).await;
    handle.wait_until(|_, status| !status.spool_message.is_empty()).await;
    let report = balanced(&handle);
    let spool = report.spool.unwrap();
    assert!(!spool.is_open && spool.message.contains("file"), "{spool:?}");
    assert_eq!(report.state, State::Working);

    // Two agents never share one directory.
    let shared = tempfile::tempdir().unwrap();
    let owner = start(&config(NOWHERE), &spool_at(shared.path()));
    owner.wait_until(|_, status| status.is_spool_open).await;
    let other = start(&config(NOWHERE), &spool_at(shared.path()));
    other.wait_until(|_, status| status.spool_message.contains("used by another process")).await;
    other.push(batch(1));
    assert_eq!(balanced(&other).ledger.queued, 2);
}

#[tokio::test]
async fn a_new_plan_sends_what_the_old_one_could_not() {
    let server = Server::start(|_, _| status("204 No Content")).await;
    let directory = tempfile::tempdir().unwrap();
    for spool in [spool::Config::default(), spool_at(directory.path())] {
        let before = server.requests().len();
        let handle = start(&config(NOWHERE), &spool);
        handle.push(batch(1));
        handle.push(batch(2));
        handle.wait_until(|_, status| status.state == State::Retrying).await;
        if spool.directory.is_some() {
            // One batch may be in hand.
            handle.wait_until(|_, status| status.spooled_points >= 2 && status.memory_points <= 2).await;
        }
        // Other times than those that wait: each is sent in its own.
        let mut new = server.config();
        new.precision = podometer::encode::influx::Precision::S;
        let change = handle.begin_change(new.plan().unwrap()).unwrap();
        handle.push(batch(3));
        change.finish(2).await;
        handle.wait_until(|ledger, _| ledger.queued == 0).await;
        let report = balanced(&handle);
        assert_eq!((report.ledger.produced, report.ledger.acknowledged), (6, 6));
        let heads: Vec<String> =
            server.requests()[before..].iter().map(|request| request.head.clone()).collect();
        let precisions: Vec<&str> = heads
            .iter()
            .map(|head| head.split_once("precision=").unwrap().1.split(' ').next().unwrap())
            .collect();
        assert_eq!(precisions, ["ns", "ns", "s"]);
        handle.shutdown(Duration::from_secs(1)).await;
    }
}
