//! One page over HTTP for as long as a load test runs, with every connection bounded. The agent's own server is another
//! one: it has snapshots, forms and tokens.

use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::Context;
use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::cli::{MakePage, Served};

const MOST_CONNECTIONS: usize = 32;
/// For the head of a request, idleness between two included.
const HEAD: Duration = Duration::from_secs(90);
/// For all of a connection, so that a reader that never ends has no place for good.
const CONNECTION: Duration = Duration::from_hours(1);
/// For answers under way when it is to end.
const LAST: Duration = Duration::from_secs(1);
/// After a failed accept: out of file descriptors, most likely.
const PAUSE: Duration = Duration::from_millis(100);

/// The server and its thread.
pub(super) struct Serving {
    address: SocketAddr,
    count: Arc<AtomicU64>,
    /// Dropped to end.
    stop: Option<watch::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Serving {
    pub(super) fn start(listen: SocketAddr, page: MakePage) -> anyhow::Result<Serving> {
        let failed = || format!("page at {listen}");
        let listener = bind(listen).with_context(failed)?;
        listener.set_nonblocking(true).with_context(failed)?;
        let address = listener.local_addr().with_context(failed)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.with_context(failed)?;
        let count = Arc::new(AtomicU64::new(0));
        let (stop, end) = watch::channel(());
        let handed = Arc::clone(&count);
        let serve = move || {
            runtime.block_on(async {
                // Bound already; only a runtime without IO would refuse it.
                let Ok(listener) = TcpListener::from_std(listener) else { return };
                accept(listener, page, handed, end).await;
            });
            runtime.shutdown_background();
        };
        let thread = thread::Builder::new().name("load-page".to_owned()).spawn(serve).with_context(failed)?;
        Ok(Serving { address, count, stop: Some(stop), thread: Some(thread) })
    }
}

/// All addresses are those of IPv4 where the machine has no IPv6.
fn bind(listen: SocketAddr) -> io::Result<std::net::TcpListener> {
    std::net::TcpListener::bind(listen).or_else(|error| match (listen.ip(), error.kind()) {
        (IpAddr::V6(ip), kind) if ip.is_unspecified() && kind != io::ErrorKind::AddrInUse => {
            std::net::TcpListener::bind((Ipv4Addr::UNSPECIFIED, listen.port())).map_err(|_| error)
        }
        _ => Err(error),
    })
}

impl Served for Serving {
    fn address(&self) -> SocketAddr {
        self.address
    }

    fn count(&self) -> u64 {
        self.count.load(Ordering::Acquire)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // One that panicked has said so.
            let _ended = thread.join();
        }
    }
}

async fn accept(listener: TcpListener, page: MakePage, count: Arc<AtomicU64>, mut end: watch::Receiver<()>) {
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    let mut connections = JoinSet::new();
    loop {
        // Without a place others wait in the kernel's queue.
        let next = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            next = next => next,
            Some(_) = connections.join_next() => continue,
            _ = end.changed() => break,
        };
        match (place, accepted) {
            (Ok(place), Ok((stream, _))) => {
                let connection =
                    connection(stream, Arc::clone(&page), Arc::clone(&count), end.clone(), place);
                connections.spawn(timeout(CONNECTION, connection));
            }
            _ => sleep(PAUSE).await,
        }
    }
    // Whoever is being answered gets all of it.
    let _cut_off = timeout(LAST, async { while connections.join_next().await.is_some() {} }).await;
}

async fn connection(
    stream: TcpStream,
    page: MakePage,
    count: Arc<AtomicU64>,
    mut end: watch::Receiver<()>,
    _place: OwnedSemaphorePermit,
) {
    let service = service_fn(move |request: Request<hyper::body::Incoming>| {
        let (page, count) = (Arc::clone(&page), Arc::clone(&count));
        async move { Ok::<_, Infallible>(answer(request.method(), request.uri().path(), page, &count).await) }
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD).max_headers(64);
    let mut connection = std::pin::pin!(builder.serve_connection(TokioIo::new(stream), service));
    // A peer that goes away is nobody's failure.
    tokio::select! {
        _ended = connection.as_mut() => return,
        _ = end.changed() => connection.as_mut().graceful_shutdown(),
    }
    let _ended = connection.await;
}

async fn answer(method: &Method, path: &str, page: MakePage, count: &AtomicU64) -> Response<Full<Bytes>> {
    let plain = |status: StatusCode, text: &'static str| {
        let mut response = Response::new(Full::new(Bytes::from_static(text.as_bytes())));
        *response.status_mut() = status;
        response
    };
    if path != "/metrics" {
        return plain(StatusCode::NOT_FOUND, "see /metrics\n");
    }
    if !matches!(*method, Method::GET | Method::HEAD) {
        return plain(StatusCode::METHOD_NOT_ALLOWED, "GET alone\n");
    }
    // It takes a moment where there is much to say; other scrapes are answered meanwhile.
    let Ok((kind, body)) = tokio::task::spawn_blocking(move || page()).await else {
        return plain(StatusCode::INTERNAL_SERVER_ERROR, "no page\n");
    };
    count.fetch_add(1, Ordering::Release);
    let mut response = Response::new(Full::new(body.into()));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}
