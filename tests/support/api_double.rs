//! An API server in this process: objects with versions, paged lists, rights, and faults on demand. It answers over
//! real TLS, or without any network for tests that hold the clock.
#![allow(dead_code, reason = "each test target uses its own part")]

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use broken::Broken;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use podometer::model::metrics_api::{NodeUsage, PodUsage};
use podometer::source::api_server::{self, ApiServer};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use super::metrics_server::{node_json, pod_json};

const METRICS: &str = "metrics.k8s.io";
pub(crate) const TOKEN: &str = "good-token";
pub(crate) const USER: &str = "system:serviceaccount:monitoring:podometer";

#[path = "reviews.rs"]
mod reviews;

/// Group, resource, namespace (empty for none) and name.
type Key = (String, String, String, String);

/// What happens to the requests to come, instead of an answer.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// This status with these words.
    Status(u16, &'static str),
    /// Nothing, for so long.
    Slow(Duration),
    /// The answer breaks off in its middle.
    Truncated,
}

#[derive(Debug, Default)]
pub(crate) struct Store {
    objects: BTreeMap<Key, Value>,
    version: u64,
    has_metrics: bool,
    denied: BTreeSet<String>,
    /// Faults by the beginning of a path.
    faults: Vec<(String, Fault)>,
    /// Whether metrics.k8s.io cuts its lists, which metrics-server does not.
    pub(crate) pages_metrics: bool,
    log: Vec<String>,
    /// Whose tokens are known and who may get what.
    pub(crate) reviews: reviews::Reviews,
}

/// The server; dropping it ends it.
pub(crate) struct Double {
    store: Arc<Mutex<Store>>,
    served: Option<Served>,
}

struct Served {
    address: SocketAddr,
    task: JoinHandle<()>,
    folder: tempfile::TempDir,
}

impl Drop for Double {
    fn drop(&mut self) {
        if let Some(served) = &self.served {
            served.task.abort();
        }
    }
}

impl Double {
    /// Without any network: its clients call it directly.
    pub(crate) fn unserved() -> Double {
        Double { store: Arc::new(Mutex::new(Store { has_metrics: true, ..Store::default() })), served: None }
    }

    /// On a port of its own, over TLS.
    pub(crate) async fn start() -> Double {
        let mut double = Double::unserved();
        let folder = tempfile::tempdir().unwrap();
        let acceptor = acceptor(folder.path());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = double.router(true);
        let task = tokio::spawn(async move {
            loop {
                let Ok((socket, _)) = listener.accept().await else { continue };
                let (acceptor, service) = (acceptor.clone(), TowerToHyperService::new(router.clone()));
                tokio::spawn(async move {
                    let Ok(tls) = acceptor.accept(socket).await else { return };
                    let builder = hyper::server::conn::http1::Builder::new();
                    _ = builder.serve_connection(TokioIo::new(tls), service).await;
                });
            }
        });
        let kubeconfig = json!({
            "clusters": [{"name": "c", "cluster": {
                "server": format!("https://{address}"),
                "certificate-authority": folder.path().join("ca.crt"),
            }}],
            "users": [{"name": "u", "user": {"token": TOKEN}}],
            "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
            "current-context": "x",
        });
        std::fs::write(folder.path().join("config"), kubeconfig.to_string()).unwrap();
        double.served = Some(Served { address, task, folder });
        double
    }

    /// The file that leads to it.
    pub(crate) fn kubeconfig(&self) -> std::path::PathBuf {
        self.served.as_ref().unwrap().folder.path().join("config")
    }

    /// A client of it: through TLS where it is served.
    pub(crate) async fn client(&self) -> ApiServer {
        if self.served.is_some() {
            let kubeconfig = Some(self.kubeconfig());
            let config = api_server::Config { kubeconfig, ..api_server::Config::default() };
            return ApiServer::connect(&config).await.unwrap();
        }
        let client = kube::Client::new(self.router(false), "default");
        ApiServer { client, url: "in-process".into(), timeout: Duration::from_secs(5) }
    }

    fn router(&self, checks_token: bool) -> Router {
        Router::new().fallback(answer).with_state((self.store.clone(), checks_token))
    }

    pub(crate) fn with<T>(&self, change: impl FnOnce(&mut Store) -> T) -> T {
        change(&mut self.store.lock().unwrap())
    }

    /// Every request since the last call, as `GET /path?query`.
    pub(crate) fn take_log(&self) -> Vec<String> {
        self.with(|store| std::mem::take(&mut store.log))
    }

    /// What metrics-server says from now on; `None` where there is none.
    pub(crate) fn set_metrics(&self, usage: Option<(&[PodUsage], &[NodeUsage])>) {
        self.with(|store| {
            store.objects.retain(|(group, ..), _| group != METRICS);
            store.has_metrics = usage.is_some();
            let (pods, nodes) = usage.unwrap_or_default();
            for pod in pods {
                let key = (METRICS, "pods", &*pod.namespace, &*pod.name);
                store.insert(key, pod_json(pod));
            }
            for node in nodes {
                store.insert((METRICS, "nodes", "", &*node.name), node_json(node));
            }
        });
    }

    /// Objects of one kind, each with its own namespace and name.
    pub(crate) fn add(&self, group: &str, resource: &str, objects: impl IntoIterator<Item = Value>) {
        self.with(|store| {
            for object in objects {
                let of = |key: &str| object["metadata"][key].as_str().unwrap_or_default().to_owned();
                let (namespace, name) = (of("namespace"), of("name"));
                store.insert((group, resource, &namespace, &name), object);
            }
        });
    }

    pub(crate) fn object(&self, group: &str, resource: &str, namespace: &str, name: &str) -> Option<Value> {
        let key = [group, resource, namespace, name].map(str::to_owned);
        self.with(|store| store.objects.get(&key.into()).cloned())
    }

    /// Refuses a verb on a resource, such as `get nodes.metrics.k8s.io`.
    pub(crate) fn deny(&self, right: &str) {
        self.with(|store| store.denied.insert(right.to_owned()));
    }

    /// Requests whose path begins so fail, until [`Double::heal`].
    pub(crate) fn fail(&self, path: &str, fault: Fault) {
        self.with(|store| store.faults.push((path.to_owned(), fault)));
    }

    pub(crate) fn heal(&self) {
        self.with(|store| {
            store.faults.clear();
            store.denied.clear();
        });
    }
}

impl Store {
    /// How many requests since the last [`Double::take_log`] begin so.
    pub(crate) fn log_lines(&self, start: &str) -> usize {
        self.log.iter().filter(|line| line.starts_with(start)).count()
    }

    fn insert(&mut self, (group, resource, namespace, name): (&str, &str, &str, &str), mut object: Value) {
        self.version += 1;
        object["metadata"]["resourceVersion"] = json!(self.version.to_string());
        self.objects.insert([group, resource, namespace, name].map(str::to_owned).into(), object);
    }
}

/// A request as the API server understands it.
struct Asked {
    group: String,
    resource: String,
    namespace: String,
    name: String,
    query: BTreeMap<String, String>,
}

impl Asked {
    fn parse(uri: &hyper::Uri) -> Option<Asked> {
        let mut parts = uri.path().trim_matches('/').split('/');
        let group = match parts.next()? {
            "api" => String::new(),
            "apis" => parts.next()?.to_owned(),
            _ => return None,
        };
        let _version = parts.next()?;
        let rest: Vec<&str> = parts.collect();
        let (namespace, rest) = match rest.as_slice() {
            ["namespaces", namespace, rest @ ..] if !rest.is_empty() => ((*namespace).to_owned(), rest),
            rest => (String::new(), rest),
        };
        let (resource, name) = match rest {
            [resource] => ((*resource).to_owned(), String::new()),
            [resource, name] => ((*resource).to_owned(), (*name).to_owned()),
            _ => return None,
        };
        let pairs = uri.query().unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
        let query = pairs.map(|(key, value)| (key.to_owned(), decoded(value))).collect();
        Some(Asked { group, resource, namespace, name, query })
    }

    fn qualified(&self) -> String {
        let dot = if self.group.is_empty() { "" } else { "." };
        format!("{}{dot}{}", self.resource, self.group)
    }
}

fn decoded(text: &str) -> String {
    let mut out = Vec::new();
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let hex: Vec<u8> = bytes.by_ref().take(2).collect();
            out.push(u8::from_str_radix(std::str::from_utf8(&hex).unwrap(), 16).unwrap());
        } else {
            out.push(byte);
        }
    }
    String::from_utf8(out).unwrap()
}

async fn answer(
    State((store, checks_token)): State<(Arc<Mutex<Store>>, bool)>,
    request: Request,
) -> Result<Response, Infallible> {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let line = format!("{} {}", head.method, head.uri.path_and_query().unwrap());
    let fault = {
        let mut store = store.lock().unwrap();
        store.log.push(line);
        let path = head.uri.path();
        store.faults.iter().find(|(start, _)| path.starts_with(start)).map(|(_, fault)| fault.clone())
    };
    if let Some(Fault::Slow(pause)) = fault {
        tokio::time::sleep(pause).await;
    }
    if let Some(Fault::Status(status, words)) = fault {
        return Ok(text(status, words));
    }
    let token = head.headers.get("authorization").and_then(|value| value.to_str().ok());
    if checks_token && token != Some(&format!("Bearer {TOKEN}")) {
        return Ok(status(401, "Unauthorized", "Unauthorized", ""));
    }
    let found = respond(&mut store.lock().unwrap(), &head, &body);
    if let Some(Fault::Truncated) = fault {
        let whole = axum::body::to_bytes(found.into_body(), 1 << 30).await.unwrap();
        return Ok(Response::new(Body::new(Broken::half_of(&whole))));
    }
    Ok(found)
}

fn respond(store: &mut Store, head: &hyper::http::request::Parts, body: &[u8]) -> Response {
    let Some(asked) = Asked::parse(&head.uri) else { return text(404, "404 page not found\n") };
    if asked.group == METRICS && !store.has_metrics {
        return text(404, "404 page not found\n");
    }
    let verb = match (head.method.as_str(), asked.name.is_empty()) {
        ("GET", true) => "list",
        ("GET", false) => "get",
        ("POST", _) => "create",
        ("PUT", _) => "update",
        ("PATCH", _) => "patch",
        ("DELETE", _) => "delete",
        _ => return text(405, "method not allowed"),
    };
    if store.denied.contains(&format!("{verb} {}", asked.qualified())) {
        let place = match &*asked.namespace {
            "" => "at the cluster scope".to_owned(),
            namespace => format!("in the namespace \"{namespace}\""),
        };
        let message = format!(
            "{} is forbidden: User \"{USER}\" cannot {verb} resource \"{}\" in API group \"{}\" {place}",
            asked.qualified(),
            asked.resource,
            asked.group
        );
        return status(403, "Forbidden", &message, "");
    }
    if let (true, Some(review)) = (verb == "create", store.reviews.answer(&asked.resource, body)) {
        return respond_json(201, &review);
    }
    match verb {
        "list" if asked.query.get("watch").is_some_and(|watch| watch == "true") => watch(store),
        "list" => list(store, &asked),
        "delete" => {
            let key =
                [&asked.group, &asked.resource, &asked.namespace, &asked.name].map(String::clone).into();
            store.objects.remove(&key).map_or_else(|| text(404, "gone"), |object| respond_json(200, &object))
        }
        "create" => {
            let object: Value = serde_json::from_slice(body).unwrap();
            let name = object["metadata"]["name"].as_str().unwrap().to_owned();
            let key = [&asked.group, &asked.resource, &asked.namespace, &name].map(String::clone).into();
            if store.objects.contains_key(&key) {
                return status(
                    409,
                    "AlreadyExists",
                    &format!("{} \"{name}\" already exists", asked.qualified()),
                    &name,
                );
            }
            store.insert((&asked.group, &asked.resource, &asked.namespace, &name), object);
            respond_json(201, &store.objects[&key])
        }
        "patch" => patch(store, &asked, body),
        _ => one(store, &asked, (verb == "update").then_some(body)),
    }
}

fn one(store: &mut Store, asked: &Asked, update: Option<&[u8]>) -> Response {
    let key: Key = [&asked.group, &asked.resource, &asked.namespace, &asked.name].map(String::clone).into();
    let Some(current) = store.objects.get(&key) else {
        // metrics-server names its kinds and objects in a way of its own.
        let (kind, name) = match (&*asked.group, &*asked.resource) {
            (METRICS, "pods") => {
                ("podmetrics.metrics.k8s.io".to_owned(), format!("{}/{}", asked.namespace, asked.name))
            }
            (METRICS, _) => ("nodemetrics.metrics.k8s.io".to_owned(), asked.name.clone()),
            _ => (asked.qualified(), asked.name.clone()),
        };
        return status(404, "NotFound", &format!("{kind} \"{name}\" not found"), &name);
    };
    let Some(update) = update else { return respond_json(200, current) };
    let object: Value = serde_json::from_slice(update).unwrap();
    let version = &object["metadata"]["resourceVersion"];
    if !version.is_null() && *version != current["metadata"]["resourceVersion"] {
        let message = format!("Operation cannot be fulfilled on {} \"{}\"", asked.qualified(), asked.name);
        return status(409, "Conflict", &message, &asked.name);
    }
    store.insert((&asked.group, &asked.resource, &asked.namespace, &asked.name), object);
    respond_json(200, &store.objects[&key])
}

/// A JSON patch of `test` and `add`; one that does not fit changes nothing.
fn patch(store: &mut Store, asked: &Asked, patch: &[u8]) -> Response {
    let key: Key = [&asked.group, &asked.resource, &asked.namespace, &asked.name].map(String::clone).into();
    let Some(mut object) = store.objects.get(&key).cloned() else { return one(store, asked, None) };
    let operations: Vec<Value> = serde_json::from_slice(patch).unwrap();
    for operation in &operations {
        let path = operation["path"].as_str().unwrap();
        let (parent, last) = path.rsplit_once('/').unwrap();
        let is_test = operation["op"] == "test";
        if is_test && object.pointer(path) != Some(&operation["value"]) {
            return status(
                422,
                "Invalid",
                "the server rejected our request due to an error in our request",
                "",
            );
        }
        if !is_test {
            assert_eq!(operation["op"], "add");
            object.pointer_mut(parent).unwrap()[last] = operation["value"].clone();
        }
    }
    store.insert((&asked.group, &asked.resource, &asked.namespace, &asked.name), object);
    respond_json(200, &store.objects[&key])
}

fn list(store: &Store, asked: &Asked) -> Response {
    let selector = asked.query.get("fieldSelector").and_then(|selector| selector.split_once('='));
    let selected = |object: &Value| match selector {
        Some((path, wanted)) => path.split('.').fold(object, |value, key| &value[key]) == wanted,
        None => true,
    };
    let items: Vec<&Value> = store
        .objects
        .iter()
        .filter(|((group, resource, ..), _)| *group == asked.group && *resource == asked.resource)
        .filter(|((_, _, namespace, _), _)| asked.namespace.is_empty() || *namespace == asked.namespace)
        .map(|(_, object)| object)
        .filter(|object| selected(object))
        .collect();
    let start: usize =
        asked.query.get("continue").map_or(0, |token| token.trim_matches('=').parse().unwrap());
    let cuts = asked.group != METRICS || store.pages_metrics;
    let limit = asked.query.get("limit").filter(|_| cuts).map_or(usize::MAX, |limit| limit.parse().unwrap());
    let end = items.len().min(start.saturating_add(limit));
    let mut metadata = json!({"resourceVersion": store.version.to_string()});
    if end < items.len() {
        metadata["continue"] = json!(format!("{end}=="));
    }
    respond_json(
        200,
        &json!({"kind": "List", "apiVersion": "v1", "metadata": metadata, "items": items[start..end]}),
    )
}

/// A watch in which nothing happens: a bookmark, and its time is over.
fn watch(store: &Store) -> Response {
    let metadata = json!({"resourceVersion": store.version.to_string()});
    let bookmark = json!({"type": "BOOKMARK", "object": {"kind": "Pod", "metadata": metadata}});
    text(200, &format!("{bookmark}\n"))
}

fn respond_json(status: u16, value: &Value) -> Response {
    let builder = Response::builder().status(status).header("content-type", "application/json");
    builder.body(Body::from(value.to_string())).unwrap()
}

fn status(code: u16, reason: &str, message: &str, name: &str) -> Response {
    let mut value = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": message, "reason": reason, "code": code});
    if !name.is_empty() {
        value["details"] = json!({"name": name});
    }
    respond_json(code, &value)
}

fn text(status: u16, words: &str) -> Response {
    Response::builder().status(status).body(Body::from(words.to_owned())).unwrap()
}

/// An authority in `ca.crt` and a certificate for the loopback address that it signed.
fn acceptor(folder: &std::path::Path) -> TlsAcceptor {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.distinguished_name.push(rcgen::DnType::CommonName, "podometer test authority");
    let issuer = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    std::fs::write(folder.join("ca.crt"), issuer.pem()).unwrap();
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let certificate = leaf.signed_by(&key, &issuer).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            rustls_pki_types::PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
        )
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

/// A body that breaks off.
mod broken {
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use hyper::body::{Body, Bytes, Frame};

    /// Half of an answer, and how often the rest is waited for, so that the half is on its way before the end.
    pub(super) struct Broken(Option<Bytes>, u32);

    impl Broken {
        pub(super) fn half_of(whole: &[u8]) -> Broken {
            Broken(Some(Bytes::copy_from_slice(&whole[..whole.len() / 2])), 3)
        }
    }

    impl Body for Broken {
        type Data = Bytes;
        type Error = std::io::Error;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
            if let Some(half) = self.0.take() {
                return Poll::Ready(Some(Ok(Frame::data(half))));
            }
            if self.1 > 0 {
                self.1 -= 1;
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            Poll::Ready(Some(Err(std::io::Error::other("cut"))))
        }
    }
}
