//! One thread: accepts, counts, ends. It shares nothing that a request without delay would have to wait for.

use std::cell::Cell;
use std::io;
use std::net::TcpListener as StdListener;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::runtime::{Builder, LocalOptions};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::buffers::Pool;
use super::connection::Connection;
use super::counters::{Counters, CutOff};
use super::latency::add;
use super::random::Random;
use super::shared::Shared;

/// Said to connections beyond the bound.
const TOO_MANY: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nserver: podometer-target\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// Wait after a failed accept: out of file descriptors, most likely.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What the connections of one thread have in common.
pub(super) struct Thread {
    pub(super) shared: Arc<Shared>,
    pub(super) counters: Arc<Counters>,
    pub(super) pool: Pool,
    pub(super) random: Random,
    /// Whether it serves the second address, which has pages and no application.
    pub(super) has_only_pages: bool,
    /// Whether the target ends: no further request is read.
    pub(super) ending: Cell<bool>,
    /// Wakes every connection then.
    pub(super) told: Notify,
}

/// What a thread is started with.
pub(super) struct Worker {
    pub(super) listener: StdListener,
    pub(super) shared: Arc<Shared>,
    pub(super) counters: Arc<Counters>,
    pub(super) place: usize,
    pub(super) has_only_pages: bool,
    /// Its sender is dropped at the end.
    pub(super) stop: watch::Receiver<()>,
}

impl Worker {
    /// Serves until it is told to stop. Says once whether it can.
    pub(super) fn run(self, started: &Sender<io::Result<()>>) {
        let served = Builder::new_current_thread().enable_all().build_local(LocalOptions::default());
        let served = served.and_then(|runtime| runtime.block_on(self.serve(started)));
        if let Err(error) = served {
            // Whoever started it may be gone, and has an error of its own then.
            let _ = started.send(Err(error));
        }
    }

    async fn serve(self, started: &Sender<io::Result<()>>) -> io::Result<()> {
        let Worker { listener, shared, counters, place, has_only_pages, mut stop } = self;
        let listener = TcpListener::from_std(listener)?;
        let thread = Rc::new(Thread {
            random: Random::new(shared.config.seed, place),
            shared,
            counters,
            pool: Pool::default(),
            has_only_pages,
            ending: Cell::new(false),
            told: Notify::new(),
        });
        let _told = started.send(Ok(()));
        let mut connections = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                _ = stop.changed() => break,
                Some(_) = connections.join_next() => continue,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, _)) => {
                    add(&thread.counters.accepted, 1);
                    if let Some(place) = thread.shared.enter(has_only_pages) {
                        connections.spawn_local(Connection::new(stream, Rc::clone(&thread), place).serve());
                    } else {
                        thread.counters.cut_off(CutOff::TooMany);
                        // Without waiting for the peer.
                        let _said = stream.try_write(TOO_MANY);
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "accept failed");
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
        drop(listener);
        thread.ending.set(true);
        thread.told.notify_waiters();
        let all = async { while connections.join_next().await.is_some() {} };
        if timeout(thread.shared.config.shutdown_timeout, all).await.is_err() {
            connections.shutdown().await;
        }
        Ok(())
    }
}
