//! The agent from start to shutdown: starts the parts, reloads the configuration, stops in order.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use anyhow::Context;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::deliver::Delivery;
use super::names;
use super::node::NodeThread;
use super::report::Reporter;
use super::sampling::{node_name, open_and_announce, sampler};
use crate::config::{self, Config, Loaded, Sources};
use crate::encode::document;
use crate::sampler::clock::{Clock, KernelClock};
use crate::sampler::{Feeds, SamplerThread};
use crate::server::{self, Counters};

/// How often the configuration file is looked at for a change.
const FILE_INTERVAL: Duration = Duration::from_secs(5);

/// Runs until SIGTERM or SIGINT.
pub(super) fn run(loaded: Loaded, sources: &Sources) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(4)
        .build()
        .context("starting the asynchronous runtime")?;
    runtime.block_on(serve(loaded.config, sources))
}

async fn serve(config: Config, sources: &Sources) -> anyhow::Result<()> {
    let mut parts = Running::start(config).await?;
    let mut terminate = signal(SignalKind::terminate()).context("SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("SIGINT")?;
    let mut hangup = signal(SignalKind::hangup()).context("SIGHUP")?;
    let mut looks = tokio::time::interval(FILE_INTERVAL);
    let mut seen = sources.file.as_deref().and_then(modified);
    loop {
        tokio::select! {
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
            _ = hangup.recv() => parts.reload(sources).await,
            _ = looks.tick() => {
                if parts.sampler.has_died() {
                    parts.stop().await;
                    anyhow::bail!("the sampler ended by itself");
                }
                let now = sources.file.as_deref().and_then(modified);
                if now.is_some() && now != seen {
                    seen = now;
                    parts.reload(sources).await;
                }
            }
        }
    }
    tracing::info!("stopping");
    parts.stop().await;
    Ok(())
}

fn modified(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path).ok()?.modified().ok()
}

/// All running parts, and the configuration they run by.
struct Running {
    config: Config,
    feeds: Feeds,
    reporter: Reporter,
    sampler: SamplerThread,
    node: NodeThread,
    names: JoinHandle<()>,
    server: ServerTask,
    sinks: Vec<Delivery>,
}

impl Running {
    async fn start(config: Config) -> anyhow::Result<Running> {
        let feeds = Feeds::default();
        // The address first: a second agent on this machine should fail before it reads anything.
        let listener = bind(&config).await?;
        let (tree, _) = open_and_announce(&config)?;
        let node = start_node(&config, &feeds)?;
        let reporter = Reporter {
            feeds: feeds.clone(),
            counters: Arc::new(Counters::default()),
            node_health: node.health.clone(),
            sinks: Arc::new(Mutex::new(Vec::new())),
            started_wall_ns: KernelClock.wall_ns(),
        };
        let sampler =
            SamplerThread::start(sampler(&config, tree, feeds.clone())).context("starting the sampler")?;
        let server = ServerTask::start(listener, &config, &reporter);
        let names = tokio::spawn(names::keep_fresh(config.identity.clone(), feeds.clone()));
        let mut running =
            Running { config, feeds, reporter, sampler, node, names, server, sinks: Vec::new() };
        running.start_sinks()?;
        Ok(running)
    }

    fn start_sinks(&mut self) -> anyhow::Result<()> {
        let host = node_name(&self.config);
        for config in &self.config.sinks.influxdb {
            let seed = KernelClock.wall_ns() as u64 ^ self.sinks.len() as u64;
            self.sinks.push(Delivery::start(config.clone(), self.feeds.clone(), &host, seed)?);
        }
        self.show_sinks();
        Ok(())
    }

    fn show_sinks(&self) {
        let handles = self.sinks.iter().map(Delivery::handle).collect();
        *self.reporter.sinks.lock().unwrap_or_else(PoisonError::into_inner) = handles;
    }

    /// Reads the configuration again and restarts the parts whose settings changed. A bad one is refused with
    /// all of its problems, and everything goes on as before.
    async fn reload(&mut self, sources: &Sources) {
        let new = match config::load(sources) {
            Ok(loaded) => loaded.config,
            Err(problems) => {
                for problem in problems {
                    tracing::error!(%problem, "configuration refused; the running one stays");
                }
                return;
            }
        };
        if new == self.config {
            tracing::info!("configuration unchanged");
            return;
        }
        match self.apply(new).await {
            Ok(()) => tracing::info!("configuration reloaded"),
            Err(error) => tracing::error!(error = format!("{error:#}"), "a part kept its old configuration"),
        }
    }

    async fn apply(&mut self, new: Config) -> anyhow::Result<()> {
        let old = std::mem::replace(&mut self.config, new);
        let new = &self.config;
        if (&old.identity, &old.paths) != (&new.identity, &new.paths) {
            self.names.abort();
            self.names = tokio::spawn(names::keep_fresh(new.identity.clone(), self.feeds.clone()));
        }
        if (&old.paths, &old.sampler) != (&new.paths, &new.sampler) {
            let (tree, _) = open_and_announce(new)?;
            self.sampler = SamplerThread::start(sampler(new, tree, self.feeds.clone()))?;
        }
        if (&old.paths, &old.procfs, old.sampler.slow_interval)
            != (&new.paths, &new.procfs, new.sampler.slow_interval)
        {
            self.node = start_node(new, &self.feeds)?;
            self.reporter.node_health = self.node.health.clone();
        }
        if old.server != new.server {
            self.server.stop().await;
            let listener = bind(new).await?;
            self.server = ServerTask::start(listener, new, &self.reporter);
        }
        if old.sinks != new.sinks {
            for sink in std::mem::take(&mut self.sinks) {
                sink.stop().await;
            }
            self.start_sinks()?;
        }
        Ok(())
    }

    async fn stop(mut self) {
        self.names.abort();
        drop(self.sampler);
        drop(self.node);
        for sink in self.sinks {
            sink.stop().await;
        }
        self.server.stop().await;
    }
}

fn start_node(config: &Config, feeds: &Feeds) -> anyhow::Result<NodeThread> {
    NodeThread::start(config.procfs(), config.sampler.slow_interval, feeds.clone())
}

async fn bind(config: &Config) -> anyhow::Result<TcpListener> {
    let address = config.server.listen;
    TcpListener::bind(address).await.with_context(|| {
        format!("server.listen: {address}: cannot be listened on; is an agent running here? choose another with --set server.listen=127.0.0.1:PORT")
    })
}

/// The running HTTP server.
struct ServerTask {
    stop: Option<oneshot::Sender<()>>,
    task: Option<JoinHandle<()>>,
}

impl ServerTask {
    fn start(listener: TcpListener, config: &Config, reporter: &Reporter) -> ServerTask {
        let (stop, stopped) = oneshot::channel::<()>();
        let reporting = reporter.clone();
        let state = server::State::new(
            reporter.feeds.snapshot.clone(),
            Arc::new(move || reporting.report()),
            Arc::new(|snapshot| serde_json::to_vec(&document::pods(snapshot)).unwrap_or_default()),
            reporter.counters.clone(),
        );
        let config = config.server.clone();
        tracing::info!(address = %config.listen, "serving /metrics");
        let task = tokio::spawn(async move {
            let told = async {
                let _sender_gone = stopped.await;
            };
            if let Err(error) = server::serve(listener, config, state, told).await {
                tracing::error!(%error, "the server ended");
            }
        });
        ServerTask { stop: Some(stop), task: Some(task) }
    }

    async fn stop(&mut self) {
        drop(self.stop.take());
        if let Some(task) = self.task.take() {
            let _ended = task.await;
        }
    }
}
