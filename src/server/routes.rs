//! The routes and their answers.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, Request, State as Given};
use axum::http::header::{ALLOW, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, VARY, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Serialize;
use tokio::time::Instant;

use crate::encode::document::{self, DriftFilter};
use crate::encode::prometheus::{Encoder, Format, LabelCache, Options, Page};
use crate::model::snapshot::Snapshot;
use crate::model::unit::Pace;

use super::body::ScrapeBody;
use super::compress::SharedBodies;
use super::config::Config;
use super::counters::add;
use super::negotiate::{accepts_gzip, format_for};
use super::review::{Review, Ruling};
use super::state::State;
use super::token::{Token, bearer};

const PLAIN: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

/// What is served where; the text of `/` and of every 404.
const INDEX: &str = "podometer\n\n\
    /-/healthy          the server answers\n\
    /-/ready            the values are fresh\n\
    /api/v1/delivery    what became of every point of every sink, as JSON\n\
    /api/v1/drift       our values beside the other sources', how they differ and why, as JSON;\n\
    \x20                   ?namespace= ?pod= ?cause=\n\
    /api/v1/pods        pods and containers as JSON; of one pod with ?uid=UID\n\
    /metrics            pods, containers, units and the agent, for Prometheus\n\
    /metrics/cadvisor   cAdvisor's families, one row a container\n\
    /metrics/node       the node in node_exporter's names\n\
    /metrics/resource   the kubelet's resource families\n";

/// A snapshot may be this many of its own intervals old, the interval taken as at least a second.
const READY_INTERVALS: u32 = 3;

/// What all handlers share.
#[derive(Debug)]
pub(super) struct Shared {
    state: State,
    token: Token,
    review: Option<Review>,
    options: Options,
    write_timeout: Duration,
    gzip_level: u32,
    /// One for text and OpenMetrics, one for protobuf.
    labels: [Mutex<LabelCache>; 2],
    bodies: SharedBodies,
}

impl Shared {
    pub(super) fn new(config: &Config, state: State, token: Token) -> Shared {
        let review = config.kubernetes_authorization.then(|| Review::new(state.authority.clone()));
        Shared {
            state,
            token,
            review,
            options: config.rows(),
            write_timeout: config.write_timeout,
            gzip_level: config.gzip_level,
            labels: [Format::Text, Format::Protobuf].map(|format| Mutex::new(LabelCache::new(format))),
            bodies: SharedBodies::default(),
        }
    }

    /// What is answered to who may not come in.
    async fn refusal(&self, headers: &HeaderMap, path: &str) -> Option<Response> {
        let ruling = match &self.review {
            Some(review) => review.rule(bearer(headers), path).await,
            None if self.token.admits(headers) => Ruling::Allowed,
            None => Ruling::Unknown,
        };
        match ruling {
            Ruling::Allowed => None,
            Ruling::Unknown => {
                let challenge = [(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))];
                let words = text(StatusCode::UNAUTHORIZED, "a bearer token is needed\n");
                Some((challenge, words).into_response())
            }
            Ruling::Forbidden => {
                let words = format!(
                    "this account may not get {path}: grant it this nonResourceURL with the verb get\n"
                );
                Some(text(StatusCode::FORBIDDEN, words))
            }
            Ruling::Unavailable => Some(text(
                StatusCode::SERVICE_UNAVAILABLE,
                "tokens cannot be reviewed now; the agent's log says why\n",
            )),
        }
    }

    fn encoder(&self, snapshot: Arc<Snapshot>, page: Page, format: Format) -> Encoder {
        let labels = &self.labels[usize::from(format == Format::Protobuf)];
        let plan = labels.lock().unwrap_or_else(PoisonError::into_inner).plan(snapshot, page);
        Encoder::new(plan, Arc::new((self.state.report)()), format, self.options)
    }
}

/// All routes, behind the token or the review of one.
pub(super) fn router(shared: Arc<Shared>) -> Router {
    let page = |page: Page| {
        get(move |Given(shared): Given<Arc<Shared>>, headers: HeaderMap| async move {
            scrape(&shared, page, &headers).await
        })
    };
    let mut routes = Router::new()
        .route("/", get(async || text(StatusCode::OK, INDEX)))
        .route("/-/healthy", get(async || text(StatusCode::OK, "healthy\n")))
        .route("/-/ready", get(ready))
        .route("/api/v1/delivery", get(delivery_document))
        .route("/api/v1/drift", get(drift_document))
        .route("/api/v1/pods", get(pods_document));
    for each in Page::ALL {
        routes = routes.route(each.path(), page(each));
    }
    routes
        .fallback(async || text(StatusCode::NOT_FOUND, INDEX))
        .layer(middleware::from_fn_with_state(Arc::clone(&shared), guard))
        .with_state(shared)
}

/// Lets in who may come in, then counts the answer.
async fn guard(Given(shared): Given<Arc<Shared>>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let is_probe = matches!(&*path, "/-/healthy" | "/-/ready");
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    let refusal = if is_probe { None } else { shared.refusal(request.headers(), &path).await };
    let response = if let Some(refusal) = refusal {
        refusal
    } else if is_read {
        next.run(request).await
    } else {
        let allowed = [(ALLOW, HeaderValue::from_static("GET, HEAD"))];
        (allowed, text(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD\n")).into_response()
    };
    shared.state.counters.answered(&path, response.status().as_u16());
    response
}

async fn scrape(shared: &Shared, page: Page, headers: &HeaderMap) -> Response {
    let Some(snapshot) = shared.state.snapshot.load_full() else { return no_snapshot() };
    let choice = format_for(headers);
    let counters = Arc::clone(&shared.state.counters);
    let deadline = Instant::now() + shared.write_timeout;
    let mut response = if accepts_gzip(headers) {
        let key = (snapshot.seq, page, choice.format);
        let encoder = || shared.encoder(snapshot, page, choice.format);
        match shared.bodies.body(key, shared.gzip_level, &counters, encoder).await {
            Ok(bytes) => {
                let mut response = Response::new(Body::new(ScrapeBody::shared(bytes, deadline, counters)));
                response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
                response
            }
            Err(error) => {
                tracing::warn!(%error, "scrape failed");
                return text(StatusCode::INTERNAL_SERVER_ERROR, "compression failed\n");
            }
        }
    } else {
        let encoder = shared.encoder(snapshot, page, choice.format);
        Response::new(Body::new(ScrapeBody::streamed(encoder, deadline, counters)))
    };
    let content_type = HeaderValue::from_str(&choice.content_type)
        .unwrap_or(HeaderValue::from_static(choice.format.content_type()));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, content_type);
    headers.insert(VARY, HeaderValue::from_static("Accept, Accept-Encoding"));
    response
}

/// Which pods are asked for.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    uid: Option<String>,
}

async fn pods_document(
    Given(shared): Given<Arc<Shared>>,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Response {
    let Some(snapshot) = shared.state.snapshot.load_full() else { return no_snapshot() };
    let Ok(Query(wanted)) = wanted else {
        return text(StatusCode::BAD_REQUEST, "the one parameter is uid, a pod's UID\n");
    };
    let Some(document) = (shared.state.pods_document)(&snapshot, wanted.uid.as_deref()) else {
        return text(StatusCode::NOT_FOUND, "no pod with this UID runs here\n");
    };
    json(&shared, document)
}

async fn delivery_document(Given(shared): Given<Arc<Shared>>) -> Response {
    let report = (shared.state.report)();
    written(&shared, &document::delivery(&report))
}

async fn drift_document(
    Given(shared): Given<Arc<Shared>>,
    asked: Result<Query<DriftFilter>, QueryRejection>,
) -> Response {
    let filter = match asked {
        Ok(Query(filter)) => filter,
        Err(refused) => return bad_request(&refused.body_text()),
    };
    if let Some(problem) = filter.problem() {
        return bad_request(&problem);
    }
    let Some(snapshot) = shared.state.snapshot.load_full() else { return no_snapshot() };
    written(&shared, &document::drift(&snapshot, &filter))
}

fn written(shared: &Shared, document: &impl Serialize) -> Response {
    match serde_json::to_vec(document) {
        Ok(document) => json(shared, document),
        Err(error) => {
            tracing::warn!(%error, "a document cannot be written");
            text(StatusCode::INTERNAL_SERVER_ERROR, "the document cannot be written\n")
        }
    }
}

fn bad_request(problem: &str) -> Response {
    let body = format!("{problem}\nallowed: ?namespace=NAMESPACE &pod=NAME_OR_UID &cause=CAUSE\n");
    text(StatusCode::BAD_REQUEST, body)
}

fn json(shared: &Shared, document: Vec<u8>) -> Response {
    add(&shared.state.counters.response_bytes, document.len() as u64);
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (headers, document).into_response()
}

async fn ready(Given(shared): Given<Arc<Shared>>) -> Response {
    let Some(snapshot) = shared.state.snapshot.load_full() else { return no_snapshot() };
    let interval = snapshot.sampler.intervals[Pace::Fast as usize].max(Duration::from_secs(1));
    let age = Duration::from_nanos((shared.state.boot_ns)().saturating_sub(snapshot.taken.boot_ns));
    let limit = interval * READY_INTERVALS;
    if age > limit {
        let reason = format!("not ready: the newest snapshot is {age:.1?} old, more than {limit:.1?}\n");
        return text(StatusCode::SERVICE_UNAVAILABLE, reason);
    }
    text(StatusCode::OK, "ready\n")
}

fn no_snapshot() -> Response {
    text(StatusCode::SERVICE_UNAVAILABLE, "not ready: no snapshot was taken yet\n")
}

fn text(status: StatusCode, body: impl Into<Body>) -> Response {
    (status, [(CONTENT_TYPE, PLAIN)], body.into()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_index_names_every_route() {
        for route in super::super::counters::ROUTES {
            assert!(route == "/" || INDEX.contains(&format!("{route} ")), "{route}");
        }
    }
}
