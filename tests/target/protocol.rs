//! HTTP/1.1 as it may be spoken, and as it may not.

use std::fmt::Write as _;

use crate::client::{Client, get, metric, start};

#[test]
fn pipelined_requests_are_answered_in_order() {
    let target = start();
    let mut client = Client::new(target.address());
    let mut all = String::new();
    let mut expected = Vec::new();
    for place in 0..600 {
        let (path, status) = match place % 200 {
            50 => ("/static".to_owned(), 200),
            n => (format!("/status/{}", 200 + n), 200 + n),
        };
        write!(all, "GET {path} HTTP/1.1\r\nhost: t\r\n\r\n").unwrap();
        expected.push(status);
    }
    client.send(&all);
    let got: Vec<u16> = expected.iter().map(|_| client.answer().status).collect();
    assert_eq!(got, expected);
}

#[test]
fn requests_that_come_byte_by_byte_are_whole_in_the_end() {
    let target = start();
    let mut client = Client::new(target.address());
    for byte in
        b"POST /wrk2-api/user/follow HTTP/1.1\r\nhost: t\r\ncontent-length: 23\r\n\r\nuser_id=1&followee_id=2"
    {
        client.send([*byte]);
    }
    assert_eq!(client.answer().status, 200);
}

#[test]
fn bodies_come_counted_or_in_chunks() {
    let target = start();
    let mut client = Client::new(target.address());
    let chunked = "POST /wrk2-api/user/follow HTTP/1.1\r\nhost: t\r\ntransfer-encoding: chunked\r\n\r\n";
    client.send(format!("{chunked}9;ext=1\r\nuser_id=1\r\nE\r\n&followee_id=2\r\n0\r\ntrailer: x\r\n\r\n"));
    // Of a body that nobody looks at every byte is read, too.
    client
        .send(format!("POST / HTTP/1.1\r\nhost: t\r\ncontent-length: 100000\r\n\r\n{}", "x".repeat(100_000)));
    client.send("POST / HTTP/1.1\r\nhost: t\r\ncontent-length: 5\r\nexpect: 100-continue\r\n\r\n");
    assert_eq!((client.answer().status, client.answer().status), (200, 200));
    assert_eq!(client.answer().status, 100);
    client.send("helloGET /status/404 HTTP/1.1\r\nhost: t\r\n\r\n");
    assert_eq!((client.answer().status, client.answer().status), (200, 404));
}

#[test]
fn a_connection_ends_when_one_side_says_so() {
    let target = start();
    for (head, is_kept) in [
        ("GET / HTTP/1.1\r\nhost: t\r\n\r\n", true),
        ("GET / HTTP/1.1\r\nhost: t\r\nconnection: close\r\n\r\n", false),
        ("GET / HTTP/1.0\r\n\r\n", false),
        ("GET /static HTTP/1.1\r\nhost: t\r\nConnection: Close\r\n\r\n", false),
    ] {
        let mut client = Client::new(target.address());
        client.send(head);
        let answer = client.answer();
        assert_eq!((answer.status, answer.header("connection") != "close"), (200, is_kept), "{head}");
        if is_kept {
            assert_eq!(client.get("/").status, 200);
        } else {
            assert!(client.rest().is_empty());
        }
    }
}

#[test]
fn what_is_no_http_is_refused_and_the_connection_ends() {
    let target = start();
    let long = format!("GET /{} HTTP/1.1\r\n", "x".repeat(17_000));
    let many = format!("GET / HTTP/1.1\r\nhost: t\r\n{}\r\n", "a: b\r\n".repeat(64));
    let chunked = |rest: &str| {
        format!("POST /crocodiles HTTP/1.1\r\nhost: t\r\ntransfer-encoding: chunked\r\n\r\n{rest}")
    };
    let cases = [
        ("\u{16}\u{3}\u{1} TLS".to_owned(), 400),
        ("GET / HTTP/2.0\r\n\r\n".to_owned(), 400),
        ("GET / HTTP/1.1\r\n\r\n".to_owned(), 400),
        ("GET / HTTP/1.1\r\nhost: t\r\nhost: u\r\n\r\n".to_owned(), 400),
        ("POST / HTTP/1.1\r\nhost: t\r\ncontent-length: x\r\n\r\n".to_owned(), 400),
        (
            "POST / HTTP/1.1\r\nhost: t\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n"
                .to_owned(),
            400,
        ),
        (chunked("zz\r\n"), 400),
        (chunked("1\r\nab\r\n"), 400),
        (chunked(&format!("1;{}", "x".repeat(17_000))), 400),
        (chunked("100001\r\n"), 413),
        ("POST / HTTP/1.1\r\nhost: t\r\ncontent-length: 1048577\r\n\r\n".to_owned(), 413),
        (long, 431),
        (many, 431),
    ];
    for (bytes, status) in &cases {
        let mut client = Client::new(target.address());
        client.send(bytes);
        let answer = client.answer();
        let shown = &bytes[..bytes.len().min(80)];
        assert_eq!((answer.status, answer.header("connection")), (*status, "close"), "{shown:?}");
        assert!(!answer.body.is_empty());
        // Nothing behind it is taken for a request.
        assert!(client.rest().is_empty(), "{shown:?}");
    }
    assert_eq!(get(&target, "/").status, 200);
    let cut =
        |reason: &str| metric(&target, &format!("podometer_target_cut_off_total{{reason=\"{reason}\"}}"));
    assert_eq!((cut("bad_request"), cut("too_large")), (Some(9.0), Some(4.0)));
}
