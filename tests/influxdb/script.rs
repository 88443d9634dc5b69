//! An HTTP server that answers as it is told, in this process.

use std::io::Read;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use podometer::sink::config::HttpConfig;
use podometer::sink::influxdb::Config;
use podometer::sink::{Handle, spool};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// A request as it arrived, its body decompressed.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) head: String,
    pub(crate) body: String,
}

pub(crate) enum Answer {
    /// Status line and headers beside the length, and the body.
    Whole(&'static str, String),
    /// These bytes, then the end of the connection.
    Cut(&'static str),
    /// Nothing, and the connection stays open.
    Silence,
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

pub(crate) fn status(line: &'static str) -> Answer {
    Answer::Whole(line, String::new())
}

pub(crate) struct Server {
    pub(crate) url: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    /// Answers the n-th request (from 0) with `answer(n, request)`.
    pub(crate) async fn start(answer: impl FnMut(usize, &Request) -> Answer + Send + 'static) -> Server {
        Server::start_with(None, answer).await
    }

    /// Likewise behind TLS, where there is an acceptor.
    pub(crate) async fn start_with(
        tls: Option<TlsAcceptor>,
        answer: impl FnMut(usize, &Request) -> Answer + Send + 'static,
    ) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let scheme = if tls.is_some() { "https://localhost" } else { "http://127.0.0.1" };
        let url = format!("{scheme}:{}", listener.local_addr().unwrap().port());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (seen, answer) = (Arc::clone(&requests), Arc::new(Mutex::new(answer)));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (seen, answer, tls) = (Arc::clone(&seen), Arc::clone(&answer), tls.clone());
                tokio::spawn(async move {
                    let mut stream: Box<dyn Stream> = match tls {
                        None => Box::new(stream),
                        Some(tls) => match tls.accept(stream).await {
                            Ok(stream) => Box::new(stream),
                            // A client that does not trust us.
                            Err(_) => return,
                        },
                    };
                    while let Some(request) = read(stream.as_mut()).await {
                        let reply = {
                            let mut seen = seen.lock().unwrap();
                            seen.push(request.clone());
                            (answer.lock().unwrap())(seen.len() - 1, &request)
                        };
                        if !write(stream.as_mut(), reply).await {
                            return;
                        }
                    }
                });
            }
        });
        Server { url, requests }
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// A sink's configuration for this server with pauses that do not hold up a test.
    pub(crate) fn config(&self) -> Config {
        config(&self.url)
    }
}

pub(crate) fn config(url: &str) -> Config {
    let http = HttpConfig {
        backoff_min: Duration::from_millis(1),
        backoff_max: Duration::from_millis(20),
        proxy: "none".into(),
        ..HttpConfig::default()
    };
    Config { url: url.into(), database: Some("d".into()), http, ..Config::default() }
}

/// A sink without a spool.
pub(crate) fn start(config: &Config) -> Handle {
    config.plan().unwrap().start(&spool::Config::default(), 1).unwrap()
}

async fn read(stream: &mut dyn Stream) -> Option<Request> {
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
    let lower = head.to_lowercase();
    let length = lower.split_once("content-length: ").unwrap().1.split("\r\n").next().unwrap();
    let length: usize = length.parse().unwrap();
    while bytes.len() < end + length {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    let body = &bytes[end..end + length];
    let mut text = String::new();
    if lower.contains("content-encoding: gzip") {
        flate2::read::GzDecoder::new(body).read_to_string(&mut text).unwrap();
    } else {
        text = String::from_utf8(body.to_vec()).unwrap();
    }
    Some(Request { head, body: text })
}

async fn write(stream: &mut dyn Stream, answer: Answer) -> bool {
    match answer {
        Answer::Whole(head, body) => {
            let text = format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
            stream.write_all(text.as_bytes()).await.is_ok()
        }
        Answer::Cut(text) => {
            let _ = stream.write_all(text.as_bytes()).await;
            false
        }
        Answer::Silence => std::future::pending().await,
    }
}
