//! HTTP/1.1 over TLS: right answers, sessions that are resumed, and each failure under k6's code.

use std::convert::Infallible;
use std::future::pending;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use podometer::load::engine::{Plan, TlsSettings};
use podometer::load::file::{TlsAuth, TlsVersion};
use podometer::load::results::Values;
use rustix::net::sockopt::set_socket_linger;
use rustls::version::{TLS12, TLS13};
use rustls::{HandshakeKind, SupportedProtocolVersion};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::faults::{THREE, fails};
use crate::harness::{counter, get, plan_of, rate, run, threshold};
use crate::secure::{Authority, Shown, secure, secured, serve};

static ONLY_12: [&SupportedProtocolVersion; 1] = [&TLS12];
static ONLY_13: [&SupportedProtocolVersion; 1] = [&TLS13];

type Seen = Arc<Mutex<Vec<HandshakeKind>>>;

/// What a real server does with a connection.
pub(crate) async fn speak(stream: TlsStream<TcpStream>) {
    let answer =
        |_: Request<_>| async { Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(b"ok")))) };
    // Its end, however it ends, is seen by the other side.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer)).await;
}

/// A real server that answers `ok`, and which handshakes it saw.
fn https(acceptor: TlsAcceptor) -> (SocketAddr, Seen) {
    let seen = Seen::default();
    let told = Arc::clone(&seen);
    let address = serve(move |stream, _| {
        let (acceptor, seen) = (acceptor.clone(), Arc::clone(&told));
        async move {
            // What fails here is told by the other side.
            let Ok(stream) = acceptor.accept(stream).await else { return };
            seen.lock().unwrap().push(stream.get_ref().1.handshake_kind().unwrap());
            speak(stream).await;
        }
    });
    (address, seen)
}

fn counted(plan: &mut Plan, selector: &str) {
    plan.thresholds.push(threshold(selector, "count>0"));
}

#[test]
fn answers_come_over_each_version_and_one_handshake_is_measured() {
    for (versions, tag) in [(&ONLY_12, "tls1.2"), (&ONLY_13, "tls1.3")] {
        let authority = Authority::new();
        let (address, seen) = https(authority.acceptor(&Shown { versions, ..Shown::default() }));
        let mut plan = secure(address, THREE, &authority.trusted());
        let selector = format!("http_reqs{{tls_version:{tag},proto:HTTP/1.1,status:200}}");
        counted(&mut plan, &selector);
        let results = run(plan);
        assert_eq!((counter(&results, &selector), rate(&results, "checks")), (3, (3, 0)), "{tag}");
        assert_eq!(*seen.lock().unwrap(), [HandshakeKind::Full]);
        let Values::Trend(handshaking) = &results.metric("http_req_tls_handshaking").unwrap().values else {
            panic!()
        };
        assert_eq!((handshaking.count(), handshaking.quantile(0.5)), (3, Some(0.0)));
        assert!(handshaking.max() > Some(0), "{handshaking:?}");
        let agent = concat!("podometer/", env!("CARGO_PKG_VERSION"));
        let sent = format!("GET / HTTP/1.1\r\nHost: {address}\r\nUser-Agent: {agent}\r\n\r\n");
        assert_eq!(counter(&results, "data_sent"), 3 * sent.len() as u64);
    }
}

#[test]
fn sessions_are_resumed() {
    for versions in [&ONLY_12, &ONLY_13] {
        let authority = Authority::new();
        let (address, seen) = https(authority.acceptor(&Shown { versions, ..Shown::default() }));
        let mut plan = secure(address, THREE, &authority.trusted());
        plan.options.no_connection_reuse = true;
        assert_eq!(rate(&run(plan), "checks"), (3, 0));
        let seen = seen.lock().unwrap();
        assert_eq!(*seen, [HandshakeKind::Full, HandshakeKind::Resumed, HandshakeKind::Resumed]);
    }
}

#[test]
fn certificates_that_do_not_hold() {
    let authority = Authority::new();
    let shown = |names: &str, is_expired| {
        let names = vec![names.to_owned()];
        https(authority.acceptor(&Shown { names, is_expired, ..Shown::default() })).0
    };
    fails(secure(shown("localhost", true), THREE, &authority.trusted()), 1300);
    fails(secure(shown("other.example", false), THREE, &authority.trusted()), 1311);
    fails(secure(shown("localhost", false), THREE, &TlsSettings::default()), 1310);
    // All of that is wrong, and nobody looks.
    let settings = TlsSettings { is_insecure: true, ..TlsSettings::default() };
    assert_eq!(rate(&run(secure(shown("other.example", true), THREE, &settings)), "checks"), (3, 0));
}

#[test]
fn versions_that_do_not_meet() {
    let authority = Authority::new();
    let (address, _) = https(authority.acceptor(&Shown { versions: &ONLY_12, ..Shown::default() }));
    let versions = (TlsVersion::Tls13, TlsVersion::Tls13);
    fails(secure(address, THREE, &TlsSettings { versions, ..authority.trusted() }), 1300);
}

#[test]
fn servers_that_ask_who_it_is() {
    for versions in [&ONLY_12, &ONLY_13] {
        let authority = Authority::new();
        let (address, _) = https(authority.acceptor(&Shown { asks_who: true, versions, ..Shown::default() }));
        fails(secure(address, THREE, &authority.trusted()), 1300);
        authority.sign(&Shown { names: vec!["me".into()], ..Shown::default() });
        let identity = |domains: &[&str]| TlsAuth {
            cert: authority.file("cert.pem"),
            key: authority.file("key.pem"),
            domains: domains.iter().map(ToString::to_string).collect(),
        };
        for domains in [&[][..], &["localhost"]] {
            let settings = TlsSettings { identities: vec![identity(domains)], ..authority.trusted() };
            assert_eq!(rate(&run(secure(address, THREE, &settings)), "checks"), (3, 0));
        }
        let settings = TlsSettings { identities: vec![identity(&["other"])], ..authority.trusted() };
        fails(secure(address, THREE, &settings), 1300);
    }
}

#[test]
fn a_server_without_tls_behind_the_port() {
    let address = serve(|mut stream, _| async move {
        let mut hello = [0; 1024];
        let _ = stream.read(&mut hello).await;
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").await;
        let _ = stream.read(&mut hello).await;
    });
    fails(secure(address, THREE, &TlsSettings::default()), 1300);
}

#[test]
fn handshakes_that_stall_break_or_end() {
    let stalled = serve(|stream, _| async move {
        let _held = stream;
        pending::<()>().await;
    });
    let plan = plan_of(&get(stalled, "/", "200ms"), THREE);
    fails(secured(plan, stalled, &TlsSettings::default()), 1050);
    let heard = async |stream: &mut TcpStream| {
        let _ = stream.read(&mut [0; 64]).await;
    };
    let broken = serve(move |mut stream, _| async move {
        heard(&mut stream).await;
        set_socket_linger(&stream, Some(Duration::ZERO)).unwrap();
    });
    fails(secure(broken, THREE, &TlsSettings::default()), 1220);
    let ended = serve(move |mut stream, _| async move {
        let _ = stream.read(&mut [0; 4096]).await;
    });
    fails(secure(ended, THREE, &TlsSettings::default()), 1000);
}

/// What is still on its way does not hide what the server said.
#[test]
fn an_early_answer_counts_over_tls_too() {
    let authority = Authority::new();
    let acceptor = authority.acceptor(&Shown::default());
    let address = serve(move |stream, _| {
        let acceptor = acceptor.clone();
        async move {
            let Ok(mut stream) = acceptor.accept(stream).await else { return };
            let _ = stream.read(&mut [0; 1024]).await;
            let _ = stream.write_all(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n").await;
            let _ = stream.flush().await;
        }
    });
    crate::faults::is_answered_early(secure(address, THREE, &authority.trusted()));
}
