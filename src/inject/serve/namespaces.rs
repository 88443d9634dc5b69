//! Which namespaces ask for sidecars: a review does not say what labels the pod's namespace has.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use serde::Deserialize;
use tokio::time::Instant;

use super::counters::Counters;
use crate::source::api_server::{ApiError, ApiServer};

/// The label, which is `enabled` or `true` where sidecars are wanted.
const LABEL: &str = "podometer.io/inject";
/// How long an answer is good for: pods of one workload come together.
const FRESH: Duration = Duration::from_secs(10);
/// How long one that cannot be read is not asked for again.
const FAILED: Duration = Duration::from_secs(2);
/// The API server waits for us in turn.
const TIMEOUT: Duration = Duration::from_secs(1);
/// Beyond it all are forgotten.
const MOST_KNOWN: usize = 4096;
const LIMIT_BYTES: usize = 1 << 20;

/// What was asked lately.
#[derive(Debug)]
pub(super) struct Namespaces {
    /// The way to the API server, once there is one.
    server: Arc<ArcSwapOption<ApiServer>>,
    counters: Arc<Counters>,
    /// The answers, and until when they are good.
    known: Mutex<HashMap<String, (bool, Instant)>>,
    is_failing: AtomicBool,
}

#[derive(Deserialize)]
struct Namespace {
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Metadata {
    #[serde(default)]
    labels: HashMap<String, String>,
}

impl Namespaces {
    pub(super) fn new(server: Arc<ArcSwapOption<ApiServer>>, counters: Arc<Counters>) -> Namespaces {
        Namespaces { server, counters, known: Mutex::default(), is_failing: AtomicBool::new(false) }
    }

    /// Whether a namespace has the label. One that cannot be asked for has not.
    pub(super) async fn ask_for_sidecars(&self, name: &str) -> bool {
        // It becomes a part of a path.
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if name.is_empty() || !name.chars().all(is_plain) {
            return false;
        }
        if let Some((answer, _)) = self.lock().get(name).filter(|(_, until)| Instant::now() < *until) {
            return *answer;
        }
        let Some(server) = self.server.load_full() else { return false };
        match fetch(&server, name).await {
            Ok(answer) => {
                if self.is_failing.swap(false, Ordering::Relaxed) {
                    tracing::info!("namespaces can be read again");
                }
                self.remember(name, answer, FRESH);
                answer
            }
            Err(error) => {
                self.counters.failed(error.reason());
                self.remember(name, false, FAILED);
                if !self.is_failing.swap(true, Ordering::Relaxed) {
                    tracing::error!(%error, "a namespace cannot be read; its pods need the annotation");
                }
                false
            }
        }
    }

    fn remember(&self, name: &str, answer: bool, time: Duration) {
        let mut known = self.lock();
        if known.len() >= MOST_KNOWN {
            known.clear();
        }
        known.insert(name.to_owned(), (answer, Instant::now() + time));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, (bool, Instant)>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn fetch(server: &ApiServer, name: &str) -> Result<bool, ApiError> {
    let server = ApiServer { timeout: server.timeout.min(TIMEOUT), ..server.clone() };
    let path = format!("/api/v1/namespaces/{name}");
    let mut body = Vec::new();
    server.get(&path, LIMIT_BYTES, &mut body).await?;
    let namespace: Namespace =
        serde_json::from_slice(&body).map_err(|error| server.unreadable(&path, &error))?;
    let value = namespace.metadata.labels.get(LABEL);
    Ok(value.is_some_and(|value| value == "enabled" || value == "true"))
}
