//! The way to the API server that several tasks share, and who of some replicas may use it for the whole cluster.

use std::sync::Arc;

use tokio::sync::{Mutex, watch};
use tokio::time::Instant;

use crate::source::api_server::{self, ApiError, ApiServer};

/// Made at first use, and anew after the server has refused who asks.
#[derive(Clone, Debug)]
pub(super) struct Access {
    config: api_server::Config,
    server: Arc<Mutex<Option<ApiServer>>>,
}

impl Access {
    pub(super) fn new(config: &api_server::Config) -> Access {
        Access { config: config.clone(), server: Arc::default() }
    }

    pub(super) async fn server(&self) -> Result<ApiServer, ApiError> {
        let mut server = self.server.lock().await;
        if let Some(server) = &*server {
            return Ok(server.clone());
        }
        let made = ApiServer::connect(&self.config).await?;
        *server = Some(made.clone());
        Ok(made)
    }

    /// After an error: a token that was refused is read anew with the next client.
    pub(super) async fn learn_from(&self, error: &ApiError) {
        if error.reason() == "unauthorized" {
            *self.server.lock().await = None;
        }
    }
}

/// Whether this replica is the one that asks.
#[derive(Clone, Debug)]
pub(super) enum Leadership {
    /// There are no others.
    Alone,
    /// Until when this one leads.
    Elected(watch::Receiver<Option<Instant>>),
}

impl Leadership {
    pub(super) fn is_held(&self) -> bool {
        match self {
            Leadership::Alone => true,
            Leadership::Elected(until) => until.borrow().is_some_and(|until| until > Instant::now()),
        }
    }

    /// Waits until it is held.
    pub(super) async fn held(&mut self) {
        while !self.is_held() {
            let Leadership::Elected(until) = self else { return };
            if until.changed().await.is_err() {
                // The election has ended for good, and so has this task's work.
                return std::future::pending().await;
            }
        }
    }
}

/// A share of 0 to 1 that differs between agents, so that they do not ask in step.
pub(super) fn jitter(wall_ns: i64) -> f64 {
    // The low digits of a clock in nanoseconds are as good as random here.
    (wall_ns.rem_euclid(1_000_003) as f64) / 1_000_003.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test(start_paused = true)]
    async fn leadership_ends_by_itself_and_is_waited_for() {
        let (sender, receiver) = watch::channel(None);
        let mut leadership = Leadership::Elected(receiver);
        assert!(!leadership.is_held() && Leadership::Alone.is_held());
        let waiting = tokio::spawn(async move {
            leadership.held().await;
            leadership
        });
        sender.send(Some(Instant::now() + Duration::from_secs(10))).unwrap();
        let leadership = waiting.await.unwrap();
        assert!(leadership.is_held());
        tokio::time::advance(Duration::from_secs(11)).await;
        assert!(!leadership.is_held(), "without any word from the election");
    }

    #[test]
    fn shares_are_shares() {
        for wall_ns in [i64::MIN, -1, 0, 1, 1_795_222_700_123_456_789, i64::MAX] {
            assert!((0.0..1.0).contains(&jitter(wall_ns)));
        }
    }
}
