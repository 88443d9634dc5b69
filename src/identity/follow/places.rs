//! Which place is asked for names, and which instead of it while it gives none.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::time::Instant;

use super::api::Watch;
use super::keeper::Keeper;
use super::kubelet::{KubeletPods, LOOK, Need};
use super::whole::{MAX_DOCUMENT_BYTES, Whole, WholeError};
use crate::identity::config::{Config, Place};
use crate::identity::{Directory, Register};
use crate::model::backoff::Backoff;
use crate::source::api_server::{self, ApiServer, Kind};
use crate::source::http::{self, Http};

/// A place that names come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    ApiServer,
    Kubelet,
    File,
    Url,
}

/// What a good answer brought.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    pub took: Duration,
    /// Pods that are known now.
    pub pods: usize,
}

/// Is told how the places do. It says each thing once, if it says it at all.
pub trait Observer: Send {
    fn good(&mut self, source: Source, seen: Seen);
    /// `reason` is one of the place's closed list of words.
    fn bad(&mut self, source: Source, reason: &'static str, error: &dyn fmt::Display);
}

/// Everything that names are followed with.
pub struct Follow {
    pub config: Config,
    /// The node whose pods are asked for.
    pub node: String,
    /// `None` where there is no API server to ask.
    pub api_server: Option<api_server::Config>,
    /// `None` where there is no kubelet to ask.
    pub kubelet: Option<KubeletPods>,
    /// First and longest pause between attempts at the API server.
    pub backoff: (Duration, Duration),
    /// Tells who has no name: 0 for nobody, another number for every other set of units.
    pub nameless: Box<dyn Fn() -> u64 + Send>,
    pub observer: Box<dyn Observer>,
    pub out: Arc<ArcSwap<Directory>>,
    /// Spreads the pauses of many agents.
    pub seed: u64,
}

impl fmt::Debug for Follow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Follow")
            .field("config", &self.config)
            .field("node", &self.node)
            .finish_non_exhaustive()
    }
}

impl Follow {
    /// Keeps the directory fresh until the task is dropped. It returns where there is nothing to ask.
    pub async fn run(mut self) {
        let register = Register::new(self.config.allowed(), self.config.max_pods);
        let mut keeper = Keeper::new(register, self.out.clone());
        if let Some((source, whole)) = self.whole() {
            return self.poll(source, &whole, &mut keeper).await;
        }
        let place = self.config.source;
        let api_server = self.api_server.take().filter(|_| place != Place::Kubelet);
        if place == Place::ApiServer {
            self.kubelet = None;
        }
        match api_server {
            Some(config) => self.watch(&config, &mut keeper).await,
            None if self.kubelet.is_some() => loop {
                let mut need = Need::new(self.config.kubelet_interval);
                self.ask_kubelet(&mut need, &mut keeper, Instant::now() + Duration::from_hours(24)).await;
            },
            None => {}
        }
    }

    /// The configured document, where there is one.
    fn whole(&mut self) -> Option<(Source, Whole)> {
        let config = &self.config;
        let allows = |place: Place| config.source == Place::Auto || config.source == place;
        if let Some(path) = config.pods_file.clone().filter(|_| allows(Place::File)) {
            return Some((Source::File, Whole::File(path)));
        }
        let url = config.pods_url.clone().filter(|_| allows(Place::Url))?;
        let settings = http::Config { max_body_bytes: MAX_DOCUMENT_BYTES, ..http::Config::default() };
        match Http::new(&settings) {
            Ok(http) => Some((Source::Url, Whole::Url(Arc::new(http), url))),
            Err(error) => {
                self.observer.bad(Source::Url, error.reason(), &error);
                None
            }
        }
    }

    async fn poll(&mut self, source: Source, whole: &Whole, keeper: &mut Keeper) {
        loop {
            let start = Instant::now();
            let outcome = whole.read(keeper).await;
            self.tell(source, start, outcome, keeper);
            keeper.tend_until(Instant::now() + self.config.poll_interval).await;
        }
    }

    fn tell(&mut self, source: Source, start: Instant, outcome: Result<(), WholeError>, keeper: &Keeper) {
        match outcome {
            Ok(()) => {
                let seen = Seen { took: start.elapsed(), pods: keeper.register.len() };
                self.observer.good(source, seen);
            }
            Err(error) => self.observer.bad(source, error.reason(), &error),
        }
    }

    /// Follows the API server; while it fails the kubelet is asked.
    async fn watch(&mut self, config: &api_server::Config, keeper: &mut Keeper) {
        let mut backoff = Backoff::new(self.backoff.0, self.backoff.1, self.seed);
        let mut watch = Watch::new(&self.node);
        let mut need = Need::new(self.config.kubelet_interval);
        loop {
            // A client made anew reads token and certificates anew.
            let error = match ApiServer::connect(config).await {
                Ok(server) => {
                    let observer = &mut self.observer;
                    let mut good = |seen: Seen| observer.good(Source::ApiServer, seen);
                    watch.follow(&server, keeper, &mut good).await
                }
                Err(error) => error,
            };
            self.observer.bad(Source::ApiServer, error.reason(), &error);
            if std::mem::take(&mut watch.has_opened) {
                backoff.reset();
            }
            let asked = match error.kind {
                Kind::Status { retry_after, .. } => retry_after,
                _ => None,
            };
            let end = Instant::now() + backoff.next(asked);
            self.ask_kubelet(&mut need, keeper, end).await;
        }
    }

    /// Asks the kubelet whenever there is need, until `end`.
    async fn ask_kubelet(&mut self, need: &mut Need, keeper: &mut Keeper, end: Instant) {
        let Some(kubelet) = self.kubelet.clone() else {
            return keeper.tend_until(end).await;
        };
        loop {
            let nameless = (self.nameless)();
            if need.is_due(nameless, Instant::now()) {
                let start = Instant::now();
                let outcome = kubelet.read(keeper).await;
                need.was_read(nameless, Instant::now());
                self.tell(Source::Kubelet, start, outcome, keeper);
            }
            let look = Instant::now() + LOOK;
            keeper.tend_until(look.min(end)).await;
            if Instant::now() >= end {
                return;
            }
        }
    }
}
