//! Clients that are slow or many.

use std::time::Duration;

use podometer::target::{Config, Target};

use crate::client::{Client, config, get, metric, wait};

const SHORT: Duration = Duration::from_millis(100);

fn cut_off(target: &Target, reason: &str) -> Option<f64> {
    metric(target, &format!("podometer_target_cut_off_total{{reason=\"{reason}\"}}"))
}

#[test]
fn idle_connections_are_ended() {
    let target = Target::start(Config { idle_timeout: SHORT, ..config() }).unwrap();
    let mut silent = Client::new(target.address());
    let mut done = Client::new(target.address());
    assert_eq!(done.get("/").status, 200);
    assert!(silent.rest().is_empty() && done.rest().is_empty());
    assert_eq!(cut_off(&target, "idle"), Some(2.0));
}

#[test]
fn requests_that_do_not_end_are_cut_off() {
    let target = Target::start(Config { request_timeout: SHORT, ..config() }).unwrap();
    for begun in [
        "GET / HTTP/1.1\r\nx-slow: ",
        "POST / HTTP/1.1\r\nhost: t\r\ncontent-length: 10\r\n\r\nhalf",
        "POST / HTTP/1.1\r\nhost: t\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhel",
    ] {
        let mut slow = Client::new(target.address());
        slow.send(begun);
        assert!(slow.rest().is_empty(), "{begun}");
    }
    assert_eq!(cut_off(&target, "slow_request"), Some(3.0));
}

#[test]
fn a_reader_that_stops_is_cut_off_and_holds_nobody_up() {
    let target = Target::start(Config { write_timeout: SHORT, ..config() }).unwrap();
    let mut stuck = Client::new(target.address());
    let request = "GET /wrk2-api/home-timeline/read?user_id=1&start=0&stop=100 HTTP/1.1\r\nhost: t\r\n\r\n";
    // Some tens of megabytes of answers, more than any socket buffers.
    stuck.send(request.repeat(1500));
    assert_eq!(get(&target, "/").status, 200, "others are served meanwhile");
    wait("the cut", || (cut_off(&target, "slow_reader") == Some(1.0)).then_some(()));
}

#[test]
fn connections_beyond_the_bound_are_refused_at_once_and_may_come_again() {
    let target = Target::start(Config { max_connections: 2, ..config() }).unwrap();
    let mut first = Client::new(target.address());
    let mut second = Client::new(target.address());
    assert_eq!((first.get("/").status, second.get("/").status), (200, 200));
    let mut third = Client::new(target.address());
    assert_eq!(third.answer().status, 503);
    assert!(third.rest().is_empty());
    let page = first.get("/stub_status").text();
    assert!(page.contains("\n 3 2 3 \n"), "accepted three, handled two, asked three times: {page}");
    drop(second);
    wait("a free place", || {
        let mut again = Client::new(target.address());
        again.send("GET / HTTP/1.1\r\nhost: t\r\n\r\n");
        again.first_line().starts_with("HTTP/1.1 200").then_some(())
    });
}

#[test]
fn many_connections_at_once_are_all_served() {
    let target = Target::start(Config { threads: 2, ..config() }).unwrap();
    let mut clients: Vec<Client> = (0..300).map(|_| Client::new(target.address())).collect();
    for client in &mut clients {
        client.send("GET /static HTTP/1.1\r\nhost: t\r\n\r\nGET / HTTP/1.1\r\nhost: t\r\n\r\n");
    }
    for client in &mut clients {
        assert_eq!((client.answer().status, client.answer().status), (200, 200));
    }
    let count = metric(&target, "node_http_requests_total{method=\"GET\",path=\"static\",status=\"200\"}");
    assert_eq!(count, Some(300.0));
}
