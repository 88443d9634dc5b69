//! What real servers do seldom or never on demand.

use std::time::Duration;

use podometer::encode::influx::Batch;
use podometer::model::ledger::Ledger;
use podometer::sink::{Handle, State};

use crate::script::{Answer, Server, config, start, status};
use crate::servers::ports::free_address;

fn batch(from: usize, to: usize) -> Batch {
    let lines: String = (from..to).map(|at| format!("m,line={at} v={at}i {at}\n")).collect();
    Batch::from_lines(lines.into())
}

async fn settled(handle: &Handle) -> Ledger {
    handle
        .wait_until(|ledger, _| {
            assert!(ledger.balances(), "{ledger:?}");
            ledger.queued == 0
        })
        .await;
    handle.ledger()
}

#[tokio::test]
async fn fake_server_failures_of_all_kinds_lose_nothing() {
    let server = Server::start(|at, _| match at {
        0 => status("503 Service Unavailable"),
        1 => status("429 Too Many Requests\r\nRetry-After: 0"),
        2 => Answer::Cut("HTTP/1.1 2"),
        3 => Answer::Cut("HTTP/1.1 400 Bad Request\r\nContent-Length: 100\r\n\r\npartial wr"),
        4 => Answer::Silence,
        5 => Answer::Cut(""),
        6 => status("500 Internal Server Error"),
        _ => status("204 No Content"),
    })
    .await;
    let mut config = server.config();
    config.http.timeout = Duration::from_millis(200);
    let handle = start(&config);
    handle.push(batch(0, 10));
    let ledger = settled(&handle).await;
    assert_eq!(ledger, Ledger { produced: 10, acknowledged: 10, ..Ledger::default() });
    // A kept connection that the server closed is opened again at once.
    assert_eq!(handle.status().retries, 6);
    assert_eq!(handle.status().state, State::Working);
    let bodies: Vec<String> = server.requests().into_iter().map(|request| request.body).collect();
    assert_eq!(bodies, vec![bodies[0].clone(); 8], "the same batch again and again");
}

/// Go's servers answer and close at once: what we still write is answered by a reset, and its text may end in one.
#[tokio::test]
async fn fake_server_that_speaks_https_holds_what_is_sent_to_http() {
    const GO: &str = "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";
    let server = Server::start(|_, _| Answer::Cut(GO)).await;
    let config = server.config();
    let obstacle = config.plan().unwrap().probe().await.unwrap_err();
    assert!(obstacle.detail.contains("the server speaks https there"), "{obstacle:?}");
    assert_eq!(obstacle.remedy, "correct url");
    let handle = start(&config);
    handle.push(batch(0, 3));
    handle.wait_until(|ledger, status| !ledger.rejected.is_empty() || status.retries > 2).await;
    let (ledger, status) = (handle.ledger(), handle.status());
    assert_eq!((ledger.queued, ledger.rejected.len(), status.state), (3, 0, State::Held), "{ledger:?}");
    assert!(status.message.contains("the server speaks https there: correct url"), "{}", status.message);
}

/// The rest of the answer would say no more: what it already says is acted on.
#[tokio::test]
async fn fake_server_that_breaks_off_its_refusal_is_understood() {
    let server = Server::start(|at, _| match at {
        0 => Answer::Cut(
            "HTTP/1.1 400 Bad Request\r\nContent-Length: 900\r\n\r\npartial write: field type conflict: input",
        ),
        _ => status("204 No Content"),
    })
    .await;
    let handle = start(&server.config());
    handle.push(batch(0, 2));
    let ledger = settled(&handle).await;
    assert_eq!((ledger.acknowledged, ledger.rejected.len()), (2, 0), "{ledger:?}");
    assert_eq!(server.requests().len(), 3, "cut apart, not sent again as it was");
}

#[tokio::test]
async fn fake_server_that_refuses_the_probe_is_no_server_that_takes_data() {
    for (line, takes_data) in
        [("418 I'm a teapot", false), ("402 Payment Required", false), ("400 Bad Request", true)]
    {
        let server = Server::start(move |_, _| status(line)).await;
        let found = server.config().plan().unwrap().probe().await;
        assert_eq!(found.is_ok(), takes_data, "{line}: {found:?}");
    }
}

#[tokio::test]
async fn fake_server_retry_after_is_waited_for() {
    let server = Server::start(|_, _| status("503 Service Unavailable\r\nRetry-After: 100000")).await;
    let mut config = server.config();
    config.http.backoff_max = Duration::from_hours(1);
    let handle = start(&config);
    handle.push(batch(0, 3));
    handle.wait_until(|_, status| status.retries == 1).await;
    // The end of the run is worth one more attempt, and no third within the grace.
    let ledger = handle.shutdown(Duration::from_millis(300)).await;
    assert_eq!(ledger.dropped, [("shutdown", 3)]);
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn fake_server_413_splits_down_to_the_line_that_is_too_long() {
    let server = Server::start(|_, request| {
        status(if request.body.len() > 40 { "413 Request Entity Too Large" } else { "204 No Content" })
    })
    .await;
    let handle = start(&server.config());
    let long = format!("m text=\"{}\" 99\n", "x".repeat(50));
    let lines = format!("m v=1i 1\nm v=2i 2\nm v=3i 3\n{long}m v=5i 5\n");
    handle.push(Batch::from_lines(lines.into()));
    let ledger = settled(&handle).await;
    assert_eq!((ledger.acknowledged, ledger.rejected), (4, vec![("too_large", 1)]));
}

#[tokio::test]
async fn fake_server_bad_lines_are_found_and_good_ones_stored() {
    // As InfluxDB 1: what is good is stored, the answer tells of the rest.
    let server = Server::start(|_, request| {
        let bad: Vec<&str> = request.body.lines().filter(|line| line.contains("line=7")).collect();
        if bad.is_empty() {
            return status("204 No Content");
        }
        let text = format!("{{\"error\":\"partial write: unable to parse '{}' dropped=0\"}}", bad.join("\n"));
        Answer::Whole("400 Bad Request", text)
    })
    .await;
    let handle = start(&server.config());
    handle.push(batch(0, 100));
    let ledger = settled(&handle).await;
    // Lines 7 and 70 to 79.
    assert_eq!((ledger.acknowledged, ledger.rejected), (89, vec![("unparsable", 11)]));
    let stored: std::collections::BTreeSet<String> = server
        .requests()
        .iter()
        .flat_map(|request| request.body.lines().map(str::to_owned).collect::<Vec<_>>())
        .filter(|line| !line.contains("line=7"))
        .collect();
    assert_eq!(stored.len(), 89);
}

#[tokio::test]
async fn fake_server_conflict_of_a_measurement_costs_three_requests() {
    let server = Server::start(|_, request| {
        let dropped = request.body.lines().filter(|line| line.starts_with("k,")).count();
        if dropped == 0 {
            return status("204 No Content");
        }
        let text = format!(
            r#"{{"error":"partial write: field type conflict: input field \"v\" on measurement \"k\" is type string, already exists as type float dropped={dropped}"}}"#
        );
        Answer::Whole("400 Bad Request", text)
    })
    .await;
    let handle = start(&server.config());
    let lines: String = (0..1000).map(|at| format!("{},n={at} v=1i {at}\n", ["k", "m"][at % 2])).collect();
    handle.push(Batch::from_lines(lines.into()));
    let ledger = settled(&handle).await;
    assert_eq!((ledger.acknowledged, ledger.rejected), (500, vec![("type_conflict", 500)]));
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn fake_server_huge_error_body_is_read_to_its_cap() {
    let server = Server::start(|at, _| match at {
        0 => Answer::Whole("400 Bad Request", "x".repeat(30 << 20)),
        _ => status("204 No Content"),
    })
    .await;
    let handle = start(&server.config());
    handle.push(batch(0, 5));
    handle.push(batch(5, 7));
    let ledger = settled(&handle).await;
    assert_eq!((ledger.acknowledged, ledger.rejected), (2, vec![("refused", 5)]));
}

#[tokio::test]
async fn fake_server_full_queue_drops_the_oldest() {
    let server = Server::start(|at, _| match at {
        0 => Answer::Silence,
        _ => status("204 No Content"),
    })
    .await;
    let mut config = server.config();
    (config.batch_points, config.queue.points) = (10, 50);
    config.http.timeout = Duration::from_millis(300);
    let handle = start(&config);
    handle.push(batch(0, 10));
    handle.wait_until(|_, status| status.requests == 1).await;
    for at in 1..10 {
        handle.push(batch(at * 10, at * 10 + 10));
        assert!(handle.ledger().balances() && handle.ledger().queued <= 50);
    }
    let ledger = settled(&handle).await;
    assert_eq!((ledger.produced, ledger.acknowledged), (100, 50));
    assert_eq!(ledger.dropped, [("queue_full", 50)]);
    let last = server.requests().pop().unwrap();
    assert!(last.body.contains("line=99 "), "the newest is there: {}", last.body);
}

#[tokio::test]
async fn fake_server_shutdown_drains_and_counts_the_rest() {
    let server = Server::start(|at, _| if at < 3 { status("204 No Content") } else { Answer::Silence }).await;
    let mut config = server.config();
    config.http.timeout = Duration::from_mins(1);
    let handle = start(&config);
    for at in 0..5 {
        handle.push(batch(at * 10, at * 10 + 10));
    }
    let ledger = handle.shutdown(Duration::from_millis(500)).await;
    assert!(ledger.balances());
    assert_eq!((ledger.acknowledged, ledger.queued), (30, 0));
    assert_eq!(ledger.dropped, [("shutdown", 20)]);
    handle.push(batch(0, 1));
    assert_eq!(handle.ledger().dropped, [("shutdown", 21)]);
    assert_eq!(handle.status().state, State::Stopped);
}

#[tokio::test]
async fn fake_server_sees_the_token_in_the_header_only() {
    let server = Server::start(|_, _| status("204 No Content")).await;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("token");
    std::fs::write(&file, "s3cr3t\n").unwrap();
    let mut config = server.config();
    (config.database, config.org, config.bucket) = (None, Some("o".into()), Some("b 1".into()));
    config.token_file = Some(file);
    let handle = start(&config);
    handle.push(batch(0, 1));
    settled(&handle).await;
    let head = server.requests().remove(0).head;
    assert!(head.starts_with("POST /api/v2/write?org=o&bucket=b%201&precision=ns HTTP/1.1\r\n"), "{head}");
    assert_eq!(head.matches("s3cr3t").count(), 1);
    assert!(head.to_lowercase().contains("authorization: token s3cr3t\r\n"), "{head}");
    assert!(!format!("{config:?} {handle:?}").contains("s3cr3t"));
}

/// Each failure is told of the server that failed, not of the one that is asked next.
#[tokio::test]
async fn the_server_that_failed_is_named() {
    let (first, second) = (free_address(), free_address());
    let mut config = config(&format!("http://{first}"));
    config.urls = vec![format!("http://{second}")];
    let handle = start(&config);
    handle.push(Batch::from_lines("m v=1i 1\n".into()));
    for address in [first, second] {
        let message = format!("http://{address}: connection: {address}: ");
        handle.wait_until(|_, status| status.message.starts_with(&message)).await;
    }
}
