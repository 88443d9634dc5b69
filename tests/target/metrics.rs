//! What the target counts, as its readers read it.

use std::net::SocketAddr;

use podometer::model::scraped::NginxStatus;
use podometer::source::scrape::parse_stub_status;
use podometer::target::{Config, Target};

use crate::child::program;
use crate::client::{Client, config, get, metric, start, wait};
use crate::promtool;

#[test]
fn every_request_is_counted_under_the_dashboards_names() {
    let target = Target::start(Config { threads: 2, ..config() }).unwrap();
    for _ in 0..5 {
        // Each on a connection of its own, so that both threads have some.
        get(&target, "/status/200");
    }
    get(&target, "/status/503");
    get(&target, "/nowhere");
    get(&target, "/nobody");
    Client::new(target.address()).ask("BREW", "/", "", b"");
    let count = |labels: &str| metric(&target, &format!("node_http_requests_total{{{labels}}}"));
    assert_eq!(count("method=\"GET\",path=\"status\",status=\"200\""), Some(5.0));
    assert_eq!(count("method=\"GET\",path=\"status\",status=\"503\""), Some(1.0));
    assert_eq!(count("method=\"GET\",path=\"unknown\",status=\"404\""), Some(2.0));
    assert_eq!(count("method=\"other\",path=\"root\",status=\"405\""), Some(1.0));
    assert_eq!(count("method=\"GET\",path=\"metrics\",status=\"200\""), None);
    assert_eq!(metric(&target, "node_http_duration_seconds_count"), Some(9.0));
    assert!(metric(&target, "node_http_duration_seconds{quantile=\"0.99\"}").unwrap() > 0.0);
    let status = "method=\"GET\",path=\"status\",status=\"200\"";
    let bucket = |le: &str| format!("http_request_duration_seconds_bucket{{{status},le=\"{le}\"}}");
    assert_eq!(metric(&target, &bucket("+Inf")), Some(5.0));
    assert_eq!(metric(&target, &format!("http_request_duration_seconds_count{{{status}}}")), Some(5.0));
    assert!(metric(&target, &bucket("0.005")).is_some());
}

#[test]
fn promtool_is_silent_about_the_page() {
    let Some(promtool) = program("promtool") else { return };
    let target = start();
    let before = get(&target, "/metrics").text();
    for path in ["/", "/status/404", "/static", "/wrk2-api/user/follow", "/?leak=1B", "/?error_share=1"] {
        get(&target, path);
    }
    for page in [before, get(&target, "/metrics").text()] {
        let (is_content, said) = promtool::check(&promtool, page.as_bytes());
        assert_eq!((is_content, said.as_str()), (true, ""), "{page}");
    }
}

#[test]
fn stub_status_tells_what_connections_do() {
    let target = start();
    let mut idle = Client::new(target.address());
    for _ in 0..3 {
        idle.get("/");
    }
    let silent = Client::new(target.address());
    let mut reading = Client::new(target.address());
    reading.send("GET / HTTP/1.1\r\nho");
    let mut writing = Client::new(target.address());
    writing.send("GET /?delay=1m HTTP/1.1\r\nhost: t\r\n\r\n");
    let mut asking = Client::new(target.address());
    let status = wait("all five", || {
        let status = parse_stub_status(&asking.get("/stub_status").body).value;
        (status.reading == Some(1) && status.writing == Some(2)).then_some(status)
    });
    let expected = NginxStatus {
        active: Some(5),
        accepts: Some(5),
        handled: Some(5),
        reading: Some(1),
        writing: Some(2),
        waiting: Some(2),
        requests: status.requests,
    };
    assert_eq!(status, expected);
    // Three of the first, one that is delayed, and each reading of the page.
    let before = status.requests.unwrap();
    assert!(before >= 5, "{before}");
    assert_eq!(parse_stub_status(&asking.get("/stub_status").body).value.requests, Some(before + 1));
    drop((idle, silent, reading));
    wait("their end", || {
        let status = parse_stub_status(&asking.get("/stub_status").body).value;
        (status.active == Some(2) && status.reading == Some(0) && status.waiting == Some(0)).then_some(())
    });
}

#[test]
fn the_second_address_has_pages_and_no_application() {
    let metrics_listen = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
    let target = Target::start(Config { metrics_listen, max_connections: 1, ..config() }).unwrap();
    let mut load = Client::new(target.address());
    load.get("/");
    // All connections of the application are taken: its pages are there all the same.
    let mut scraper = Client::new(target.metrics_address().unwrap());
    let page = scraper.get("/metrics").text();
    assert!(
        page.contains("node_http_requests_total{method=\"GET\",path=\"root\",status=\"200\"} 1"),
        "{page}"
    );
    let status = parse_stub_status(&scraper.get("/stub_status").body).value;
    assert_eq!((status.active, status.requests), (Some(1), Some(1)));
    assert_eq!(scraper.get("/healthz").status, 200);
    for path in ["/", "/crocodiles", "/-/faults", "/status/200"] {
        assert_eq!(scraper.get(path).status, 404, "{path}");
    }
}
