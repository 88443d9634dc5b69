//! Looks after certificate, webhook configuration and classes, round by round.
//!
//! A new certificate is shown only after the webhook configuration has trusted it for a round: API servers hear of
//! changes one after the other, and the old one is good for a third of its life still.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use arc_swap::{ArcSwap, ArcSwapOption};
use rustls::ServerConfig;
use tokio::time::{Instant, sleep_until};

use super::bundle::Bundle;
use super::certificate::Pair;
use super::classes::read_classes;
use super::config::Config;
use super::counters::Counters;
use super::error::ServeError;
use super::secret::Secret;
use crate::inject::Settings;
use crate::source::api_server::{self, ApiServer};

/// After a failure, doubled up to the interval.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// What a round may change.
#[derive(Debug)]
pub(super) struct Keeper {
    pub(super) config: Arc<Config>,
    pub(super) counters: Arc<Counters>,
    /// What connections are shown.
    pub(super) shown: Arc<ArcSwapOption<ServerConfig>>,
    pub(super) settings: Arc<ArcSwap<Settings>>,
    /// The certificate that is shown.
    current: Option<Pair>,
    /// The way to the API server, once there is one.
    server: Arc<ArcSwapOption<ApiServer>>,
    /// What was said last, so that it is said once.
    failure: Option<String>,
    class_problems: Vec<String>,
}

impl Keeper {
    pub(super) fn new(
        config: Arc<Config>,
        counters: Arc<Counters>,
        shown: Arc<ArcSwapOption<ServerConfig>>,
        settings: Arc<ArcSwap<Settings>>,
        server: Arc<ArcSwapOption<ApiServer>>,
    ) -> Keeper {
        Keeper {
            config,
            counters,
            shown,
            settings,
            current: None,
            server,
            failure: None,
            class_problems: Vec::new(),
        }
    }

    /// Never ends.
    pub(super) async fn run(mut self) {
        let mut pause = FIRST_PAUSE;
        loop {
            let begun = Instant::now();
            self.look_at_classes();
            let wait = match self.round(SystemTime::now()).await {
                Ok(()) => {
                    if self.failure.take().is_some() {
                        tracing::info!("certificate and webhook configuration are well again");
                    }
                    pause = FIRST_PAUSE;
                    self.config.interval
                }
                Err(error) => {
                    self.told(&error);
                    pause = (pause * 2).min(self.config.interval);
                    pause
                }
            };
            sleep_until(begun + wait).await;
        }
    }

    fn told(&mut self, error: &ServeError) {
        self.counters.failed(error.reason());
        if matches!(error, ServeError::Api(error) if error.reason() == "unauthorized") {
            // A client made anew reads the token anew.
            self.server.store(None);
        }
        let said = error.to_string();
        if self.failure.as_ref() != Some(&said) {
            tracing::error!(%error, "certificate or webhook configuration cannot be looked after");
            self.failure = Some(said);
        }
    }

    async fn round(&mut self, now: SystemTime) -> Result<(), ServeError> {
        let server = if let Some(server) = self.server.load_full() {
            server
        } else {
            let place = api_server::Config {
                enabled: api_server::Enabled::Always,
                kubeconfig: self.config.kubeconfig.clone(),
                ..api_server::Config::default()
            };
            let server = Arc::new(ApiServer::connect(&place).await?);
            self.server.store(Some(Arc::clone(&server)));
            server
        };
        let pair = self.pair(&server, now).await?;
        let bundle = Bundle {
            server: &server,
            name: &self.config.webhook,
            namespace: &self.config.namespace,
            service: &self.config.service,
        };
        let trust = bundle.ensure(&pair.authorities).await;
        let is_new = self.current.as_ref().is_none_or(|current| current.certificate != pair.certificate);
        // Without one that is trusted as well nothing is won by waiting.
        let is_old_good = |old: &Pair| !old.is_due(now, Duration::ZERO) && pair.vouches_for(old);
        let waits = self.current.as_ref().is_some_and(is_old_good) && !matches!(trust, Ok(false));
        if is_new && !waits {
            self.show(pair)?;
        }
        // What was trusted is so while the server is away.
        let is_unknown = matches!(&trust, Err(ServeError::Api(error)) if error.is_of_the_server());
        if !is_unknown {
            self.counters.is_trusted.store(trust.is_ok(), Ordering::Relaxed);
        }
        if trust? {
            tracing::info!(webhook = %self.config.webhook, "the webhook configuration trusts our authority now");
        }
        Ok(())
    }

    /// The pair of the Secret; a new one where there is none, or where it is soon to end.
    async fn pair(&self, server: &ApiServer, now: SystemTime) -> Result<Pair, ServeError> {
        let Config { namespace, secret, lifetime, .. } = &*self.config;
        let secret = Secret { server, namespace, name: secret };
        let found = secret.read().await?;
        let kept = found.as_ref().and_then(|found| found.pair.clone());
        let kept = kept.filter(|pair| pair.server_config().is_ok());
        if let Some(pair) = kept.as_ref().filter(|pair| !pair.is_due(now, *lifetime)) {
            return Ok(pair.clone());
        }
        let made = Pair::make(&self.config.names(), now, *lifetime, kept.as_ref())?;
        if secret.write(&made, found).await? {
            self.counters.renewals.fetch_add(1, Ordering::Relaxed);
            tracing::info!(secret = %self.config.secret, "a certificate was made");
            return Ok(made);
        }
        let theirs = secret.read().await?.and_then(|found| found.pair);
        theirs.ok_or_else(|| ServeError::Unusable {
            place: secret.path(),
            problem: "was changed by another and holds no certificate".to_owned(),
        })
    }

    fn show(&mut self, pair: Pair) -> Result<(), ServeError> {
        let unusable = |problem| ServeError::Unusable { place: self.config.secret.clone(), problem };
        self.shown.store(Some(pair.server_config().map_err(unusable)?));
        let expiry = pair.expiry().unwrap_or_default().as_secs();
        self.counters.expiry.store(expiry, Ordering::Relaxed);
        tracing::info!(expiry, "certificate shown");
        self.current = Some(pair);
        Ok(())
    }

    /// Classes that cannot be read leave those that were.
    fn look_at_classes(&mut self) {
        let Some(directory) = &self.config.classes else { return };
        match read_classes(directory) {
            Ok(classes) => {
                self.class_problems.clear();
                self.counters.classes.store(classes.len() as u64, Ordering::Relaxed);
                let settings = self.settings.load_full();
                if settings.classes != classes {
                    tracing::info!(classes = classes.len(), "classes read");
                    self.settings.store(Arc::new(Settings { classes, ..(*settings).clone() }));
                }
            }
            Err(problems) => {
                if problems != self.class_problems {
                    tracing::error!(problem = %problems.join("; "), "classes kept as they were");
                    self.class_problems = problems;
                }
            }
        }
    }
}
