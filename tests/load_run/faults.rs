//! Servers that misbehave: each failure is counted under k6's code, and none ends the run.

use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use podometer::load::engine::{Host, Plan};
use podometer::load::exit::Exit;
use rustix::net::sockopt::set_socket_linger;

use crate::harness::{counter, get, heard, plan, plan_of, post, rate, run, server, threshold};
use crate::ports::free_address;

pub(crate) const THREE: &str = r#"{"executor": "per-vu-iterations", "vus": 1, "iterations": 3}"#;

fn with_timeout(address: SocketAddr, timeout: &str) -> Plan {
    plan_of(&get(address, "/", timeout), THREE)
}

/// Three requests fail with this code.
pub(crate) fn fails(mut plan: Plan, code: u16) {
    let selector = format!("http_reqs{{error_code:{code},status:0}}");
    plan.thresholds.push(threshold(&selector, "count==3"));
    let results = run(plan);
    assert_eq!(counter(&results, &selector), 3, "{code}");
    assert_eq!(results.exit, Some(Exit::Passed));
    assert_eq!((rate(&results, "http_req_failed"), rate(&results, "checks")), ((3, 0), (0, 3)));
    assert_eq!(counter(&results, "iterations"), 3);
}

/// A server that writes this and closes.
fn says(bytes: &'static [u8]) -> SocketAddr {
    server(move |mut stream: TcpStream| {
        // Whoever asked may have seen enough.
        let _ = stream.write_all(bytes);
    })
}

#[test]
fn refused_connections() {
    fails(plan(free_address(), "/", THREE), 1212);
}

#[test]
fn resets() {
    let address = server(|stream| set_socket_linger(&stream, Some(Duration::ZERO)).unwrap());
    fails(plan(address, "/", THREE), 1220);
}

#[test]
fn names_that_nobody_knows() {
    let address = SocketAddr::from(([127, 0, 0, 1], 1));
    let mut plan = plan(address, "/", THREE);
    plan.hosts = vec![Host { name: "no-such-host.invalid".into(), port: 80, is_tls: false }];
    plan.thresholds =
        [1100, 1101].map(|code| threshold(&format!("http_reqs{{error_code:{code}}}"), "count>0")).into();
    let results = run(plan);
    // Without a name server the C library does not know whether the name exists.
    let counts = [1100, 1101].map(|code| counter(&results, &format!("http_reqs{{error_code:{code}}}")));
    assert!(counts == [0, 3] || counts == [3, 0], "{counts:?}");
}

#[test]
fn answers_that_are_not_whole_or_not_http() {
    for bytes in [
        &b""[..],
        b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nabc",
        b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\na",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
    ] {
        fails(plan(says(bytes), "/", THREE), 1000);
    }
}

#[test]
fn a_head_that_comes_byte_by_byte_and_never_ends() {
    let address = server(|mut stream| {
        let mut said = stream.write_all(b"HTTP/1.1 200 OK\r\nx: ");
        while said.is_ok() {
            std::thread::park_timeout(Duration::from_millis(5));
            said = stream.write_all(b"y");
        }
    });
    fails(with_timeout(address, "200ms"), 1050);
}

#[test]
fn a_body_without_end() {
    let address = server(|mut stream| {
        let mut said = stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
        let chunk = [b"4000\r\n".as_slice(), &[b'x'; 0x4000], b"\r\n"].concat();
        while said.is_ok() {
            said = stream.write_all(&chunk);
        }
    });
    fails(with_timeout(address, "200ms"), 1050);
}

#[test]
fn a_server_that_never_answers() {
    let address = server(|stream| while heard(&stream) {});
    fails(with_timeout(address, "200ms"), 1050);
}

#[test]
fn a_connection_that_was_closed_while_idle_is_nobodys_failure() {
    // One answer on each connection, which is kept to all appearance.
    let connections = Arc::new(AtomicU64::new(0));
    let seen = Arc::clone(&connections);
    let address = server(move |mut stream| {
        seen.fetch_add(1, Ordering::Relaxed);
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").unwrap();
    });
    let results = run(plan(address, "/", THREE));
    assert_eq!(rate(&results, "http_req_failed"), (0, 3));
    assert_eq!((rate(&results, "checks"), connections.load(Ordering::Relaxed)), ((3, 0), 3));
}

/// A server that says too much has answered, however its bytes are cut into segments; it is not asked over the same
/// connection again.
#[test]
fn more_than_the_whole_answer_is_an_answer() {
    let address = says(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nab");
    let results = run(plan(address, "/", THREE));
    assert_eq!((rate(&results, "http_req_failed"), rate(&results, "checks")), ((0, 3), (3, 0)));
}

/// A time of nothing is none, not zero: `p(95)<500` must not hold the better the more is refused.
#[test]
fn what_was_never_sent_has_no_duration() {
    let results = run(plan(free_address(), "/", THREE));
    assert_eq!((counter(&results, "http_reqs"), rate(&results, "http_req_failed")), (3, (3, 0)));
    for name in ["http_req_duration", "http_req_sending", "http_req_waiting", "http_req_receiving"] {
        assert!(results.metric(name).is_none(), "{name}");
    }
    assert!(results.metric("http_req_latency").is_some());
}

/// The thresholds of such a run say what it is: who is refused goes round as fast as that is, which is no bottleneck.
#[test]
fn a_target_that_refuses_is_no_fault_of_the_generator() {
    let all = r#"{"executor": "constant-vus", "vus": 2, "duration": "5s"}"#;
    let mut plan = plan(free_address(), "/", all);
    plan.threads = Some(1);
    plan.thresholds = vec![threshold("http_req_failed", "rate<0.01")];
    let results = run(plan);
    assert_eq!((results.exit, results.invalid), (Some(Exit::ThresholdsFailed), Vec::new()));
}

/// Of a plan that sends a large body that nobody reads.
pub(crate) fn is_answered_early(mut plan: Plan) {
    let selector = "http_reqs{status:413,error_code:1413}";
    plan.thresholds.push(threshold(selector, "count==3"));
    let results = run(plan);
    assert_eq!(counter(&results, selector), 3);
}

/// A server that says no to a body says so before it has read it, and then resets the connection.
#[test]
fn an_early_answer_counts_though_the_rest_is_refused() {
    let address = server(|mut stream| {
        stream.write_all(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n").unwrap();
    });
    is_answered_early(plan_of(&post(address, 32 << 20), THREE));
}

#[test]
fn nothing_more_is_asked_over_a_connection_that_changed_its_protocol() {
    let connections = Arc::new(AtomicU64::new(0));
    let seen = Arc::clone(&connections);
    let address = server(move |mut stream: TcpStream| {
        seen.fetch_add(1, Ordering::Relaxed);
        while stream.write_all(b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\n\r\n").is_ok()
            && heard(&stream)
        {}
    });
    assert_eq!(counter(&run(plan(address, "/", THREE)), "http_reqs"), 3);
    assert_eq!(connections.load(Ordering::Relaxed), 3);
}
