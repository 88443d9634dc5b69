//! A kubelet as clients see it: HTTPS, service account tokens, rights by path as recorded from a real one, and
//! everything that a real one does only on a bad day. It runs on a thread of its own, so that tests with and
//! without a runtime can use it.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use hyper::body::{Frame, Incoming};
use hyper::header::AUTHORIZATION;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::authority::Authority;

/// How a path is answered, once the caller has shown its rights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Whole,
    /// The whole answer after this time.
    Late(Duration),
    /// Nothing until `release` is called.
    Held,
    /// The connection ends behind half of the document.
    Half,
    Status(u16),
}

/// One request as it was answered.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) path: String,
    pub(crate) status: u16,
    /// Requests of the same path that were being answered when it came, itself included.
    pub(crate) at_once: usize,
    pub(crate) connection: usize,
    pub(crate) at: Instant,
    /// Whether its answer was held back.
    pub(crate) is_held: bool,
}

#[derive(Default)]
struct State {
    documents: BTreeMap<String, Bytes>,
    answers: BTreeMap<String, Answer>,
    /// By token: who it is, and what it may read.
    accounts: BTreeMap<String, (String, BTreeSet<&'static str>)>,
    running: BTreeMap<String, usize>,
    seen: Vec<Seen>,
    connections: usize,
}

type Shared = Arc<Mutex<State>>;

pub(crate) struct KubeletServer {
    pub(crate) address: SocketAddr,
    state: Shared,
    tls: Option<watch::Sender<TlsAcceptor>>,
    /// Whether it listens.
    up: watch::Sender<bool>,
    is_up: watch::Receiver<bool>,
    released: watch::Sender<u64>,
    answered: watch::Receiver<usize>,
}

impl KubeletServer {
    /// Serves HTTPS with this certificate on a free port.
    pub(crate) fn start(tls: TlsAcceptor) -> KubeletServer {
        KubeletServer::start_with(Some(tls))
    }

    /// The read-only port: plain, and open to all.
    pub(crate) fn start_read_only() -> KubeletServer {
        KubeletServer::start_with(None)
    }

    fn start_with(tls: Option<TlsAcceptor>) -> KubeletServer {
        let state = Shared::default();
        let (address_sender, address) = std::sync::mpsc::channel();
        let (tls_sender, tls_now) = tls.map(watch::channel).unzip();
        let (up, mut wanted) = watch::channel(true);
        let (is_up_sender, is_up) = watch::channel(false);
        let (released, release) = watch::channel(0);
        let (answered_sender, answered) = watch::channel(0);
        let server =
            Server { state: state.clone(), tls: tls_now, release, answered: Arc::new(answered_sender) };
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let mut address = SocketAddr::from(([127, 0, 0, 1], 0));
                loop {
                    let listener = TcpListener::bind(address).await.unwrap();
                    address = listener.local_addr().unwrap();
                    _ = address_sender.send(address);
                    is_up_sender.send_replace(true);
                    tokio::select! {
                        () = server.serve(listener) => {}
                        down = wanted.wait_for(|up| !up) => if down.is_err() { return },
                    }
                    // Everything that was open is gone with the future above, as with a process that ended.
                    is_up_sender.send_replace(false);
                    if wanted.wait_for(|up| *up).await.is_err() {
                        return;
                    }
                }
            });
        });
        KubeletServer {
            address: address.recv().unwrap(),
            state,
            tls: tls_sender,
            up,
            is_up,
            released,
            answered,
        }
    }

    /// Its address, by number.
    pub(crate) fn url(&self) -> String {
        format!("{}://{}", if self.tls.is_some() { "https" } else { "http" }, self.address)
    }

    /// Its address, by name.
    pub(crate) fn url_by_name(&self) -> String {
        format!("https://localhost:{}", self.address.port())
    }

    pub(crate) fn set_document(&self, path: &str, bytes: impl Into<Bytes>) {
        self.state.lock().unwrap().documents.insert(path.to_owned(), bytes.into());
    }

    /// The documents of a recorded node.
    pub(crate) fn set_recording(&self, folder: &Path) {
        for (path, file) in [
            ("/stats/summary", "stats-summary.json"),
            ("/metrics/resource", "metrics-resource.txt"),
            ("/pods", "pods.json"),
        ] {
            self.set_document(path, std::fs::read(folder.join(file)).unwrap());
        }
    }

    pub(crate) fn set_answer(&self, path: &str, answer: Answer) {
        self.state.lock().unwrap().answers.insert(path.to_owned(), answer);
    }

    /// Answers everything that is held now.
    pub(crate) fn release(&self) {
        self.released.send_modify(|count| *count += 1);
    }

    /// Lets the bearer of a token read what these rights open, such as `nodes/stats`.
    pub(crate) fn grant(&self, token: &str, subject: &str, rights: &[&'static str]) {
        let account = (subject.to_owned(), rights.iter().copied().collect());
        self.state.lock().unwrap().accounts.insert(token.to_owned(), account);
    }

    /// The token is one of nobody from now on.
    pub(crate) fn revoke(&self, token: &str) {
        self.state.lock().unwrap().accounts.remove(token);
    }

    /// New connections are shown another certificate.
    pub(crate) fn renew(&self, tls: TlsAcceptor) {
        self.tls.as_ref().unwrap().send_replace(tls);
    }

    /// Ends listening and every connection, as a kubelet that restarts.
    pub(crate) async fn stop(&self) {
        self.up.send_replace(false);
        self.is_up.clone().wait_for(|up| !up).await.unwrap();
    }

    /// Listens again, on the same port.
    pub(crate) async fn start_again(&self) {
        self.up.send_replace(true);
        self.is_up.clone().wait_for(|up| *up).await.unwrap();
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.state.lock().unwrap().seen.clone()
    }

    /// Waits until so many requests have come.
    pub(crate) async fn has_seen(&self, count: usize) {
        self.answered.clone().wait_for(|answered| *answered >= count).await.unwrap();
    }
}

#[derive(Clone)]
struct Server {
    state: Shared,
    tls: Option<watch::Receiver<TlsAcceptor>>,
    release: watch::Receiver<u64>,
    /// Requests that have come.
    answered: Arc<watch::Sender<usize>>,
}

impl Server {
    async fn serve(&self, listener: TcpListener) {
        let mut connections = JoinSet::new();
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let number = {
                let mut state = self.state.lock().unwrap();
                state.connections += 1;
                state.connections
            };
            connections.spawn(self.clone().converse(stream, number));
        }
    }

    async fn converse(self, stream: TcpStream, number: usize) {
        match self.tls.as_ref().map(|tls| tls.borrow().clone()) {
            None => self.speak(TokioIo::new(stream), number).await,
            // A client that does not trust us goes away in the handshake.
            Some(tls) => {
                if let Ok(stream) = tls.accept(stream).await {
                    self.speak(TokioIo::new(stream), number).await;
                }
            }
        }
    }

    async fn speak<S: hyper::rt::Read + hyper::rt::Write + Unpin>(&self, stream: S, number: usize) {
        let service = service_fn(move |request: Request<Incoming>| {
            let server = self.clone();
            async move { Ok::<_, Infallible>(server.answer(&request, number).await) }
        });
        // A half answer ends the connection with an error; that is what it is for.
        _ = hyper::server::conn::http1::Builder::new().serve_connection(stream, service).await;
    }

    async fn answer(mut self, request: &Request<Incoming>, connection: usize) -> Response<Part> {
        let path = request.uri().path().to_owned();
        let token = request
            .headers()
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
        let (refused, answer, document) = {
            let mut state = self.state.lock().unwrap();
            *state.running.entry(path.clone()).or_default() += 1;
            let refused = if self.tls.is_some() { state.refusal(token, &path) } else { None };
            let answer = state.answers.get(&path).copied().unwrap_or(Answer::Whole);
            (refused, answer, state.documents.get(&path).cloned())
        };
        let running = Running { state: self.state.clone(), path: path.clone() };
        let at = Instant::now();
        let at_once = self.state.lock().unwrap().running[&path];
        let whole = |status, bytes| (status, Part { bytes: Some(bytes), is_cut: false, is_flushed: false });
        let (status, body) = match (refused, document) {
            (Some((status, text)), _) => whole(status, text.into()),
            (None, None) => whole(404, Bytes::from_static(b"404 page not found\n")),
            (None, Some(document)) => match answer {
                Answer::Whole => whole(200, document),
                Answer::Status(status) => whole(status, Bytes::from_static(b"the server says no\n")),
                Answer::Half => (
                    200,
                    Part {
                        bytes: Some(document.slice(..document.len() / 2)),
                        is_cut: true,
                        is_flushed: false,
                    },
                ),
                Answer::Late(pause) => {
                    self.note(&path, 200, at_once, connection, at);
                    tokio::time::sleep(pause).await;
                    drop(running);
                    return Response::new(Part { bytes: Some(document), is_cut: false, is_flushed: false });
                }
                Answer::Held => {
                    self.note(&path, 200, at_once, connection, at);
                    self.release.mark_unchanged();
                    _ = self.release.changed().await;
                    drop(running);
                    return Response::new(Part { bytes: Some(document), is_cut: false, is_flushed: false });
                }
            },
        };
        drop(running);
        self.note(&path, status, at_once, connection, at);
        Response::builder().status(status).body(body).unwrap()
    }

    fn note(&self, path: &str, status: u16, at_once: usize, connection: usize, at: Instant) {
        let count = {
            let mut state = self.state.lock().unwrap();
            let is_held = status == 200 && state.answers.get(path) == Some(&Answer::Held);
            let seen = Seen { path: path.to_owned(), status, at_once, connection, at, is_held };
            state.seen.push(seen);
            state.seen.len()
        };
        self.answered.send_replace(count);
    }
}

/// Counts a request as running, also where its client went away.
struct Running {
    state: Shared,
    path: String,
}

impl Drop for Running {
    fn drop(&mut self) {
        *self.state.lock().unwrap().running.get_mut(&self.path).unwrap() -= 1;
    }
}

impl State {
    /// Status and words of a refusal; as in truth/kubelet-rbac.txt.
    fn refusal(&self, token: Option<&str>, path: &str) -> Option<(u16, String)> {
        let Some((subject, rights)) = token.and_then(|token| self.accounts.get(token)) else {
            return Some((401, "Unauthorized".to_owned()));
        };
        let wanted: &[&str] = match path {
            "/pods" | "/runningpods/" => &["nodes/pods", "nodes/proxy"],
            "/healthz" => &["nodes/healthz", "nodes/proxy"],
            "/configz" => &["nodes/configz", "nodes/proxy"],
            path if path.starts_with("/stats/") => &["nodes/stats"],
            path if path.starts_with("/metrics") => &["nodes/metrics"],
            _ => &["nodes/proxy"],
        };
        if wanted.iter().any(|right| rights.contains(right)) {
            return None;
        }
        let names: Vec<&str> = wanted.iter().filter_map(|right| right.strip_prefix("nodes/")).collect();
        let text = format!(
            "Forbidden (user={subject}, verb=get, resource=nodes, subresource(s)=[{}])\n",
            names.join(" ")
        );
        Some((403, text))
    }
}

/// A body that may break off.
struct Part {
    bytes: Option<Bytes>,
    is_cut: bool,
    /// Whether there was time to send what came before the end.
    is_flushed: bool,
}

impl hyper::body::Body for Part {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        Poll::Ready(match self.bytes.take() {
            Some(bytes) => Some(Ok(Frame::data(bytes))),
            None if self.is_cut && !self.is_flushed => {
                self.is_flushed = true;
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            None if self.is_cut => Some(Err(std::io::Error::other("cut"))),
            None => None,
        })
    }
}

/// A kubelet of a recorded node, the authority that signed its certificate, and an account that may read all.
pub(crate) fn recorded(folder: &Path) -> (KubeletServer, Authority) {
    let authority = Authority::new();
    let server = KubeletServer::start(authority.acceptor(&["127.0.0.1", "localhost"]));
    server.set_recording(folder);
    server.grant(
        "good",
        "system:serviceaccount:m:podometer",
        &["nodes/stats", "nodes/metrics", "nodes/pods"],
    );
    (server, authority)
}
