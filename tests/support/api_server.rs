//! A double of the Kubernetes API server: HTTPS, tokens, rights, paged lists, watches with bookmarks and their
//! ends, and every kind of trouble on demand. Collections are stored by path; each change has a resource version.

#![allow(dead_code, reason = "each suite uses its part of it")]

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::body::{Body, Bytes, Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use super::authority::Authority;

pub(crate) const PODS: &str = "/api/v1/pods";
/// A token that is accepted from the start.
pub(crate) const TOKEN: &str = "token-1";

/// What happens to the next request that asks for it.
#[derive(Clone, Debug)]
pub(crate) enum Trouble {
    /// Answers with this status.
    Status(u16),
    /// Says how long it is and ends after this many bytes.
    CutAfter(usize),
    /// Answers after this time.
    Slow(Duration),
}

/// One request as it was answered.
#[derive(Clone, Debug)]
pub(crate) struct Logged {
    pub(crate) path: String,
    pub(crate) query: HashMap<String, String>,
    pub(crate) status: u16,
}

impl Logged {
    pub(crate) fn is_watch(&self) -> bool {
        self.query.get("watch").is_some_and(|value| value == "true")
    }
}

#[derive(Debug)]
struct Happened {
    version: u64,
    collection: String,
    kind: &'static str,
    object: Value,
}

#[derive(Debug, Default)]
pub(crate) struct State {
    /// By path and then by namespace and name.
    collections: BTreeMap<String, BTreeMap<String, Value>>,
    /// Served as they are, by path.
    pub(crate) documents: BTreeMap<String, Value>,
    version: u64,
    happened: Vec<Happened>,
    /// Watches from before this version are refused.
    compacted: u64,
    /// The refusal comes as an event of a stream that began well.
    pub(crate) gone_as_event: bool,
    pub(crate) tokens: BTreeSet<String>,
    /// Verb and path that are not allowed.
    pub(crate) denied: BTreeSet<(&'static str, String)>,
    /// For lists and documents.
    pub(crate) trouble: VecDeque<Trouble>,
    pub(crate) log: Vec<Logged>,
    /// What open watches say next, raw.
    raw_line: Option<String>,
}

pub(crate) struct ApiServer {
    pub(crate) address: SocketAddr,
    state: Arc<Mutex<State>>,
    /// Wakes watches; the number is how many times they were told to end.
    ends: watch::Sender<u64>,
    pub(crate) authority: Authority,
    acceptor: Arc<Mutex<TlsAcceptor>>,
    task: Option<JoinHandle<()>>,
    directory: tempfile::TempDir,
}

impl ApiServer {
    pub(crate) async fn start() -> ApiServer {
        let authority = Authority::new();
        let acceptor = Arc::new(Mutex::new(authority.acceptor(&["127.0.0.1", "localhost"])));
        let state = State { version: 100, tokens: BTreeSet::from([TOKEN.to_owned()]), ..State::default() };
        let directory = tempfile::tempdir().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut server = ApiServer {
            address,
            state: Arc::new(Mutex::new(state)),
            ends: watch::channel(0).0,
            authority,
            acceptor,
            task: None,
            directory,
        };
        server.write_token(TOKEN);
        server.write_authority();
        let kubeconfig = json!({
            "clusters": [{"name": "c", "cluster": {"server": format!("https://{address}"),
                "certificate-authority": server.authority_file()}}],
            "users": [{"name": "u", "user": {"tokenFile": server.token_file()}}],
            "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
            "current-context": "x"});
        std::fs::write(server.kubeconfig(), kubeconfig.to_string()).unwrap();
        server.serve(listener);
        server
    }

    pub(crate) fn kubeconfig(&self) -> PathBuf {
        self.directory.path().join("kubeconfig")
    }

    pub(crate) fn token_file(&self) -> PathBuf {
        self.directory.path().join("token")
    }

    pub(crate) fn authority_file(&self) -> PathBuf {
        self.directory.path().join("ca.crt")
    }

    /// Puts another file in the token's place, as the kubelet does.
    pub(crate) fn write_token(&self, token: &str) {
        let next = self.directory.path().join("next");
        std::fs::write(&next, token).unwrap();
        std::fs::rename(next, self.token_file()).unwrap();
    }

    pub(crate) fn write_authority(&self) {
        std::fs::write(self.authority_file(), &self.authority.pem).unwrap();
    }

    /// New connections see another certificate of this authority.
    pub(crate) fn renew_certificate(&self) {
        *self.acceptor.lock().unwrap() = self.authority.acceptor(&["127.0.0.1", "localhost"]);
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Ends the server with all of its connections.
    pub(crate) async fn stop(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
            // Once it has ended its address is free.
            let _aborted = task.await;
        }
        self.end_watches();
    }

    /// Listens at the same address again.
    pub(crate) async fn start_again(&mut self) {
        let listener = TcpListener::bind(self.address).await.unwrap();
        self.serve(listener);
    }

    fn serve(&mut self, listener: TcpListener) {
        let (state, acceptor, ends) = (self.state.clone(), self.acceptor.clone(), self.ends.clone());
        self.task = Some(tokio::spawn(async move {
            // Dropped with the task, and every connection with it.
            let mut connections = tokio::task::JoinSet::new();
            loop {
                let Ok((stream, _)) = listener.accept().await else { continue };
                let tls = acceptor.lock().unwrap().clone();
                let (state, ends) = (state.clone(), ends.clone());
                connections.spawn(async move {
                    let Ok(stream) = tls.accept(stream).await else { return };
                    let service = service_fn(move |request| answer(request, state.clone(), ends.subscribe()));
                    let _gone = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
                });
            }
        }));
    }

    /// Ends every open watch, as the server does when their time is over.
    pub(crate) fn end_watches(&self) {
        self.ends.send_modify(|ends| *ends += 1);
    }

    /// Every open watch says this line.
    pub(crate) fn say(&self, line: &str) {
        self.state().raw_line = Some(line.to_owned());
        self.ends.send_modify(|_| {});
    }

    /// Puts an object into a collection: ADDED or MODIFIED.
    pub(crate) fn put(&self, collection: &str, object: Value) {
        self.state().put(collection, object);
        self.ends.send_modify(|_| {});
    }

    pub(crate) fn delete(&self, collection: &str, namespace: &str, name: &str) {
        self.state().delete(collection, namespace, name);
        self.ends.send_modify(|_| {});
    }

    /// Time passes: all open watches get a bookmark of this version.
    pub(crate) fn bookmark(&self) -> u64 {
        let version = {
            let mut state = self.state();
            state.version += 10;
            let version = state.version;
            let object = json!({"kind": "Pod", "metadata": {"resourceVersion": version.to_string()}});
            state.happened.push(Happened { version, collection: String::new(), kind: "BOOKMARK", object });
            version
        };
        self.ends.send_modify(|_| {});
        version
    }

    /// Forgets everything that happened before now.
    pub(crate) fn compact(&self) {
        let mut state = self.state();
        state.version += 1;
        state.compacted = state.version;
        state.happened.clear();
    }

    pub(crate) fn lists(&self) -> usize {
        self.state().log.iter().filter(|logged| logged.path == PODS && !logged.is_watch()).count()
    }

    pub(crate) fn watches(&self) -> Vec<Logged> {
        let state = self.state();
        state.log.iter().filter(|logged| logged.path == PODS && logged.is_watch()).cloned().collect()
    }
}

fn key_of(object: &Value) -> String {
    let part = |name: &str| object["metadata"][name].as_str().unwrap_or_default().to_owned();
    format!("{}/{}", part("namespace"), part("name"))
}

impl State {
    fn put(&mut self, collection: &str, mut object: Value) {
        self.version += 1;
        object["metadata"]["resourceVersion"] = self.version.to_string().into();
        let all = self.collections.entry(collection.to_owned()).or_default();
        let before = all.insert(key_of(&object), object.clone());
        let kind = if before.is_some() { "MODIFIED" } else { "ADDED" };
        self.happened.push(Happened {
            version: self.version,
            collection: collection.to_owned(),
            kind,
            object,
        });
    }

    fn delete(&mut self, collection: &str, namespace: &str, name: &str) {
        self.version += 1;
        let key = format!("{namespace}/{name}");
        let Some(mut object) = self.collections.get_mut(collection).and_then(|all| all.remove(&key)) else {
            panic!("{key}: nothing to delete");
        };
        object["metadata"]["resourceVersion"] = self.version.to_string().into();
        let (version, collection) = (self.version, collection.to_owned());
        self.happened.push(Happened { version, collection, kind: "DELETED", object });
    }
}

/// A body whose pieces come through a channel; an error in it breaks the connection.
struct Pieces(mpsc::UnboundedReceiver<Result<Bytes, std::io::Error>>);

impl Body for Pieces {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        self.0.poll_recv(context).map(|piece| piece.map(|piece| piece.map(Frame::data)))
    }
}

type Reply = Response<Pieces>;

fn whole(status: u16, text: Vec<u8>, sent: usize) -> Reply {
    let (sender, receiver) = mpsc::unbounded_channel();
    let length = text.len();
    let cut = sent < length;
    sender.send(Ok(Bytes::from(text).slice(..sent.min(length)))).unwrap();
    if cut {
        // Not before the beginning has left.
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(20)).await;
            let _closed = sender.send(Err(std::io::Error::other("cut")));
        });
    }
    Response::builder().status(status).header("content-length", length).body(Pieces(receiver)).unwrap()
}

fn refusal(code: u16, message: &str) -> Reply {
    let status = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": message, "code": code});
    whole(code, status.to_string().into_bytes(), usize::MAX)
}

async fn answer(
    request: Request<Incoming>,
    state: Arc<Mutex<State>>,
    ends: watch::Receiver<u64>,
) -> Result<Reply, Infallible> {
    let path = request.uri().path().to_owned();
    let query = query_of(request.uri().query().unwrap_or_default());
    let log = Logged { path: path.clone(), query: query.clone(), status: 0 };
    let is_watch = log.is_watch();
    let token = request.headers().get("authorization").and_then(|value| value.to_str().ok());
    let token = token.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default().to_owned();
    let trouble = if is_watch { None } else { state.lock().unwrap().trouble.pop_front() };
    if let Some(Trouble::Slow(time)) = trouble {
        tokio::time::sleep(time).await;
    }
    // A guard in the scrutinee would live as long as the match.
    let refused = refuse(&state.lock().unwrap(), &path, is_watch, &token, trouble.as_ref());
    let mut reply = match refused {
        Some(reply) => reply,
        None if is_watch => watch_reply(&path, &query, &state, ends),
        None => list_reply(&state.lock().unwrap(), &path, &query, trouble.as_ref()),
    };
    reply.headers_mut().insert("content-type", "application/json".parse().unwrap());
    state.lock().unwrap().log.push(Logged { status: reply.status().as_u16(), ..log });
    Ok(reply)
}

fn refuse(
    state: &State,
    path: &str,
    is_watch: bool,
    token: &str,
    trouble: Option<&Trouble>,
) -> Option<Reply> {
    let verb = if is_watch { "watch" } else { "list" };
    if !state.tokens.contains(token) {
        return Some(refusal(401, "Unauthorized"));
    }
    if state.denied.contains(&(verb, path.to_owned())) {
        let resource = path.rsplit('/').next().unwrap_or_default();
        let user = "system:serviceaccount:monitoring:podometer";
        return Some(refusal(
            403,
            &format!(
                "{resource} is forbidden: User \"{user}\" cannot {verb} resource \"{resource}\" in API group \"\" at the cluster scope"
            ),
        ));
    }
    if let Some(Trouble::Status(code)) = trouble {
        return Some(refusal(*code, "trouble"));
    }
    let is_known = path == PODS || state.collections.contains_key(path) || state.documents.contains_key(path);
    (!is_known).then(|| refusal(404, "the server could not find the requested resource"))
}

/// A page of a collection, or a document as it is.
fn list_reply(
    state: &State,
    path: &str,
    query: &HashMap<String, String>,
    trouble: Option<&Trouble>,
) -> Reply {
    let sent = if let Some(Trouble::CutAfter(bytes)) = trouble { *bytes } else { usize::MAX };
    if let Some(document) = state.documents.get(path) {
        return whole(200, document.to_string().into_bytes(), sent);
    }
    let empty = BTreeMap::new();
    let all = state.collections.get(path).unwrap_or(&empty);
    let wanted: Vec<&Value> = all.values().filter(|object| is_selected(object, query)).collect();
    let number = |name: &str| query.get(name).and_then(|value| value.parse::<usize>().ok());
    // The place in the list is all that the token holds; it goes stale with what was compacted.
    let (version, start) = match query.get("continue") {
        Some(token) => {
            let (version, start) = token.split_once(':').unwrap();
            (version.parse().unwrap(), start.parse().unwrap())
        }
        None => (state.version, 0),
    };
    if version < state.compacted {
        return refusal(410, "The provided continue parameter is too old");
    }
    let end = number("limit").map_or(wanted.len(), |limit| (start + limit).min(wanted.len()));
    let next = if end < wanted.len() { format!("{version}:{end}") } else { String::new() };
    let metadata = json!({"resourceVersion": version.to_string(), "continue": next});
    let items = &wanted[start.min(end)..end];
    let list = json!({"kind": "PodList", "apiVersion": "v1", "metadata": metadata, "items": items});
    whole(200, list.to_string().into_bytes(), sent)
}

/// A stream of what happens from a version on, until its time is over.
fn watch_reply(
    path: &str,
    query: &HashMap<String, String>,
    state: &Arc<Mutex<State>>,
    mut ends: watch::Receiver<u64>,
) -> Reply {
    let mut at: u64 = query["resourceVersion"].parse().unwrap();
    let (sender, receiver) = mpsc::unbounded_channel();
    let say = move |kind: &str, object: &Value| {
        let line = match (kind, object) {
            ("RAW", Value::String(line)) => format!("{line}\n"),
            _ => format!("{}\n", json!({"type": kind, "object": object})),
        };
        // In two pieces, as a network may have it.
        let (head, tail) = line.split_at(line.len() / 2);
        let pieces = [head.to_owned(), tail.to_owned()];
        pieces.into_iter().all(|piece| sender.send(Ok(Bytes::from(piece))).is_ok())
    };
    {
        let state = state.lock().unwrap();
        if at < state.compacted {
            let message = "too old resource version";
            if !state.gone_as_event {
                return refusal(410, message);
            }
            let status = json!({"kind": "Status", "status": "Failure", "message": message,
                "reason": "Expired", "code": 410, "metadata": {}});
            say("ERROR", &status);
            return Response::new(Pieces(receiver));
        }
    }
    let (path, query, state) = (path.to_owned(), query.clone(), state.clone());
    let first_end = *ends.borrow_and_update();
    tokio::spawn(async move {
        let seconds = query.get("timeoutSeconds").and_then(|value| value.parse().ok()).unwrap_or(300);
        let over = tokio::time::sleep(Duration::from_secs(seconds));
        tokio::pin!(over);
        loop {
            let news: Vec<(&'static str, Value)> = {
                let mut state = state.lock().unwrap();
                let news = state.happened.iter().filter(|happened| happened.version > at);
                let mine = news.filter(|happened| {
                    happened.kind == "BOOKMARK"
                        || happened.collection == path && is_selected(&happened.object, &query)
                });
                let mut mine: Vec<_> =
                    mine.map(|happened| (happened.kind, happened.object.clone())).collect();
                at = state.version;
                if let Some(raw) = state.raw_line.take() {
                    mine.push(("RAW", Value::from(raw)));
                }
                mine
            };
            if !news.iter().all(|(kind, object)| say(kind, object)) {
                return;
            }
            tokio::select! {
                changed = ends.changed() => {
                    if changed.is_err() || *ends.borrow_and_update() != first_end {
                        return;
                    }
                }
                () = &mut over => return,
            }
        }
    });
    Response::new(Pieces(receiver))
}

fn is_selected(object: &Value, query: &HashMap<String, String>) -> bool {
    let wanted = query.get("fieldSelector").and_then(|selector| selector.strip_prefix("spec.nodeName="));
    wanted.is_none_or(|node| object["spec"]["nodeName"] == *node)
}

fn query_of(text: &str) -> HashMap<String, String> {
    let decode = |text: &str| {
        let mut bytes = text.bytes();
        let mut decoded = Vec::new();
        while let Some(byte) = bytes.next() {
            decoded.push(if byte == b'%' {
                let digits = [bytes.next().unwrap(), bytes.next().unwrap()];
                u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
            } else {
                byte
            });
        }
        String::from_utf8(decoded).unwrap()
    };
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(key, value)| (decode(key), decode(value))).collect()
}
