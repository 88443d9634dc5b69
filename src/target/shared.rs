//! What all threads share.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use super::config::Config;
use super::counters::{Connections, Counters, connections, report};
use super::crocodiles::Crocodiles;
use super::leak::Leak;
use super::ready::Ready;
use super::switch::Switch;
use crate::encode::target::{Report, page};

/// How many connections the second address takes: scrapers are few, and load must not keep them out.
const MAX_SCRAPERS: usize = 64;

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) config: Config,
    pub(super) begun: Instant,
    pub(super) switch: Switch,
    pub(super) leak: Leak,
    pub(super) ready: Ready,
    pub(super) crocodiles: Crocodiles,
    /// One for each thread that plays the application.
    pub(super) threads: Vec<Arc<Counters>>,
    open: AtomicUsize,
    open_pages: AtomicUsize,
}

impl Shared {
    pub(super) fn new(config: Config) -> Shared {
        let begun = Instant::now();
        Shared {
            begun,
            switch: Switch::new(config.faults, begun),
            leak: Leak::new(config.max_leak_bytes),
            ready: Ready::default(),
            crocodiles: Crocodiles::default(),
            threads: (0..config.threads).map(|_| Arc::default()).collect(),
            open: AtomicUsize::new(0),
            open_pages: AtomicUsize::new(0),
            config,
        }
    }

    /// A place for one more connection, where there is one.
    pub(super) fn enter(self: &Arc<Self>, has_only_pages: bool) -> Option<Place> {
        let limit = if has_only_pages { MAX_SCRAPERS } else { self.config.max_connections };
        // Dropping the place gives it back.
        let place = Place { shared: Arc::clone(self), has_only_pages };
        let before = place.open().fetch_add(1, Ordering::Relaxed);
        (before < limit).then_some(place)
    }

    pub(super) fn connections(&self) -> Connections {
        connections(self.threads.iter().map(AsRef::as_ref))
    }

    pub(super) fn metrics(&self) -> String {
        let threads: Vec<&Counters> = self.threads.iter().map(AsRef::as_ref).collect();
        page(&Report {
            leaked_bytes: self.leak.bytes(),
            leak_limit_bytes: self.config.max_leak_bytes,
            ..report(&threads, self.begun.elapsed())
        })
    }
}

/// One of the connections that there may be.
#[derive(Debug)]
pub(super) struct Place {
    shared: Arc<Shared>,
    has_only_pages: bool,
}

impl Place {
    fn open(&self) -> &AtomicUsize {
        if self.has_only_pages { &self.shared.open_pages } else { &self.shared.open }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.open().fetch_sub(1, Ordering::Relaxed);
    }
}
