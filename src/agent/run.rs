//! The agent from start to shutdown: starts the parts, reloads the configuration, stops in order.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use anyhow::Context;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::authority;
use super::deliver::{Deliveries, Wanted};
use super::kubernetes::Kubernetes;
use super::names;
use super::node::NodeThread;
use super::own_pod::OwnPod;
use super::report::Reporter;
use super::sampling::{node_name, open_and_announce, sampler};
use super::scrape::Scrape;
use crate::cli::SetLevel;
use crate::config::agent::Mode;
use crate::config::{self, Config, Loaded, Sources};
use crate::encode::document;
use crate::sampler::clock::{Clock, KernelClock};
use crate::sampler::{Feeds, SamplerThread};
use crate::server::{self, Authority, Counters};

/// How often the configuration file is looked at for a change.
const FILE_INTERVAL: Duration = Duration::from_secs(5);

/// Runs until SIGTERM or SIGINT.
pub(super) fn run(loaded: Loaded, sources: &Sources, set_level: SetLevel) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(4)
        .build()
        .context("starting the asynchronous runtime")?;
    let ended = runtime.block_on(serve(loaded.config, sources, set_level));
    // Everything was told to end; what still runs on a thread of the runtime is waited for by nobody.
    runtime.shutdown_background();
    ended
}

async fn serve(config: Config, sources: &Sources, set_level: SetLevel) -> anyhow::Result<()> {
    let mut parts = Box::pin(Running::start(config, set_level)).await?;
    let mut terminate = signal(SignalKind::terminate()).context("SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("SIGINT")?;
    let mut hangup = signal(SignalKind::hangup()).context("SIGHUP")?;
    let mut looks = tokio::time::interval(FILE_INTERVAL);
    let mut seen = sources.file.as_deref().and_then(modified);
    loop {
        tokio::select! {
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
            _ = hangup.recv() => {
                seen = sources.file.as_deref().and_then(modified);
                Box::pin(parts.reload(sources)).await;
            }
            _ = looks.tick() => {
                if parts.sampler.has_died() {
                    parts.stop().await;
                    anyhow::bail!("the sampler ended by itself");
                }
                let now = sources.file.as_deref().and_then(modified);
                if now.is_some() && now != seen {
                    seen = now;
                    Box::pin(parts.reload(sources)).await;
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
    /// The pod that the agent is a sidecar of.
    own: Option<OwnPod>,
    feeds: Feeds,
    reporter: Reporter,
    sampler: SamplerThread,
    node: NodeThread,
    kubernetes: Arc<Mutex<Kubernetes>>,
    scrape: Arc<Mutex<Scrape>>,
    server: ServerTask,
    sinks: Deliveries,
    set_level: SetLevel,
}

impl Running {
    async fn start(config: Config, set_level: SetLevel) -> anyhow::Result<Running> {
        let feeds = Feeds::default();
        let prepared = server::prepare(config.server.clone())?;
        let authority = authority::of(&config).await?;
        let wanted = Wanted::of(&config, node_name(&config), true)?;
        // The address first: a second agent on this machine should fail before it reads anything.
        let listener = bind(&config).await?;
        let sight = open_and_announce(&config)?;
        let own = sight.sidecar();
        names::take_own(own.as_ref(), &config, &feeds)?;
        let node = start_node(&config, &feeds, own.clone())?;
        let kubernetes = Arc::new(Mutex::new(Kubernetes::start(&config, &feeds, own.as_ref())));
        let scrape = Arc::new(Mutex::new(Scrape::start(&config, &feeds.scraped)));
        let reporter = Reporter {
            feeds: feeds.clone(),
            counters: Arc::new(Counters::default()),
            kubernetes: kubernetes.clone(),
            scrape: scrape.clone(),
            node_health: node.health.clone(),
            sinks: Arc::new(Mutex::new(Vec::new())),
            started_wall_ns: KernelClock.wall_ns(),
        };
        let sampler = SamplerThread::start(sampler(&config, sight.tree, feeds.clone()))
            .context("starting the sampler")?;
        let server = ServerTask::start(listener, prepared, authority, &reporter);
        let reporting = reporter.clone();
        let report = Arc::new(move || reporting.report());
        let sinks = Deliveries::new(feeds.clone(), report, reporter.sinks.clone());
        let mut running = Running {
            config,
            own,
            feeds,
            reporter,
            sampler,
            node,
            kubernetes,
            scrape,
            server,
            sinks,
            set_level,
        };
        running.sinks.change_to(wanted).await?;
        Ok(running)
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
        match Box::pin(self.apply(new)).await {
            Ok(()) => tracing::info!("configuration reloaded"),
            Err(error) => {
                tracing::error!(error = format!("{error:#}"), "configuration refused; the running one stays");
            }
        }
    }

    /// What can be refused is tried first, so that a refusal leaves everything as it was.
    async fn apply(&mut self, new: Config) -> anyhow::Result<()> {
        let old = &self.config;
        let is_read_anew = (&old.paths, &old.sampler, &old.sidecar, old.agent.mode)
            != (&new.paths, &new.sampler, &new.sidecar, new.agent.mode);
        let is_asked_anew = new.server.kubernetes_authorization && old.api_server != new.api_server;
        let is_server_new = old.server != new.server || is_asked_anew;
        let sight = is_read_anew.then(|| open_and_announce(&new)).transpose()?;
        let prepared = is_server_new.then(|| server::prepare(new.server.clone())).transpose()?;
        let authority = if is_server_new { authority::of(&new).await? } else { None };
        let listener = if old.server.listen == new.server.listen { None } else { Some(bind(&new).await?) };
        let wanted = Wanted::of(&new, node_name(&new), false)?;
        let old = std::mem::replace(&mut self.config, new);
        let new = &self.config;
        (self.set_level)(new.agent.log.level);
        if let Some(sight) = &sight {
            self.own = sight.sidecar();
            names::take_own(self.own.as_ref(), new, &self.feeds)?;
        }
        // Everything that one of the tasks behind Kubernetes' sources was started with.
        let asked = |config: &Config| {
            let Config { identity, kubelet, api_server, reconcile, .. } = config.clone();
            let Config { metrics_api, inventory, cluster, .. } = config.clone();
            let clustered = (metrics_api, inventory, cluster);
            (identity, kubelet, api_server, clustered, reconcile, config.agent.node_name.clone())
        };
        if is_read_anew || asked(&old) != asked(new) {
            let mut running = self.kubernetes.lock().unwrap_or_else(PoisonError::into_inner);
            *running = Kubernetes::start(new, &self.feeds, self.own.as_ref());
            // What was concluded of another scope holds no more.
            self.feeds.reconciled.store(None);
        }
        if is_read_anew || (&old.scrape, &old.agent.node_name) != (&new.scrape, &new.agent.node_name) {
            let mut running = self.scrape.lock().unwrap_or_else(PoisonError::into_inner);
            *running = Scrape::start(new, &self.feeds.scraped);
        }
        if let Some(sight) = sight {
            self.sampler = SamplerThread::start(sampler(new, sight.tree, self.feeds.clone()))?;
        }
        if is_read_anew || old.procfs != new.procfs {
            self.node = start_node(new, &self.feeds, self.own.clone())?;
            self.reporter.node_health = self.node.health.clone();
        }
        if let Some(prepared) = prepared {
            self.server.stop().await;
            let listener = match listener {
                Some(listener) => listener,
                None => bind(new).await?,
            };
            self.server = ServerTask::start(listener, prepared, authority, &self.reporter);
        }
        self.sinks.change_to(wanted).await
    }

    async fn stop(mut self) {
        let election = self.kubernetes.lock().unwrap_or_else(PoisonError::into_inner).take_election();
        if let Some(election) = election {
            election.leave().await;
        }
        drop(self.kubernetes);
        self.scrape.lock().unwrap_or_else(PoisonError::into_inner).stop();
        drop(self.sampler);
        drop(self.node);
        self.sinks.stop().await;
        self.server.stop().await;
    }
}

fn start_node(config: &Config, feeds: &Feeds, own: Option<OwnPod>) -> anyhow::Result<NodeThread> {
    if config.agent.mode == Mode::Cluster {
        feeds.node.store(None);
        return Ok(NodeThread::off());
    }
    NodeThread::start(config.procfs(), config.sampler.slow_interval, feeds.clone(), own)
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
    fn start(
        listener: TcpListener,
        prepared: server::Prepared,
        authority: Option<Arc<dyn Authority>>,
        reporter: &Reporter,
    ) -> ServerTask {
        let (stop, stopped) = oneshot::channel::<()>();
        let reporting = reporter.clone();
        let mut state = server::State::new(
            reporter.feeds.snapshot.clone(),
            Arc::new(move || reporting.report()),
            Arc::new(|snapshot, uid| {
                let document = match uid {
                    Some(uid) => document::pod(snapshot, uid)?,
                    None => document::pods(snapshot),
                };
                Some(serde_json::to_vec(&document).unwrap_or_default())
            }),
            reporter.counters.clone(),
        );
        state.authority = authority;
        // The address that was given may name port 0.
        if let Ok(address) = listener.local_addr() {
            tracing::info!(%address, "serving /metrics");
        }
        let task = tokio::spawn(async move {
            let told = async {
                let _sender_gone = stopped.await;
            };
            server::serve(listener, prepared, state, told).await;
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
