//! From start to shutdown.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use arc_swap::{ArcSwap, ArcSwapOption};
use axum::Router;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::certificate::Pair;
use super::config::Config;
use super::counters::Counters;
use super::error::ServeError;
use super::keeper::Keeper;
use super::namespaces::Namespaces;
use super::routes::{self, Shared};
use crate::server::{self, Tls, serve_routes};

/// Whoever asks for metrics alone.
const METRICS_CONNECTIONS: usize = 16;
/// Longer than API servers keep idle connections: who asks shall be the one that ends them.
const IDLE: Duration = Duration::from_mins(10);
/// For reviews under way at the end.
const LAST: Duration = Duration::from_secs(5);

/// A running webhook; it ends with [`Running::stop`].
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    metrics_address: Option<SocketAddr>,
    /// Dropped to end.
    stop: watch::Sender<()>,
    servers: Vec<JoinHandle<()>>,
    keeper: JoinHandle<()>,
}

/// Serves until SIGTERM or SIGINT.
pub fn run(config: Config) -> Result<(), ServeError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|source| ServeError::Runtime { source })?;
    runtime.block_on(async {
        // First of all, so that none is missed.
        let on = |kind| signal(kind).map_err(|source| ServeError::Runtime { source });
        let (mut terminate, mut interrupt) = (on(SignalKind::terminate())?, on(SignalKind::interrupt())?);
        let running = Running::start(config).await?;
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping");
        running.stop().await;
        Ok(())
    })
}

impl Running {
    /// Serves from now on; reviews come once the webhook configuration trusts the certificate.
    pub async fn start(config: Config) -> Result<Running, ServeError> {
        let config = Arc::new(config);
        let counters = Arc::new(Counters::default());
        counters.classes.store(config.settings.classes.len() as u64, Ordering::Relaxed);
        let shown = Arc::new(ArcSwapOption::empty());
        let settings = Arc::new(ArcSwap::from_pointee(config.settings.clone()));
        let server = Arc::new(ArcSwapOption::empty());
        let namespaces = Namespaces::new(Arc::clone(&server), Arc::clone(&counters));
        let shared =
            Shared::new(Arc::clone(&settings), config.namespace.clone(), Arc::clone(&counters), namespaces);
        // Until there is one that is trusted, probes are answered under one that nobody trusts.
        let interim = Pair::make(&config.names(), SystemTime::now(), config.lifetime, None)?;
        let interim = interim.server_config().map_err(|problem| ServeError::Certificate { problem })?;
        shown.store(Some(interim));
        let (stop, end) = watch::channel(());

        let (listener, address) = bind(config.listen).await?;
        let metrics = match config.metrics_listen {
            Some(address) => Some(bind(address).await?),
            None => None,
        };
        let limits = server::Config { max_connections: config.max_connections, ..bounds() };
        let tls = Tls::handed(Arc::clone(&shown));
        let counted = Arc::clone(&counters.server);
        let mut servers = vec![serving(
            listener,
            limits,
            Some(tls),
            routes::all(Arc::clone(&shared)),
            counted,
            end.clone(),
        )];
        tracing::info!(%address, "serving reviews");
        let metrics_address = metrics.as_ref().map(|(_, address)| *address);
        if let Some((listener, metrics)) = metrics {
            let limits = server::Config { max_connections: METRICS_CONNECTIONS, ..bounds() };
            servers.push(serving(listener, limits, None, routes::pages(shared), Arc::default(), end));
            tracing::info!(%metrics, "serving the webhook's metrics");
        }
        let keeper = tokio::spawn(Keeper::new(config, counters, shown, settings, server).run());
        Ok(Running { address, metrics_address, stop, servers, keeper })
    }

    /// Where it listens; the port is known even where none was given.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics_address
    }

    /// Takes no more connections and answers what is under way.
    pub async fn stop(self) {
        self.keeper.abort();
        drop(self.stop);
        for server in self.servers {
            // One that panicked has said so.
            let _ended = server.await;
        }
    }
}

fn bounds() -> server::Config {
    server::Config { idle_timeout: IDLE, shutdown_timeout: LAST, ..server::Config::default() }
}

async fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), ServeError> {
    let failed = |source| ServeError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

fn serving(
    listener: TcpListener,
    bounds: server::Config,
    tls: Option<Tls>,
    routes: Router,
    counters: Arc<server::Counters>,
    mut end: watch::Receiver<()>,
) -> JoinHandle<()> {
    let ended = async move { drop(end.changed().await) };
    tokio::spawn(serve_routes(listener, bounds, tls, routes, counters, ended))
}
