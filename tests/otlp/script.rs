//! A collector that answers as it is told, in this process.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use podometer::encode::Batch;
use podometer::sink::otlp::Config;

/// A request as it arrived, its body decompressed.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) head: String,
    pub(crate) batch: Batch,
}

/// Status line with headers beside the length, and the body.
pub(crate) type Answer = (&'static str, Vec<u8>);

pub(crate) struct Double {
    url: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Double {
    /// Answers the n-th request (from 0) with `answer(n, request)`.
    pub(crate) fn start(answer: impl Fn(usize, &Request) -> Answer + Send + 'static) -> Double {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        // It ends with the process: nobody connects any more.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let mut stream = BufReader::new(stream);
                while let Some(request) = read(&mut stream) {
                    let number = {
                        let mut seen = seen.lock().unwrap();
                        seen.push(request.clone());
                        seen.len() - 1
                    };
                    let (head, body) = answer(number, &request);
                    let length = body.len();
                    let head = format!("HTTP/1.1 {head}\r\nContent-Length: {length}\r\n\r\n");
                    if stream.get_mut().write_all(&[head.as_bytes(), &body].concat()).is_err() {
                        break;
                    }
                }
            }
        });
        Double { url, requests }
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// A sink's configuration for this server with pauses that do not hold up a test.
    pub(crate) fn config(&self) -> Config {
        let mut config = Config { url: self.url.clone(), ..Config::default() };
        config.http.backoff_min = std::time::Duration::from_millis(1);
        config.http.backoff_max = std::time::Duration::from_millis(20);
        config
    }
}

fn read(stream: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let lower = head.to_lowercase();
    let length = lower.split_once("content-length: ")?.1.split("\r\n").next()?.parse().ok()?;
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    if lower.contains("content-encoding: gzip") {
        let mut plain = Vec::new();
        flate2::read::GzDecoder::new(&body[..]).read_to_end(&mut plain).unwrap();
        body = plain;
    }
    let points = crate::message::count(&body);
    Some(Request { head, batch: Batch { body: body.into(), points } })
}
