//! What is served: reviews, metrics and probes. A review is always answered with 200 and always allowed.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State as Given;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::counters::Counters;
use super::namespaces::Namespaces;
use crate::encode::injector;
use crate::inject::{Answer, Asked, Outcome, Settings, judge};

/// The API server takes no larger objects, and a review holds one of them twice at most.
const MAX_BODY_BYTES: usize = 4 << 20;
/// Our webhook configuration has the API server wait for three seconds.
const BODY_TIMEOUT: Duration = Duration::from_secs(2);
/// Bodies that are read at one time, which bounds their memory.
const MAX_BODIES: usize = 8;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");

const INDEX: &str = "podometer inject serve\n\n\
    /-/healthy          the server answers\n\
    /-/ready            the webhook configuration trusts the certificate that is shown\n\
    /metrics            reviews and the certificate, for Prometheus\n\
    /mutate             AdmissionReviews of pods: those that ask for a sidecar, or whose namespace does, get one\n\
    /mutate/namespace   the same of namespaces that are selected already: all but those that say no get one\n";

/// What all handlers share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) settings: Arc<ArcSwap<Settings>>,
    pub(super) namespace: String,
    pub(super) counters: Arc<Counters>,
    namespaces: Namespaces,
    places: Semaphore,
}

impl Shared {
    pub(super) fn new(
        settings: Arc<ArcSwap<Settings>>,
        namespace: String,
        counters: Arc<Counters>,
        namespaces: Namespaces,
    ) -> Arc<Shared> {
        Arc::new(Shared { settings, namespace, counters, namespaces, places: Semaphore::new(MAX_BODIES) })
    }
}

/// For metrics and probes alone.
pub(super) fn pages(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/-/healthy", get(async || text(StatusCode::OK, "healthy\n")))
        .route("/-/ready", get(ready))
        .route("/metrics", get(metrics))
        .fallback(async || text(StatusCode::NOT_FOUND, INDEX))
        .with_state(shared)
}

/// For the API server, with the pages.
pub(super) fn all(shared: Arc<Shared>) -> Router {
    let review = |asked: Asked| {
        post(move |Given(shared): Given<Arc<Shared>>, body: Body| async move {
            review(&shared, asked, body).await
        })
    };
    Router::new()
        .route("/mutate", review(Asked::ByAnnotation))
        .route("/mutate/namespace", review(Asked::ByNamespace))
        .with_state(Arc::clone(&shared))
        .merge(pages(shared))
}

async fn review(shared: &Shared, asked: Asked, body: Body) -> Response {
    let read = async {
        // It is never closed.
        let place = shared.places.acquire().await.ok();
        (Limited::new(body, MAX_BODY_BYTES).collect().await, place)
    };
    let (read, _place) = timeout(BODY_TIMEOUT, read)
        .await
        .map_or_else(|late| (Err(late), None), |(read, place)| (Ok(read), place));
    let answer = match read {
        Err(_) => Answer::unread(Outcome::Late, format!("did not come within {BODY_TIMEOUT:?}")),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            Answer::unread(Outcome::TooLarge, format!("is larger than {MAX_BODY_BYTES} bytes"))
        }
        Ok(Err(error)) => Answer::unread(Outcome::Malformed, format!("broke off: {error}")),
        Ok(Ok(body)) => decide(shared, asked, body.to_bytes()).await,
    };
    shared.counters.reviewed(answer.outcome);
    let Answer { document, outcome, pod, problem, .. } = answer;
    match (outcome, problem) {
        (Outcome::LeftOut, Some(problem)) => tracing::warn!(%pod, %problem, "a pod gets no sidecar"),
        (_, Some(problem)) => {
            tracing::error!(%pod, %problem, "a review cannot be read; its pod is allowed as it is");
        }
        (_, None) => tracing::debug!(%pod, ?outcome, "reviewed"),
    }
    (StatusCode::OK, [(CONTENT_TYPE, JSON)], document).into_response()
}

/// Where the pod does not ask for a sidecar, its namespace may.
async fn decide(shared: &Shared, asked: Asked, body: Bytes) -> Answer {
    let answer = judged(shared, asked, body.clone()).await;
    let namespace = answer.pod.split('/').next().unwrap_or_default();
    if answer.is_open && shared.namespaces.ask_for_sidecars(namespace).await {
        return judged(shared, Asked::ByNamespace, body).await;
    }
    answer
}

/// On a thread of its own, so that probes and other reviews do not wait for a large one.
async fn judged(shared: &Shared, asked: Asked, body: Bytes) -> Answer {
    let (namespace, settings) = (shared.namespace.clone(), shared.settings.load_full());
    tokio::task::spawn_blocking(move || judge(&body, asked, &namespace, &settings))
        .await
        .unwrap_or_else(|error| Answer::unread(Outcome::Malformed, format!("was not decided: {error}")))
}

async fn metrics(Given(shared): Given<Arc<Shared>>) -> Response {
    text(StatusCode::OK, injector::page(&shared.counters.report()))
}

async fn ready(Given(shared): Given<Arc<Shared>>) -> Response {
    if shared.counters.is_ready(SystemTime::now()) {
        return text(StatusCode::OK, "ready\n");
    }
    let has_certificate = shared.counters.expiry.load(Ordering::Relaxed) > 0;
    let lacking = match (has_certificate, shared.counters.is_trusted.load(Ordering::Relaxed)) {
        (false, _) => "no certificate",
        (true, false) => "the webhook configuration does not trust it",
        (true, true) => "the certificate has ended",
    };
    text(StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {lacking}; see the log\n"))
}

fn text(status: StatusCode, body: impl Into<Body>) -> Response {
    (status, [(CONTENT_TYPE, TEXT)], body.into()).into_response()
}
