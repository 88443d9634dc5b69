//! A kubelet and an API server with metrics-server behind it, over TLS on this machine: as busy as real ones, and
//! counting what they are asked.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::Failure;
use super::documents;

/// A pod changes in the API this often: probes, conditions, deployments.
const CHANGE_INTERVAL: Duration = Duration::from_secs(10);

/// Requests and body bytes by what was asked for.
pub(crate) type Traffic = BTreeMap<&'static str, (u64, u64)>;

/// Both servers on one port; they end with the process.
pub(crate) struct Servers {
    pub(crate) url: String,
    shared: Arc<Shared>,
}

struct Shared {
    pods: usize,
    started: SystemTime,
    traffic: Mutex<Traffic>,
}

impl Servers {
    /// Starts them for a node of `pods` pods; `folder` takes the authority and a kubeconfig.
    pub(crate) fn start(pods: usize, folder: &Path) -> Result<Servers, Failure> {
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(vec!["127.0.0.1".to_owned(), "localhost".to_owned()])?;
        std::fs::write(folder.join("ca.crt"), cert.pem())?;
        std::fs::write(folder.join("token"), "bench")?;
        let chain = vec![CertificateDer::from(cert.der().to_vec())];
        let key = PrivateKeyDer::try_from(signing_key.serialize_der())?;
        let tls =
            rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
                .with_safe_default_protocol_versions()?
                .with_no_client_auth()
                .with_single_cert(chain, key)?;
        let acceptor = TlsAcceptor::from(Arc::new(tls));
        let shared = Arc::new(Shared { pods, started: SystemTime::now(), traffic: Mutex::default() });
        let router = Router::new().fallback(answer).with_state(Arc::clone(&shared));
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let url = format!("https://localhost:{}", listener.local_addr()?.port());
        std::thread::spawn(move || serve(listener, &acceptor, &router));
        let kubeconfig = json!({
            "clusters": [{"name": "c", "cluster": {"server": url, "certificate-authority": folder.join("ca.crt")}}],
            "users": [{"name": "u", "user": {"token": "bench"}}],
            "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
            "current-context": "x",
        });
        std::fs::write(folder.join("kubeconfig"), kubeconfig.to_string())?;
        Ok(Servers { url, shared })
    }

    /// What was asked since the last call.
    pub(crate) fn take_traffic(&self) -> Traffic {
        std::mem::take(&mut *self.shared.traffic.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn serve(listener: std::net::TcpListener, acceptor: &TlsAcceptor, router: &Router) {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
    runtime.block_on(async {
        let Ok(listener) = TcpListener::from_std(listener) else { return };
        loop {
            let Ok((socket, _)) = listener.accept().await else { continue };
            let (acceptor, service) = (acceptor.clone(), TowerToHyperService::new(router.clone()));
            tokio::spawn(async move {
                let Ok(stream) = acceptor.accept(socket).await else { return };
                let builder = hyper::server::conn::http1::Builder::new();
                let _ended = builder.serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
}

impl Shared {
    fn note(&self, kind: &'static str, requests: u64, bytes: usize) {
        let mut traffic = self.traffic.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = traffic.entry(kind).or_default();
        *entry = (entry.0 + requests, entry.1 + bytes as u64);
    }
}

async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let query = request.uri().query().unwrap_or_default().to_owned();
    let now = SystemTime::now();
    let seconds = now.duration_since(shared.started).unwrap_or_default().as_secs() + 100;
    // The kubelet's and metrics-server's samples are some seconds old, and every 15 s there is a new one.
    let sampled = UNIX_EPOCH
        + Duration::from_secs(now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() / 15 * 15);
    let time = humantime::format_rfc3339_seconds(sampled).to_string();
    let at_ms = sampled.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as i64;
    let pods = shared.pods;
    let (kind, body) = match &*path {
        "/stats/summary" => ("kubelet summary", documents::summary(pods, &time, seconds / 15 * 15)),
        "/metrics/resource" => ("kubelet resource", documents::resource(pods, at_ms, seconds / 15 * 15)),
        "/api/v1/pods" if query.contains("watch=") => return watch(shared),
        "/api/v1/pods" => ("API list", page(pods, &query)),
        "/api/v1/nodes/bench" => ("API node", documents::node().to_string()),
        "/apis/metrics.k8s.io/v1beta1/nodes/bench" => ("metrics", documents::node_metrics(&time).to_string()),
        path => {
            let Some(body) = metrics(path, pods, &time) else {
                shared.note("unknown", 1, 0);
                let mut response = Response::new(Body::empty());
                *response.status_mut() = axum::http::StatusCode::NOT_FOUND;
                return response;
            };
            ("metrics", body)
        }
    };
    shared.note(kind, 1, body.len());
    Response::new(Body::from(body))
}

/// One page of the pods, by `limit` and `continue`.
fn page(pods: usize, query: &str) -> String {
    let parameter = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    let limit = parameter("limit").and_then(|limit| limit.parse().ok()).unwrap_or(pods);
    let start: usize = parameter("continue").and_then(|place| place.parse().ok()).unwrap_or(0);
    let end = (start + limit).min(pods);
    let next = if end < pods { json!(end.to_string()) } else { Value::Null };
    let items: Vec<Value> = (start..end).map(documents::pod).collect();
    json!({"kind": "PodList", "apiVersion": "v1", "metadata": {"resourceVersion": "1000", "continue": next},
        "items": items})
    .to_string()
}

/// A stream in which one pod changes now and then.
fn watch(shared: Arc<Shared>) -> Response {
    shared.note("API watch", 1, 0);
    let stream = futures_of(shared);
    Response::new(Body::new(stream))
}

fn futures_of(shared: Arc<Shared>) -> http_body_util::combinators::UnsyncBoxBody<Bytes, Infallible> {
    use http_body_util::BodyExt as _;
    let (sender, body) = Events::channel();
    tokio::spawn(async move {
        let mut version = 1001;
        loop {
            tokio::time::sleep(CHANGE_INTERVAL).await;
            let mut pod = documents::pod(version % shared.pods);
            pod["metadata"]["resourceVersion"] = json!(version.to_string());
            let line = format!("{}\n", json!({"type": "MODIFIED", "object": pod}));
            shared.note("API watch", 0, line.len());
            if sender.send(Bytes::from(line)).await.is_err() {
                return;
            }
            version += 1;
        }
    });
    body.boxed_unsync()
}

/// A body that is written line by line.
struct Events(tokio::sync::mpsc::Receiver<Bytes>);

impl Events {
    fn channel() -> (tokio::sync::mpsc::Sender<Bytes>, Events) {
        let (sender, receiver) = tokio::sync::mpsc::channel(16);
        (sender, Events(receiver))
    }
}

impl hyper::body::Body for Events {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<hyper::body::Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(context).map(|line| line.map(|line| Ok(hyper::body::Frame::data(line))))
    }
}

/// Pods of metrics.k8s.io: all, of a namespace, or one.
fn metrics(path: &str, pods: usize, time: &str) -> Option<String> {
    let rest = path.strip_prefix("/apis/metrics.k8s.io/v1beta1/")?;
    let all = || (0..pods).map(|pod| documents::pod_metrics(pod, time));
    let list = |items: Vec<Value>| {
        json!({"kind": "PodMetricsList", "apiVersion": "metrics.k8s.io/v1beta1", "metadata": {}, "items": items})
            .to_string()
    };
    if rest == "pods" {
        return Some(list(all().collect()));
    }
    let (namespace, name) = rest.strip_prefix("namespaces/")?.split_once("/pods")?;
    let inside: Vec<Value> = all().filter(|pod| pod["metadata"]["namespace"] == namespace).collect();
    match name.strip_prefix('/') {
        None => Some(list(inside)),
        Some(name) => {
            inside.into_iter().find(|pod| pod["metadata"]["name"] == name).map(|pod| pod.to_string())
        }
    }
}
