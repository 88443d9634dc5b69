//! Routes, formats, codings, probes.

use std::io::Read as _;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use podometer::encode::prometheus::{Format, Page};
use podometer::server::Config;
use tokio::net::TcpStream;

use super::harness::{Answer, Server, ask};
use super::sample;

const PROTOBUF: &str =
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited";

/// What does not depend on how often the server was asked.
fn steady(text: &str) -> Vec<&str> {
    text.lines().filter(|line| !line.starts_with("podometer_server_")).collect()
}

fn unzipped(answer: &Answer) -> String {
    assert_eq!(answer.header("content-encoding"), "gzip");
    let mut text = String::new();
    flate2::read::GzDecoder::new(&answer.body[..]).read_to_string(&mut text).unwrap();
    text
}

#[tokio::test]
async fn pages_come_in_the_format_that_was_asked_for() {
    let server = Server::start(Config::default()).await;
    for page in Page::ALL {
        let plain = server.get(page.path(), &[]).await;
        assert_eq!((plain.status, plain.header("content-type")), (200, Format::Text.content_type()));
        assert_eq!(steady(&plain.text()), steady(&sample::text(page, Format::Text)), "{page:?}");
        let open = server.get(page.path(), &[("accept", "application/openmetrics-text;version=1.0.0")]).await;
        assert_eq!(open.header("content-type"), Format::OpenMetrics.content_type());
        assert!(open.text().ends_with("# EOF\n"));
        let protobuf = server.get(page.path(), &[("accept", PROTOBUF)]).await;
        assert_eq!(protobuf.header("content-type"), Format::Protobuf.content_type());
    }
    assert_eq!(server.stats().requests.iter().find(|(route, _)| *route == "/metrics").unwrap().1, 3);
}

#[tokio::test]
async fn two_scrapers_read_the_same_values_and_share_one_compression() {
    let server = Server::start(Config::default()).await;
    let gzip = [("accept-encoding", "gzip")];
    let (first, second) = tokio::join!(server.get("/metrics", &gzip), server.get("/metrics", &gzip));
    assert_eq!(unzipped(&first), unzipped(&second));
    assert_eq!(steady(&unzipped(&first)), steady(&server.get("/metrics", &[]).await.text()));
    assert_eq!((server.stats().compressions, server.stats().compressions_shared), (1, 1));

    let mut next = (*sample::snapshot()).clone();
    next.seq += 1;
    next.units.truncate(1);
    server.snapshot.store(Some(Arc::new(next)));
    let third = unzipped(&server.get("/metrics", &gzip).await);
    assert!(!third.contains("pod_cpu_usage_seconds_total{"), "the newest snapshot, not the kept body");
    assert_eq!(server.stats().compressions, 2);
}

#[tokio::test]
async fn the_server_is_ready_only_while_values_are_fresh() {
    let server = Server::start(Config::default()).await;
    assert_eq!(server.get("/-/ready", &[]).await.status, 200);
    let taken = sample::snapshot().taken.boot_ns;
    server.boot_ns.store(taken + 3_100_000_000, Ordering::Relaxed);
    let stale = server.get("/-/ready", &[]).await;
    assert_eq!(
        (stale.status, &*stale.text()),
        (503, "not ready: the newest snapshot is 3.1s old, more than 3.0s\n")
    );
    server.snapshot.store(None);
    for path in ["/-/ready", "/metrics", "/api/v1/pods"] {
        let none = server.get(path, &[]).await;
        assert_eq!((none.status, &*none.text()), (503, "not ready: no snapshot was taken yet\n"), "{path}");
    }
    assert_eq!(server.get("/-/healthy", &[]).await.status, 200);
}

#[tokio::test]
async fn other_paths_and_methods_are_told_what_there_is() {
    let server = Server::start(Config::default()).await;
    let index = server.get("/", &[]).await;
    let missing = server.get("/metric", &[]).await;
    assert_eq!((index.status, missing.status), (200, 404));
    assert!(missing.text() == index.text() && index.text().contains("/metrics/cadvisor"));
    assert_eq!(server.get("/api/v1/pods", &[]).await.text(), "{\"units\":11}");
    // A sidecar asks for its own pod alone.
    let of = async |query: &str| server.get(&format!("/api/v1/pods?{query}"), &[]).await.status;
    let own = format!("uid={}", crate::sample::UID);
    assert_eq!((of(&own).await, of("uid=another").await, of("uuid=x").await), (200, 404, 400));
    let drift = server.get("/api/v1/drift?namespace=shop", &[]).await;
    assert_eq!((drift.status, drift.header("content-type")), (200, "application/json"));
    assert!(drift.text().starts_with("{\"node\":\"n1\""), "{}", drift.text());
    for (query, words) in
        [("?cause=why", "allowed: window"), ("?namespaces=a", "unknown field"), ("?pod=", "is empty")]
    {
        let refused = server.get(&format!("/api/v1/drift{query}"), &[]).await;
        assert!(refused.status == 400 && refused.text().contains(words), "{query}: {}", refused.text());
    }
    for method in ["POST", "DELETE", "OPTIONS", "BREW"] {
        let stream = TcpStream::connect(server.address).await.unwrap();
        let refused = ask(stream, method, "/metrics", &[]).await;
        assert_eq!((refused.status, refused.header("allow")), (405, "GET, HEAD"), "{method}");
    }
    for path in ["/metrics", "/-/healthy"] {
        let stream = TcpStream::connect(server.address).await.unwrap();
        let head = ask(stream, "HEAD", path, &[]).await;
        assert_eq!((head.status, head.body.len()), (200, 0), "{path}");
        assert!(head.header("content-type").starts_with("text/plain"));
    }
    let errors = server.stats().errors;
    assert!(errors.contains(&("400", 4)));
    assert!(errors.contains(&("404", 2)) && errors.contains(&("405", 4)), "{errors:?}");
}
