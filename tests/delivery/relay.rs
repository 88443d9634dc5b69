//! Stands between the agent and a server, with or without TLS: passes on what comes, and remembers it.

use std::io::Read;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// A request as it arrived, its body decompressed, and the status of its answer.
#[derive(Clone, Debug)]
pub(crate) struct Passed {
    pub(crate) head: String,
    pub(crate) body: String,
    pub(crate) status: u16,
    pub(crate) connection: usize,
}

#[derive(Default)]
struct State {
    passed: Vec<Passed>,
    tls: Option<TlsAcceptor>,
    /// Said in place of the server's answer: status line, and the body.
    refusal: Option<(String, String)>,
    connections: usize,
}

pub(crate) struct Relay {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

impl Relay {
    /// In front of a server on this port of loopback.
    pub(crate) fn start(port: u16, tls: Option<TlsAcceptor>) -> Relay {
        let state = Arc::new(Mutex::new(State { tls, ..State::default() }));
        let (sender, address) = std::sync::mpsc::channel();
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                sender.send(listener.local_addr().unwrap()).unwrap();
                while let Ok((stream, _)) = listener.accept().await {
                    tokio::spawn(converse(stream, port, Arc::clone(&shared)));
                }
            });
        });
        Relay { address: address.recv().unwrap(), state }
    }

    pub(crate) fn url(&self) -> String {
        let is_tls = self.state.lock().unwrap().tls.is_some();
        let scheme = if is_tls { "https://localhost" } else { "http://127.0.0.1" };
        format!("{scheme}:{}", self.address.port())
    }

    /// The certificate of connections from now on.
    pub(crate) fn renew(&self, tls: TlsAcceptor) {
        self.state.lock().unwrap().tls = Some(tls);
    }

    /// From now on this is the answer; ECHO in it is what the client showed to be let in.
    pub(crate) fn refuse(&self, line: &str, body: &str) {
        self.state.lock().unwrap().refusal = Some((line.to_owned(), body.to_owned()));
    }

    pub(crate) fn passed(&self) -> Vec<Passed> {
        self.state.lock().unwrap().passed.clone()
    }
}

async fn converse(stream: TcpStream, port: u16, state: Arc<Mutex<State>>) {
    let (tls, connection) = {
        let mut state = state.lock().unwrap();
        state.connections += 1;
        (state.tls.clone(), state.connections)
    };
    let mut stream: Box<dyn Stream> = match tls {
        None => Box::new(stream),
        Some(tls) => match tls.accept(stream).await {
            Ok(stream) => Box::new(stream),
            // A client that does not trust us.
            Err(_) => return,
        },
    };
    while let Some((head, body)) = read(stream.as_mut()).await {
        let refusal = state.lock().unwrap().refusal.clone();
        let answer = match refusal {
            Some((line, body)) => {
                let body = body.replace("ECHO", &told(&head));
                let length = body.len();
                Some(format!("HTTP/1.1 {line}\r\nContent-Length: {length}\r\n\r\n{body}").into_bytes())
            }
            None => pass(&head, &body, port).await,
        };
        let Some(answer) = answer else { return };
        let status = String::from_utf8_lossy(&answer[9..12]).parse().unwrap();
        let text = plain(&head, &body);
        state.lock().unwrap().passed.push(Passed { head, body: text, status, connection });
        if stream.write_all(&answer).await.is_err() {
            return;
        }
    }
}

async fn read(stream: &mut dyn Stream) -> Option<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let length = header(&head, "content-length").map_or(0, |length| length.parse().unwrap());
    while bytes.len() < end + length {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    Some((head, bytes[end..].to_vec()))
}

/// The server's whole answer. HTTP/1.0, so that its end is the end of the connection.
async fn pass(head: &str, body: &[u8], port: u16) -> Option<Vec<u8>> {
    let mut server = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
    let head = head.replacen(" HTTP/1.1\r\n", " HTTP/1.0\r\n", 1);
    server.write_all(&[head.as_bytes(), body].concat()).await.ok()?;
    let mut answer = Vec::new();
    // A server that refuses without reading resets the connection behind its answer.
    _ = server.read_to_end(&mut answer).await;
    let at = answer.windows(4).position(|window| window == b"\r\n\r\n")?;
    let (line, length) = (String::from_utf8_lossy(&answer[9..12]).into_owned(), answer.len() - at - 4);
    let mut out = format!("HTTP/1.1 {line} Said\r\n").into_bytes();
    if line != "204" {
        out.extend(format!("Content-Length: {length}\r\n").bytes());
    }
    out.extend(&answer[at + 2..]);
    Some(out)
}

pub(crate) fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| {
        let (found, value) = line.split_once(": ")?;
        found.eq_ignore_ascii_case(name).then_some(value)
    })
}

/// The credentials of a request, as they are and unpacked.
fn told(head: &str) -> String {
    let shown = ["authorization", "proxy-authorization"].map(|name| header(head, name).unwrap_or_default());
    let unpacked = shown.map(|value| {
        let bytes = STANDARD.decode(value.trim_start_matches("Basic ")).unwrap_or_default();
        String::from_utf8(bytes).unwrap_or_default()
    });
    [shown.join(", "), unpacked.join(", ")].join(", ")
}

fn plain(head: &str, body: &[u8]) -> String {
    let mut text = String::new();
    match header(head, "content-encoding") {
        Some("gzip") => _ = flate2::read::GzDecoder::new(body).read_to_string(&mut text).unwrap(),
        _ => text = String::from_utf8(body.to_vec()).unwrap(),
    }
    text
}
