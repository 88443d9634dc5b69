//! Accepts connections and serves each within its bounds.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::config::Config;
use super::counters::{Counters, CutOff, add};
use super::error::ServerError;
use super::routes::{Shared, router};
use super::state::State;
use super::timed_io::{Limits, TimedIo};
use super::tls::Tls;
use super::token::Token;

/// Said to connections beyond the bound.
const TOO_MANY: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// How many headers a request may have.
const MAX_HEADERS: usize = 64;

/// Wait after a failed accept: out of file descriptors, most likely.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A server that has everything it needs to serve, but no address yet.
#[derive(Debug)]
pub struct Prepared {
    config: Config,
    tls: Option<Tls>,
    token: Token,
}

/// Reads the certificate and the token, so that what cannot be served with is refused before anything starts.
pub fn prepare(config: Config) -> Result<Prepared, ServerError> {
    if config.max_connections == 0 {
        return Err(ServerError::NoConnections);
    }
    if !(1..=9).contains(&config.gzip_level) {
        return Err(ServerError::GzipLevel { level: config.gzip_level });
    }
    let tls = config.tls.clone().map(Tls::from_config).transpose()?;
    let token = Token::from_config(&config)?;
    Ok(Prepared { config, tls, token })
}

/// Serves until `shutdown` resolves, then gives open connections their time to end.
pub async fn serve(
    listener: TcpListener,
    prepared: Prepared,
    state: State,
    shutdown: impl Future<Output = ()>,
) {
    let Prepared { config, tls, token } = prepared;
    let counters = Arc::clone(&state.counters);
    let routes = router(Arc::new(Shared::new(&config, state, token)));
    serve_routes(listener, config, tls, routes, counters, shutdown).await;
}

/// The same for routes of another kind than a snapshot's.
pub async fn serve_routes(
    listener: TcpListener,
    config: Config,
    tls: Option<Tls>,
    routes: Router,
    counters: Arc<Counters>,
    shutdown: impl Future<Output = ()>,
) {
    let shutdown_timeout = config.shutdown_timeout;
    let places = Arc::new(Semaphore::new(config.max_connections));
    let (ending, end) = watch::channel(());
    let bounds = Arc::new(Bounds { config, tls, routes, counters, end });
    let mut connections = JoinSet::new();
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            () = &mut shutdown => break,
            Some(_) = connections.join_next() => continue,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => match Arc::clone(&places).try_acquire_owned() {
                Ok(place) => {
                    connections.spawn(Arc::clone(&bounds).connection(stream, place));
                }
                Err(_) => bounds.refuse(&stream),
            },
            Err(error) => {
                tracing::warn!(%error, "accept failed");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    drop(ending);
    let ended = timeout(shutdown_timeout, async { while connections.join_next().await.is_some() {} }).await;
    if ended.is_err() {
        connections.shutdown().await;
    }
}

/// What every connection needs.
struct Bounds {
    config: Config,
    tls: Option<Tls>,
    routes: Router,
    counters: Arc<Counters>,
    /// Its sender is dropped at shutdown.
    end: watch::Receiver<()>,
}

impl Bounds {
    /// Says no without waiting for the peer.
    fn refuse(&self, stream: &TcpStream) {
        self.counters.cut_off(CutOff::TooMany);
        if let Err(error) = stream.try_write(TOO_MANY) {
            tracing::debug!(%error, "connection refused without a word");
        }
    }

    async fn connection(self: Arc<Self>, stream: TcpStream, place: OwnedSemaphorePermit) {
        add(&self.counters.connections, 1);
        let _ = stream.set_nodelay(true);
        match &self.tls {
            None => self.requests(stream).await,
            Some(tls) => match tls.acceptor() {
                None => self.counters.cut_off(CutOff::TlsHandshake),
                Some(acceptor) => match timeout(self.config.header_timeout, acceptor.accept(stream)).await {
                    Ok(Ok(stream)) => self.requests(stream).await,
                    Ok(Err(error)) => {
                        tracing::debug!(%error, "TLS handshake failed");
                        self.counters.cut_off(CutOff::TlsHandshake);
                    }
                    Err(_) => self.counters.cut_off(CutOff::TlsHandshake),
                },
            },
        }
        self.counters.connections.fetch_sub(1, Ordering::Relaxed);
        drop(place);
    }

    async fn requests<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: S) {
        let limits = Limits {
            head: self.config.header_timeout,
            idle: self.config.idle_timeout,
            write: self.config.write_timeout,
        };
        let stream = TimedIo::new(stream, limits, Arc::clone(&self.counters));
        let head_complete = stream.head_complete();
        let routes = TowerToHyperService::new(self.routes.clone());
        let service = service_fn(move |request| {
            head_complete.store(true, Ordering::Relaxed);
            routes.call(request)
        });
        // hyper has one limit for head and idleness: the stream keeps both instead.
        let connection = http1::Builder::new()
            .header_read_timeout(None)
            .max_buf_size(self.config.max_request_bytes.max(8192))
            .max_headers(MAX_HEADERS)
            .serve_connection(TokioIo::new(stream), service);
        let mut connection = std::pin::pin!(connection);
        let mut end = self.end.clone();
        let mut ending = false;
        let served = loop {
            tokio::select! {
                served = connection.as_mut() => break served,
                _ = end.changed(), if !ending => {
                    ending = true;
                    connection.as_mut().graceful_shutdown();
                }
            }
        };
        if let Err(error) = served {
            tracing::debug!(%error, "connection ended");
        }
    }
}
