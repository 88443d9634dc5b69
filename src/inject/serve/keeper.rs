//! Looks after certificate, webhook configuration and classes, round by round.
//!
//! A new certificate is shown only after the webhook configuration has trusted it for a round, whoever had it do so:
//! API servers hear of changes one after the other, and the old one is good for a third of its life still.

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
use super::version;
use crate::inject::{Form, Settings};
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
    /// The certificate that was trusted in the last round already, and is not shown yet.
    pending: Option<String>,
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
            pending: None,
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
        self.look_at_version(&server).await;
        let bundle = Bundle {
            server: &server,
            name: &self.config.webhook,
            namespace: &self.config.namespace,
            service: &self.config.service,
        };
        // Before the Secret: who is slow must not bring back the trust of a Secret that another replica replaced.
        let seen = bundle.read().await;
        let (pair, unwritten) = self.pair(&server, now).await?;
        let trust = match seen {
            Ok(seen) => bundle.ensure(&seen, &pair.authorities).await,
            Err(error) => Err(error),
        };
        let is_new = self.current.as_ref().is_none_or(|current| current.certificate != pair.certificate);
        if is_new {
            if self.waits(&pair, &trust, now) {
                self.pending = trust.is_ok().then_some(pair.certificate);
            } else {
                self.pending = None;
                self.show(pair)?;
            }
        }
        // What was trusted is so while the server is away.
        let is_unknown = matches!(&trust, Err(ServeError::Api(error)) if error.is_of_the_server());
        if !is_unknown {
            self.counters.is_trusted.store(trust.is_ok(), Ordering::Relaxed);
        }
        if trust? {
            tracing::info!(webhook = %self.config.webhook, "the webhook configuration trusts our authority now");
        }
        unwritten.map_or(Ok(()), Err)
    }

    /// Whether the old certificate is shown for another round; without a good one nothing is won by waiting.
    fn waits(&self, pair: &Pair, trust: &Result<bool, ServeError>, now: SystemTime) -> bool {
        let Some(old) = self.current.as_ref().filter(|old| !old.is_due(now, Duration::ZERO)) else {
            return false;
        };
        match trust {
            // Who cannot be asked may trust the old one alone.
            Err(_) => true,
            Ok(true) => pair.vouches_for(old),
            // Another replica may have changed it a moment ago.
            Ok(false) => pair.vouches_for(old) && self.pending.as_ref() != Some(&pair.certificate),
        }
    }

    /// The pair of the Secret; a new one where there is none, or where it is soon to end. With it what kept a new one
    /// from being written, where the old one is good still.
    async fn pair(
        &self,
        server: &ApiServer,
        now: SystemTime,
    ) -> Result<(Pair, Option<ServeError>), ServeError> {
        let Config { namespace, secret, lifetime, .. } = &*self.config;
        let secret = Secret { server, namespace, name: secret };
        let found = secret.read().await?;
        let kept = found.as_ref().and_then(|found| found.pair.clone());
        let kept = kept.filter(|pair| pair.server_config().is_ok() && pair.is_for(&self.config.called()));
        if let Some(pair) = kept.as_ref().filter(|pair| !pair.is_due(now, *lifetime)) {
            return Ok((pair.clone(), None));
        }
        // A Secret that is lost does not take the trust in what is shown with it.
        let before = kept.as_ref().or(self.current.as_ref());
        let made = Pair::make(&self.config.names(), now, *lifetime, before)?;
        match secret.write(&made, found).await {
            Ok(true) => {
                self.counters.renewals.fetch_add(1, Ordering::Relaxed);
                tracing::info!(secret = %self.config.secret, "a certificate was made");
                return Ok((made, None));
            }
            Ok(false) => {}
            Err(error) => {
                return match kept.filter(|pair| !pair.is_due(now, Duration::ZERO)) {
                    Some(good) => Ok((good, Some(error))),
                    None => Err(error),
                };
            }
        }
        let theirs = secret.read().await?.and_then(|found| found.pair);
        let theirs = theirs.ok_or_else(|| ServeError::Unusable {
            place: secret.path(),
            problem: "was changed by another and holds no certificate".to_owned(),
        })?;
        Ok((theirs, None))
    }

    /// Until it is new enough: a cluster is renewed under way, and never made older.
    async fn look_at_version(&self, server: &ApiServer) {
        let settings = self.settings.load_full();
        let since = settings.form.since();
        if settings.form == Form::Container || settings.cluster.is_some_and(|cluster| cluster >= since) {
            return;
        }
        match version::read(server).await {
            Ok(cluster) if settings.cluster != Some(cluster) => {
                if cluster < since {
                    tracing::error!(?cluster, "the cluster knows no native sidecars; run with --container");
                }
                self.settings.store(Arc::new(Settings { cluster: Some(cluster), ..(*settings).clone() }));
            }
            Ok(_) => {}
            Err(error) => tracing::debug!(%error, "the version of the cluster cannot be read"),
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn keeper(current: &Pair, pending: Option<&Pair>) -> Keeper {
        let settings = Arc::new(ArcSwap::from_pointee(Settings::default()));
        let mut keeper =
            Keeper::new(Arc::default(), Arc::default(), Arc::default(), settings, Arc::default());
        keeper.current = Some(current.clone());
        keeper.pending = pending.map(|pair| pair.certificate.clone());
        keeper
    }

    #[test]
    fn a_new_certificate_waits_until_it_was_trusted_for_a_round() {
        let day = Duration::from_hours(24);
        let now = SystemTime::now();
        let make = |before: Option<&Pair>| Pair::make(&["a".to_owned()], now, 90 * day, before).unwrap();
        let old = make(None);
        let (next, stranger) = (make(Some(&old)), make(None));
        let away = || Err(ServeError::Certificate { problem: String::new() });
        for (pair, pending, trust, waits) in [
            (&next, None, Ok(true), true),
            (&next, None, Ok(false), true),
            (&next, Some(&next), Ok(false), false),
            (&next, Some(&stranger), Ok(false), true),
            (&next, Some(&next), away(), true),
            (&stranger, None, Ok(true), false),
            (&stranger, None, Ok(false), false),
            (&stranger, None, away(), true),
        ] {
            let said = keeper(&old, pending).waits(pair, &trust, now);
            assert_eq!(said, waits, "{trust:?} {}", pair.vouches_for(&old));
            assert!(!keeper(&old, pending).waits(pair, &trust, now + 91 * day), "an old one that has ended");
        }
    }
}
