//! HTTP/2: chosen in the handshake or known before, and everything that a server can do in the midst of it.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use h2::server;
use http::{HeaderMap, HeaderValue, Response};
use podometer::load::engine::Plan;
use podometer::load::results::Results;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::task::spawn_local;

use crate::faults::{THREE, fails, is_answered_early};
use crate::harness::{counter, file, get, plan, plan_of, post, rate, run, threshold};
use crate::raw::{DATA, END_HEADERS, END_STREAM, HEADERS, RST_STREAM, STATUS_200, raw};
use crate::secure::{Authority, Shown, secure, serve};

/// What a real server does with one request.
type Answer = fn(http::Request<h2::RecvStream>, server::SendResponse<Bytes>);

async fn speak<S: AsyncRead + AsyncWrite + Unpin>(stream: S, requests: Arc<AtomicU64>, answer: Answer) {
    let Ok(mut connection) = server::handshake(stream).await else { return };
    while let Some(Ok((request, respond))) = connection.accept().await {
        requests.fetch_add(1, Ordering::SeqCst);
        answer(request, respond);
    }
}

/// A real server without TLS, and how many requests came.
fn cleartext(answer: Answer) -> (SocketAddr, Arc<AtomicU64>) {
    let requests = Arc::new(AtomicU64::new(0));
    let told = Arc::clone(&requests);
    (serve(move |stream, _| speak(stream, Arc::clone(&told), answer)), requests)
}

fn ok(_: http::Request<h2::RecvStream>, mut respond: server::SendResponse<Bytes>) {
    let mut stream = respond.send_response(Response::new(()), false).unwrap();
    stream.send_data(Bytes::from_static(b"ok"), true).unwrap();
}

/// A plan in HTTP/2 at once.
fn known(mut plan: Plan) -> Plan {
    plan.has_prior_knowledge = true;
    plan
}

fn usual(address: SocketAddr, json: &str) -> Plan {
    known(plan(address, "/", json))
}

fn impatient(address: SocketAddr) -> Plan {
    known(plan_of(&get(address, "/", "200ms"), THREE))
}

fn posting(address: SocketAddr) -> Plan {
    known(plan_of(&post(address, 4), THREE))
}

fn count(mut plan: Plan, selector: &str) -> (Results, u64) {
    plan.thresholds.push(threshold(selector, "count>0"));
    let results = run(plan);
    let counted = counter(&results, selector);
    (results, counted)
}

#[test]
fn it_is_chosen_in_the_handshake() {
    let authority = Authority::new();
    let acceptor = authority.acceptor(&Shown { protocols: &["h2", "http/1.1"], ..Shown::default() });
    let (connections, requests) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let (opened, asked) = (Arc::clone(&connections), Arc::clone(&requests));
    let address = serve(move |stream, _| {
        let (acceptor, asked, opened) = (acceptor.clone(), Arc::clone(&asked), Arc::clone(&opened));
        async move {
            let Ok(stream) = acceptor.accept(stream).await else { return };
            opened.fetch_add(1, Ordering::SeqCst);
            assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
            speak(stream, asked, ok).await;
        }
    });
    let plan = secure(address, THREE, &authority.trusted());
    let (results, counted) = count(plan, "http_reqs{proto:HTTP/2.0,tls_version:tls1.3,status:200}");
    assert_eq!((counted, rate(&results, "checks")), (3, (3, 0)));
    // One connection of a user carries them all.
    assert_eq!((connections.load(Ordering::SeqCst), requests.load(Ordering::SeqCst)), (1, 3));
}

/// The program's own flags, against a server that has both.
#[test]
fn flags_say_what_is_spoken() {
    let authority = Authority::new();
    let acceptor = authority.acceptor(&Shown { protocols: &["h2", "http/1.1"], ..Shown::default() });
    let address = serve(move |stream, _| {
        let acceptor = acceptor.clone();
        async move {
            let Ok(stream) = acceptor.accept(stream).await else { return };
            if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
                speak(stream, Arc::default(), ok).await;
            } else {
                crate::tls::speak(stream).await;
            }
        }
    });
    let ca = authority.file("ca.pem");
    let ca = ["--tls-ca", ca.to_str().unwrap()];
    let https = format!("https://localhost:{}/", address.port());
    let http = format!("http://{}/", cleartext(ok).0);
    for (url, flags, tags) in [
        (&https, &[ca[0], ca[1]][..], "proto:HTTP/2.0,tls_version:tls1.3"),
        (&https, &[ca[0], ca[1], "--tls-max", "1.2"], "proto:HTTP/2.0,tls_version:tls1.2"),
        (&https, &[ca[0], ca[1], "--http1"], "proto:HTTP/1.1,tls_version:tls1.3"),
        (&https, &["--insecure-skip-tls-verify"], "proto:HTTP/2.0"),
        (&https, &[], "error_code:1310,status:0"),
        (&http, &["--http2-prior-knowledge"], "proto:HTTP/2.0"),
    ] {
        let threshold = format!("http_reqs{{{tags}}}=count==5");
        let all = [flags, &["--iterations", "5", "--quiet", "--threshold", &threshold]].concat();
        let (code, out, said) = crate::program::run(url, &all);
        assert_eq!(code, 0, "{flags:?}: {out}{said}");
    }
}

#[test]
fn it_is_known_before() {
    let (address, requests) = cleartext(ok);
    let (results, counted) = count(usual(address, THREE), "http_reqs{proto:HTTP/2.0}");
    assert_eq!((counted, requests.load(Ordering::SeqCst), rate(&results, "checks")), (3, 3, (3, 0)));
    // Greeting, head and acknowledgements of one end, and of the other a head and `ok` for each request at least.
    assert!(counter(&results, "data_sent") > 24);
    assert!(
        (3 * (9 + 1 + 9 + 2)..500).contains(&counter(&results, "data_received")),
        "{:?}",
        results.metrics
    );
}

#[test]
fn many_users_and_exact_counts() {
    let (address, requests) = cleartext(ok);
    let json = r#"{"executor": "shared-iterations", "vus": 50, "iterations": 5000}"#;
    let (results, counted) = count(usual(address, json), "http_reqs{status:200,proto:HTTP/2.0}");
    assert_eq!((counted, requests.load(Ordering::SeqCst)), (5000, 5000));
    assert_eq!((rate(&results, "http_req_failed"), rate(&results, "checks")), ((0, 5000), (5000, 0)));
    assert_eq!(counter(&results, "iterations"), 5000);
}

/// Of each connection, in the order of their coming.
fn requests_by_connection(flow: impl Fn(SocketAddr) -> String) -> Vec<u64> {
    let connections: Arc<Mutex<Vec<Arc<AtomicU64>>>> = Arc::default();
    let told = Arc::clone(&connections);
    let address = serve(move |stream, _| {
        let requests = Arc::new(AtomicU64::new(0));
        told.lock().unwrap().push(Arc::clone(&requests));
        speak(stream, requests, ok)
    });
    let results = run(known(file(&flow(address))));
    assert_eq!(rate(&results, "http_req_failed").0, 0);
    connections.lock().unwrap().iter().map(|requests| requests.load(Ordering::SeqCst)).collect()
}

#[test]
fn a_batch_shares_the_connection_that_is_there() {
    let get = |address| format!("{{get: 'http://{address}/'}}");
    let batch = |address| format!("{{batch: [{}]}}", vec![get(address); 4].join(", "));
    let seen = requests_by_connection(|address| {
        format!("iterations: 3\nflows: {{default: [{}, {}]}}\n", get(address), batch(address))
    });
    assert_eq!(seen, [15]);
    // Without one each request opens its own, and one of these is left.
    let mut seen = requests_by_connection(|address| {
        format!("iterations: 3\nflows: {{default: [{}]}}\n", batch(address))
    });
    seen.sort_unstable();
    let (most, others) = seen.split_last().unwrap();
    assert_eq!(seen.iter().sum::<u64>(), 12);
    assert!(*most >= 9 && others.iter().all(|requests| *requests == 1), "{seen:?}");
}

#[test]
fn a_body_is_sent_whole_through_small_windows() {
    // Six times the window that the server opens.
    let (address, _) = cleartext(|request, mut respond| {
        spawn_local(async move {
            let (mut body, mut length) = (request.into_body(), 0);
            while let Some(data) = body.data().await {
                let data = data.unwrap();
                length += data.len();
                body.flow_control().release_capacity(data.len()).unwrap();
            }
            let status = if length == 400_000 { 200 } else { 500 };
            let response = Response::builder().status(status).body(()).unwrap();
            respond.send_response(response, true).unwrap();
        });
    });
    let mut plan = known(plan_of(&post(address, 400_000), THREE));
    plan.thresholds.push(threshold("http_reqs{status:200}", "count==3"));
    let results = run(plan);
    assert_eq!(counter(&results, "http_reqs{status:200}"), 3);
    assert!(counter(&results, "data_sent") > 1_200_000);
}

#[test]
fn an_early_answer_counts() {
    // As RFC 9113 has it in section 8.1: an answer that is whole, and then a reset without an error.
    let (address, connections) = raw(|mut raw, _| {
        while let Some(stream) = raw.request() {
            raw.say(HEADERS, END_HEADERS | END_STREAM, stream, b"\x08\x03413");
            raw.say(RST_STREAM, 0, stream, &[0; 4]);
        }
    });
    is_answered_early(known(plan_of(&post(address, 32 << 20), THREE)));
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}

/// The server says which request it did not take: even a POST is sent again, and no request twice.
#[test]
fn a_farewell_before_a_request_is_nobodys_failure() {
    let taken = Arc::new(AtomicU64::new(0));
    let told = Arc::clone(&taken);
    let (address, connections) = raw(move |mut raw, place| {
        // The first of each connection is answered, the second told to go elsewhere.
        while let Some(stream) = raw.request() {
            if place == 0 && stream > 1 {
                raw.go_away(1, 0);
                return;
            }
            told.fetch_add(1, Ordering::SeqCst);
            raw.answer(stream);
        }
    });
    let results = run(posting(address));
    assert_eq!((rate(&results, "http_req_failed"), rate(&results, "checks")), ((0, 3), (3, 0)));
    assert_eq!((taken.load(Ordering::SeqCst), connections.load(Ordering::SeqCst)), (3, 2));
}

#[test]
fn a_refused_stream_is_asked_for_again_elsewhere() {
    let (address, connections) = raw(|mut raw, place| {
        while let Some(stream) = raw.request() {
            if place == 0 && stream > 1 {
                raw.say(RST_STREAM, 0, stream, &7_u32.to_be_bytes());
            } else {
                raw.answer(stream);
            }
        }
    });
    let results = run(posting(address));
    assert_eq!((rate(&results, "checks"), connections.load(Ordering::SeqCst)), ((3, 0), 2));
}

#[test]
fn farewells_and_resets_in_the_midst_of_a_request() {
    for (code, expected) in [(0, 1611), (1, 1612), (11, 1622), (99, 1610)] {
        let (address, _) = raw(move |mut raw, _| {
            if let Some(stream) = raw.request() {
                raw.go_away(stream, code);
            }
        });
        // It was taken, so a POST is not sent again.
        fails(posting(address), expected);
    }
    for (code, expected) in [(2, 1633), (8, 1639), (99, 1630)] {
        let (address, _) = raw(move |mut raw, _| {
            while let Some(stream) = raw.request() {
                raw.say(RST_STREAM, 0, stream, &u32::to_be_bytes(code));
            }
        });
        fails(usual(address, THREE), expected);
    }
}

#[test]
fn connections_that_end_in_the_midst_of_a_request() {
    let (address, _) = raw(|mut raw, _| {
        raw.request();
    });
    fails(usual(address, THREE), 1000);
    let (address, _) = raw(|mut raw, _| {
        if let Some(stream) = raw.request() {
            raw.say(HEADERS, END_HEADERS, stream, STATUS_200);
            raw.say(DATA, 0, stream, b"half");
        }
    });
    fails(usual(address, THREE), 1000);
}

#[test]
fn a_body_without_end() {
    let (address, _) = cleartext(|_, mut respond| {
        let mut stream = respond.send_response(Response::new(()), false).unwrap();
        spawn_local(async move {
            let data = Bytes::from_static(&[b'x'; 16_384]);
            loop {
                stream.reserve_capacity(data.len());
                let capacity = std::future::poll_fn(|context| stream.poll_capacity(context)).await;
                let Some(Ok(capacity)) = capacity else { return };
                if stream.send_data(data.slice(..capacity.min(data.len())), false).is_err() {
                    return;
                }
            }
        });
    });
    fails(impatient(address), 1050);
}

#[test]
fn heads_that_are_too_much() {
    let many: Answer = |_, mut respond| {
        let mut response = Response::new(());
        for _ in 0..101 {
            response.headers_mut().append("x", HeaderValue::from_static("y"));
        }
        respond.send_response(response, true).unwrap();
    };
    fails(usual(cleartext(many).0, THREE), 1000);
    let giant: Answer = |_, mut respond| {
        let mut response = Response::new(());
        let headers: &mut HeaderMap = response.headers_mut();
        for _ in 0..90 {
            headers.append("x", HeaderValue::from_str(&"y".repeat(1_000)).unwrap());
        }
        respond.send_response(response, true).unwrap();
    };
    fails(usual(cleartext(giant).0, THREE), 1632);
}

#[test]
fn servers_that_never_greet() {
    let silent =
        serve(|mut stream, _| async move { while matches!(stream.read(&mut [0; 4096]).await, Ok(1..)) {} });
    fails(impatient(silent), 1050);
    // They answer requests all the same.
    let (address, _) = raw(|mut raw, _| while raw.request().is_some() {});
    fails(impatient(address), 1050);
}

#[test]
fn servers_that_speak_something_else() {
    let address = serve(|mut stream, _| async move {
        let _ = stream.read(&mut [0; 4096]).await;
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").await;
        let _ = stream.read(&mut [0; 4096]).await;
    });
    fails(usual(address, THREE), 1657);
}
