//! A real Pushgateway, and sinks that push to it.

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::Arc;

use podometer::encode::Batch;
use podometer::encode::prometheus::{Options, Page, Pusher};
use podometer::model::snapshot::Snapshot;
use podometer::sink::pushgateway::Config;
use podometer::sink::{Handle, spool};

use crate::neighbour::{Neighbour, program};
use crate::sample;

pub(crate) fn pushgateway() -> Option<Neighbour> {
    let program = program("prometheus-pushgateway", "")?;
    Some(Neighbour::start("/-/ready", move |_, port| {
        let mut command = Command::new(&program);
        command.arg(format!("--web.listen-address=127.0.0.1:{port}"));
        command
    }))
}

pub(crate) fn config(server: &Neighbour, grouping: &[(&str, &str)]) -> Config {
    let pair = |(label, value): &(&str, &str)| ((*label).to_owned(), (*value).to_owned());
    let grouping: BTreeMap<String, String> = grouping.iter().map(pair).collect();
    Config { url: server.url(), job: "podometer".into(), grouping, ..Config::default() }
}

pub(crate) fn start(config: &Config) -> Handle {
    config.plan().unwrap().start(&spool::Config::default(), 1).unwrap()
}

pub(crate) fn body(snapshot: &Arc<Snapshot>, page: Page) -> Batch {
    Pusher::new(page, Options::default()).encode(snapshot, &Arc::new(sample::report()))
}

/// Pushes and waits for the answer; all of it must be taken.
pub(crate) async fn push(handle: &Handle, batch: Batch) {
    let before = handle.ledger().acknowledged;
    let points = batch.points;
    handle.push(batch);
    handle.wait_until(|ledger, _| ledger.queued == 0).await;
    assert_eq!(handle.ledger().acknowledged, before + points, "{:?}", handle.ledger());
}

/// The lines of its page that hold samples of a job of ours.
pub(crate) fn held(server: &Neighbour) -> Vec<String> {
    let page = server.get("/metrics");
    let is_ours =
        |line: &&str| !line.starts_with('#') && line.contains("job=\"") && !line.starts_with("push_");
    page.lines().filter(is_ours).map(str::to_owned).collect()
}
