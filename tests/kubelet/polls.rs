//! The poller on bad days: one late reading, never two polls at once, and the last reading stays.

use std::sync::Arc;
use std::time::{Duration, Instant};

use podometer::source::kubelet::{Resource, SummaryPage};

use crate::kubelet_server::Answer;
use crate::{SUMMARY, Scene};

const PAUSE: Duration = Duration::from_millis(20);

#[tokio::test]
async fn a_kubelet_slower_than_the_interval_costs_one_late_reading() {
    let scene = Scene::new();
    let mut poller = scene.poller::<SummaryPage>(PAUSE);
    let first = poller.next().await.unwrap();
    assert_eq!(first.value.pods.len(), 1);
    // As 26 s are to 15 s: the answer takes longer than the interval, and comes.
    let slow = PAUSE * 10;
    scene.server.set_answer("/stats/summary", Answer::Late(slow));
    let late = poller.next().await.unwrap();
    assert!(late.took >= slow, "{:?}", late.took);
    scene.server.set_answer("/stats/summary", Answer::Whole);
    let start = Instant::now();
    poller.next().await.unwrap();
    assert!(start.elapsed() >= PAUSE / 2, "who was slow is left in peace");
    let seen = scene.server.seen();
    assert_eq!(seen.len(), 3, "one poll for each reading: {seen:?}");
    assert!(seen.iter().all(|seen| seen.at_once == 1), "never two at once: {seen:?}");
    assert!(seen[2].at >= seen[1].at + slow, "the next began after the late one ended");
}

#[tokio::test]
async fn half_a_document_costs_one_reading_and_leaves_the_last_one_whole() {
    let scene = Scene::new();
    let mut poller = scene.poller::<SummaryPage>(PAUSE);
    let before = poller.next().await.unwrap().value;
    // Half by the connection, and half by a proxy that says it is whole.
    scene.server.set_answer("/stats/summary", Answer::Half);
    assert_eq!(poller.next().await.unwrap_err().reason(), "truncated");
    scene.server.set_answer("/stats/summary", Answer::Whole);
    scene.server.set_document("/stats/summary", SUMMARY[..SUMMARY.len() / 2].to_owned());
    let error = poller.next().await.unwrap_err();
    assert_eq!(error.reason(), "bad_document");
    let line = error.to_string();
    assert!(
        line.contains("/stats/summary: the answer is no whole JSON document") && line.contains("line 1"),
        "{line}"
    );
    scene.server.set_document("/stats/summary", SUMMARY);
    let after = poller.next().await.unwrap().value;
    assert_eq!(before, after);
    assert!(!Arc::ptr_eq(&before, &after), "a reading that somebody holds is never written over");
}

#[tokio::test]
async fn half_a_page_of_text_is_known_by_its_missing_end() {
    let scene = Scene::new();
    let mut poller = scene.poller::<Resource>(PAUSE);
    scene.server.set_document("/metrics/resource", "node_cpu_usage_seconds_total 1.5 1795222698950\n");
    let error = poller.next().await.unwrap_err();
    assert!(
        error.reason() == "bad_document" && error.to_string().contains("resource_scrape_error"),
        "{error}"
    );
    scene.server.set_document("/metrics/resource", crate::RESOURCE);
    let reading = poller.next().await.unwrap().value;
    assert_eq!(reading.node.cpu_usage_ns.unwrap().value, 1_500_000_000);
    assert_eq!(reading.fetched.wall_ns, 2_000_000);
}

#[tokio::test]
async fn a_kubelet_that_restarts_is_found_again() {
    let scene = Scene::new();
    let mut poller = scene.poller::<Resource>(PAUSE);
    poller.next().await.unwrap();
    scene.server.stop().await;
    for _ in 0..3 {
        assert_eq!(poller.next().await.unwrap_err().reason(), "refused");
    }
    scene.server.start_again().await;
    poller.next().await.unwrap();
}
