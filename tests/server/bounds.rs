//! Clients that are slow, many or rude.

use std::sync::Arc;
use std::time::Duration;

use podometer::model::identity::UnitKind;
use podometer::model::snapshot::Snapshot;
use podometer::server::{Config, ServerError};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

use super::harness::Server;
use super::sample;

const REQUEST: &[u8] = b"GET /metrics HTTP/1.1\r\nhost: localhost\r\n\r\n";

async fn read_all(stream: &mut TcpStream) -> Vec<u8> {
    let mut all = Vec::new();
    // A reset after the answer is as good as an end.
    let _ = stream.read_to_end(&mut all).await;
    all
}

#[tokio::test]
async fn a_head_that_never_ends_is_cut_off() {
    let config = Config { header_timeout: Duration::from_millis(100), ..Config::default() };
    let server = Server::start(config).await;
    let mut slow = TcpStream::connect(server.address).await.unwrap();
    slow.write_all(b"GET /metrics HTTP/1.1\r\nx-slow: ").await.unwrap();
    assert!(read_all(&mut slow).await.is_empty());
    assert_eq!(server.get("/-/healthy", &[]).await.status, 200);
    assert_eq!(server.end().await.cut_off[1], ("slow_header", 1));
}

#[tokio::test]
async fn a_silent_connection_is_ended_as_idle() {
    let config = Config { header_timeout: Duration::from_millis(100), ..Config::default() };
    let server = Server::start(config).await;
    let mut idle = TcpStream::connect(server.address).await.unwrap();
    assert!(read_all(&mut idle).await.is_empty());
    assert_eq!(server.end().await.cut_off[0], ("idle", 1));
}

#[tokio::test]
async fn a_connection_that_asks_no_more_is_ended_as_idle() {
    let config = Config { idle_timeout: Duration::from_millis(100), ..Config::default() };
    let server = Server::start(config).await;
    let mut idle = TcpStream::connect(server.address).await.unwrap();
    idle.write_all(b"GET /-/healthy HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    assert!(read_all(&mut idle).await.ends_with(b"healthy\n"));
    assert_eq!(server.end().await.cut_off[0], ("idle", 1));
}

#[tokio::test]
async fn a_reader_that_stops_is_cut_off_and_holds_nobody_up() {
    let config = Config {
        write_timeout: Duration::from_millis(200),
        shutdown_timeout: Duration::from_mins(1),
        ..Config::default()
    };
    let server = Server::start(config).await;
    server.snapshot.store(Some(large()));
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut stuck = socket.connect(server.address).await.unwrap();
    stuck.write_all(REQUEST).await.unwrap();
    stuck.readable().await.unwrap();

    server.snapshot.store(Some(sample::snapshot()));
    assert_eq!(server.get("/metrics", &[]).await.status, 200, "others are served meanwhile");
    // The server ends only once the connection was cut: its own limit for that is far away.
    let stats = server.end().await;
    assert!(stats.cut_off.contains(&("slow_reader", 1)), "{:?}", stats.cut_off);
    let got = read_all(&mut stuck).await;
    assert!(!got.ends_with(b"0\r\n\r\n"), "the answer must not look complete");
}

#[tokio::test]
async fn connections_beyond_the_bound_are_refused_at_once() {
    let server = Server::start(Config { max_connections: 1, ..Config::default() }).await;
    let mut first = TcpStream::connect(server.address).await.unwrap();
    first.write_all(b"GET /-/healthy HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    let mut byte = [0];
    first.read_exact(&mut byte).await.unwrap();
    let mut second = TcpStream::connect(server.address).await.unwrap();
    let refusal = read_all(&mut second).await;
    assert!(refusal.starts_with(b"HTTP/1.1 503 "), "{}", String::from_utf8_lossy(&refusal));
    assert_eq!((server.cut_off("too_many"), server.stats().connections), (1, 1));
}

#[tokio::test]
async fn a_huge_head_is_refused() {
    let server = Server::start(Config { max_request_bytes: 8192, ..Config::default() }).await;
    let mut rude = TcpStream::connect(server.address).await.unwrap();
    let head = format!("GET / HTTP/1.1\r\nx: {}\r\n\r\n", "y".repeat(100_000));
    // The server may hang up before all of it is out.
    let _ = rude.write_all(head.as_bytes()).await;
    let answer = read_all(&mut rude).await;
    assert!(
        answer.is_empty() || answer.starts_with(b"HTTP/1.1 431 "),
        "{}",
        String::from_utf8_lossy(&answer)
    );
    assert_eq!(server.get("/-/healthy", &[]).await.status, 200);
}

#[test]
fn useless_bounds_are_refused() {
    for (config, part) in [
        (Config { max_connections: 0, ..Config::default() }, "max_connections"),
        (Config { gzip_level: 10, ..Config::default() }, "gzip_level: 10"),
    ] {
        let error = start_error(config);
        assert!(error.to_string().contains(part), "{error}");
    }
}

/// The error with which a server refuses to start.
pub(crate) fn start_error(config: Config) -> ServerError {
    podometer::server::prepare(config).unwrap_err()
}

/// Some tens of megabytes of text, more than any socket buffers.
fn large() -> Arc<Snapshot> {
    let mut snapshot = (*sample::snapshot()).clone();
    for id in 100..2100 {
        snapshot.units.push(sample::unit(id, &format!("/system.slice/unit-{id}.service"), UnitKind::Service));
    }
    Arc::new(snapshot)
}
