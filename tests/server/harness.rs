//! A server on a port of its own, and a client that reads one answer.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwapOption;
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Bytes;
use hyper::{HeaderMap, Request};
use hyper_util::rt::TokioIo;
use podometer::model::report::ServerStats;
use podometer::model::snapshot::Snapshot;
use podometer::server::{Config, Counters, State, prepare, serve};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::sample;

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) snapshot: Arc<ArcSwapOption<Snapshot>>,
    pub(crate) boot_ns: Arc<AtomicU64>,
    counters: Arc<Counters>,
    shutdown: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.to_vec()).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl Server {
    /// Serves the sample, one second after it was taken.
    pub(crate) async fn start(config: Config) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let snapshot = Arc::new(ArcSwapOption::from(Some(sample::snapshot())));
        let boot_ns = Arc::new(AtomicU64::new(sample::snapshot().taken.boot_ns + 1_000_000_000));
        let (counters, clock) = (Arc::new(Counters::default()), Arc::clone(&boot_ns));
        let counted = Arc::clone(&counters);
        let mut state = State::new(
            Arc::clone(&snapshot),
            Arc::new(move || {
                let mut report = sample::report();
                report.server = counted.stats();
                report
            }),
            Arc::new(|snapshot, uid| {
                let known = uid.is_none_or(|uid| uid == sample::UID);
                known.then(|| format!("{{\"units\":{}}}", snapshot.units.len()).into_bytes())
            }),
            Arc::clone(&counters),
        );
        state.boot_ns = Arc::new(move || clock.load(Ordering::Relaxed));
        let (shutdown, ended) = oneshot::channel();
        let prepared = prepare(config).unwrap();
        let task = tokio::spawn(serve(listener, prepared, state, async {
            let _ = ended.await;
        }));
        Server { address, snapshot, boot_ns, counters, shutdown, task }
    }

    pub(crate) fn stats(&self) -> ServerStats {
        self.counters.stats()
    }

    pub(crate) fn cut_off(&self, reason: &str) -> u64 {
        self.stats().cut_off.iter().find(|(name, _)| *name == reason).unwrap().1
    }

    /// Waits until the server has ended, and with it every connection.
    pub(crate) async fn end(self) -> ServerStats {
        self.shutdown.send(()).unwrap();
        self.task.await.unwrap();
        self.counters.stats()
    }

    pub(crate) async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let stream = TcpStream::connect(self.address).await.unwrap();
        ask(stream, "GET", path, headers).await
    }
}

/// Asks once over this stream and closes it.
pub(crate) async fn ask<S>(stream: S, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    let driver = tokio::spawn(connection);
    let mut request = Request::builder().method(method).uri(path).header("host", "localhost");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = sender.send_request(request.body(Empty::<Bytes>::new()).unwrap()).await.unwrap();
    let (head, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    drop(sender);
    driver.abort();
    Answer { status: head.status.as_u16(), headers: head.headers, body }
}
