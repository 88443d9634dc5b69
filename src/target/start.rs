//! From start to the end of the last request.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{oneshot, watch};

use super::config::Config;
use super::counters::Counters;
use super::error::TargetError;
use super::listen::{allow_files, sockets};
use super::shared::Shared;
use super::worker::Worker;

/// A running target. Dropping it ends it as [`Target::stop`] does.
#[derive(Debug)]
pub struct Target {
    address: SocketAddr,
    metrics_address: Option<SocketAddr>,
    threads: Vec<JoinHandle<()>>,
    /// Dropped to end.
    stop: Option<watch::Sender<()>>,
}

/// Serves until SIGTERM or SIGINT.
pub fn run(config: Config) -> Result<(), TargetError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|source| TargetError::Signals { source })?;
    runtime.block_on(async {
        // First of all, so that none is missed.
        let on = |kind| signal(kind).map_err(|source| TargetError::Signals { source });
        let (mut terminate, mut interrupt) = (on(SignalKind::terminate())?, on(SignalKind::interrupt())?);
        let threads = config.threads;
        let stdin = end_of_stdin(config.until_stdin_closes);
        let target = Target::start(config)?;
        tracing::info!(address = %target.address, threads, "serving the target");
        if let Some(address) = target.metrics_address {
            // Another word than address, which is that of the application.
            tracing::info!(metrics = %address, "serving the target's metrics");
        }
        tokio::select! {
            () = stdin => {}
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping");
        target.stop();
        Ok(())
    })
}

/// Standard input is at its end; never where that is not wanted. A thread waits for it: it may be a file or a terminal.
async fn end_of_stdin(is_wanted: bool) {
    if !is_wanted {
        return std::future::pending().await;
    }
    let (ended, end) = oneshot::channel();
    std::thread::spawn(move || {
        let _at_its_end = io::copy(&mut io::stdin(), &mut io::sink());
        let _told = ended.send(());
    });
    let _told = end.await;
}

impl Target {
    /// Serves from now on.
    pub fn start(config: Config) -> Result<Target, TargetError> {
        allow_files(config.max_connections);
        let (address, listeners) = sockets(config.listen, config.threads)?;
        let metrics = config.metrics_listen.map(|address| sockets(address, 1)).transpose()?;
        let shared = Arc::new(Shared::new(config));
        let (stop, stopped) = watch::channel(());
        let mut target = Target { address, metrics_address: None, threads: Vec::new(), stop: Some(stop) };
        let worker = |place, listener, counters: &Arc<Counters>, has_only_pages| Worker {
            listener,
            shared: Arc::clone(&shared),
            counters: Arc::clone(counters),
            place,
            has_only_pages,
            stop: stopped.clone(),
        };
        for (place, (listener, counters)) in listeners.into_iter().zip(&shared.threads).enumerate() {
            target.spawn(worker(place, listener, counters, false))?;
        }
        if let Some((address, listeners)) = metrics {
            target.metrics_address = Some(address);
            for listener in listeners {
                // Its own counts are nobody's: they would stand among the application's.
                target.spawn(worker(shared.threads.len(), listener, &Arc::default(), true))?;
            }
        }
        Ok(target)
    }

    fn spawn(&mut self, worker: Worker) -> Result<(), TargetError> {
        let thread = worker.place;
        let failed = |source| TargetError::Thread { thread, source };
        let (started, starts) = mpsc::channel();
        let spawned = std::thread::Builder::new().name(format!("target-{thread}"));
        self.threads.push(spawned.spawn(move || worker.run(&started)).map_err(failed)?);
        let ended = |_| io::Error::other("it ended at once");
        starts.recv().map_err(ended).and_then(|started| started).map_err(failed)
    }

    /// Where it listens; the port is known even where none was given.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics_address
    }

    /// Takes no more connections, ends idle ones, and gives requests under way their time.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        drop(self.stop.take());
        for thread in self.threads.drain(..) {
            // One that panicked has said so.
            let _ended = thread.join();
        }
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        self.end();
    }
}
