//! What the target is made to suffer: by query, by header, for all requests.

use std::time::Duration;

use podometer::target::{Config, Faults, Target};
use serde_json::json;

use crate::client::{Client, config, get, metric, start, wait};

const ROOT_SUM: &str = "http_request_duration_seconds_sum{method=\"GET\",path=\"root\",status=\"200\"}";

fn suffered(target: &Target, fault: &str) -> f64 {
    metric(target, &format!("podometer_target_faults_total{{fault=\"{fault}\"}}")).unwrap()
}

#[test]
fn a_query_and_a_header_delay_and_burn() {
    let target = start();
    let mut client = Client::new(target.address());
    assert_eq!(client.get("/?delay=30ms").text(), "ok\n");
    let by_query = metric(&target, ROOT_SUM).unwrap();
    assert!(by_query >= 0.03, "{by_query}");
    let header = "X-Podometer-Fault: delay=1m&burn=20ms\r\n";
    // The query stands above the header.
    assert_eq!(client.ask("GET", "/?delay=0s", header, b"").status, 200);
    let by_both = metric(&target, ROOT_SUM).unwrap() - by_query;
    assert!(by_both >= 0.02, "{by_both}");
    assert_eq!((suffered(&target, "delay"), suffered(&target, "burn")), (2.0, 1.0));
}

#[test]
fn bad_values_are_refused_and_named() {
    let target = start();
    let mut client = Client::new(target.address());
    for (path, header, told) in [
        ("/?delay=5h", "", "delay: \"5h\" is above 1m; allowed: 0s to 1m\n"),
        ("/static?error_share=2", "", "error_share: \"2\" is above 1; allowed: 0 to 1\n"),
        ("/healthz?leak=x", "", "leak: \"x\" is no size; allowed: 0B to 64MiB, such as 1MiB\n"),
        (
            "/",
            "x-podometer-fault: dely=1s\r\n",
            "dely: \"1s\" is no fault; allowed: stall, error_share, delay, burn, leak\n",
        ),
    ] {
        let answer = client.ask("GET", path, header, b"");
        assert_eq!((answer.status, answer.text().as_str()), (400, told));
    }
    let refused = client.post("/-/faults", "delay=1s&burn=1h");
    assert_eq!(refused.text(), "burn: \"1h\" is above 5s; allowed: 0s to 5s\n");
    assert_eq!(client.get("/-/faults").json(), json!({}), "a bad form changes nothing");
}

#[test]
fn faults_of_all_requests_are_set_and_cleared() {
    let target = start();
    let mut client = Client::new(target.address());
    let set = client.post("/-/faults", "error_share=1&delay=1ms");
    assert_eq!((set.status, set.json()), (200, json!({"error_share": 1.0, "delay": "1ms"})));
    assert_eq!(client.get("/").status, 500);
    assert_eq!(client.get("/?error_share=0").status, 200, "a request stands above what is set for all");
    assert_eq!(client.post("/-/faults?burn=1ms", "").json(), json!({"burn": "1ms"}), "all are replaced");
    assert_eq!(client.get("/").status, 200);
    assert_eq!(client.ask("DELETE", "/-/faults", "", b"").json(), json!({}));
    assert_eq!(client.get("/").status, 200);
    assert_eq!((suffered(&target, "error_share"), suffered(&target, "burn")), (2.0, 1.0));
}

#[test]
fn a_seed_repeats_its_errors_and_their_share_is_as_asked() {
    let errors = |seed| {
        let faults = Faults { error_share: Some(0.25), ..Faults::default() };
        let target = Target::start(Config { seed, faults, ..config() }).unwrap();
        let mut client = Client::new(target.address());
        (0..400).map(|_| client.get("/").status == 500).collect::<Vec<_>>()
    };
    let first = errors(3);
    assert_eq!(first, errors(3));
    assert!(first != errors(4));
    let count = first.iter().filter(|is_error| **is_error).count();
    assert!((60..140).contains(&count), "{count} of 400");
}

#[test]
fn what_leaks_is_kept_up_to_the_bound_and_freed() {
    let target = Target::start(Config { max_leak_bytes: 3 << 20, ..config() }).unwrap();
    let mut client = Client::new(target.address());
    for _ in 0..5 {
        assert_eq!(client.get("/?leak=1MiB").status, 200, "beyond the bound it is answered all the same");
    }
    let now = |name| metric(&target, name).unwrap();
    let leaked = now("podometer_target_leaked_bytes");
    assert!((2_097_152.0..=3_145_728.0).contains(&leaked), "{leaked}");
    assert_eq!((now("podometer_target_leak_refused_total"), suffered(&target, "leak")), (3.0, 5.0));
    client.ask("DELETE", "/-/faults", "", b"");
    assert_eq!(now("podometer_target_leaked_bytes"), 0.0);
}

#[test]
fn a_stall_holds_up_everybody_but_the_target_s_own_pages() {
    let target = Target::start(Config { shutdown_timeout: Duration::from_millis(1), ..config() }).unwrap();
    let mut first = Client::new(target.address());
    let mut second = Client::new(target.address());
    first.send("GET /status/200?stall=1m HTTP/1.1\r\nhost: t\r\n\r\n");
    wait("the stall", || (suffered(&target, "stall") == 1.0).then_some(()));
    second.send("GET / HTTP/1.1\r\nhost: t\r\n\r\n");
    // Both, and the request that asks.
    wait("both held", || get(&target, "/stub_status").text().contains("Writing: 3 ").then_some(()));
    target.stop();
    assert!(first.rest().is_empty() && second.rest().is_empty());
}

#[test]
fn a_stall_that_is_set_for_all_happens_once() {
    let faults = Faults { stall: Some(Duration::from_millis(20)), ..Faults::default() };
    let target = Target::start(Config { faults, ..config() }).unwrap();
    let mut client = Client::new(target.address());
    for _ in 0..3 {
        assert_eq!(client.get("/").status, 200);
    }
    assert_eq!(suffered(&target, "stall"), 1.0);
    assert!(metric(&target, ROOT_SUM).unwrap() >= 0.02);
}
