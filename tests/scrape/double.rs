//! A double: an HTTP server in this process that answers as it is told and remembers what it was asked.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// Status and body.
    Whole(u16, String),
    /// These bytes, then the end of the connection.
    Cut(String),
    /// Nothing, for as long as the other side waits.
    Silence,
}

#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) line: String,
    /// In small letters.
    pub(crate) head: String,
    pub(crate) body: String,
}

#[derive(Debug, Default)]
struct Shared {
    answers: Mutex<HashMap<String, Answer>>,
    requests: Mutex<Vec<Request>>,
}

pub(crate) struct Double {
    address: String,
    shared: Arc<Shared>,
}

impl Double {
    pub(crate) fn start() -> Double {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let shared = Arc::new(Shared::default());
        let serving = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let shared = Arc::clone(&serving);
                std::thread::spawn(move || serve(stream, &shared));
            }
        });
        Double { address, shared }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// What it says on a path from now on; what has no answer is not found.
    pub(crate) fn set(&self, path: &str, answer: Answer) {
        self.shared.answers.lock().unwrap().insert(path.to_owned(), answer);
    }

    pub(crate) fn page(&self, path: &str, body: impl Into<String>) {
        self.set(path, Answer::Whole(200, body.into()));
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.shared.requests.lock().unwrap().clone()
    }
}

fn serve(stream: TcpStream, shared: &Shared) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut writer = stream;
    while let Some(request) = request(&mut reader) {
        let path = request.line.split([' ', '?']).nth(1).unwrap_or_default().to_owned();
        shared.requests.lock().unwrap().push(request);
        let answer = shared.answers.lock().unwrap().get(&path).cloned();
        let text = match answer.unwrap_or(Answer::Whole(404, String::new())) {
            Answer::Whole(status, body) => {
                format!("HTTP/1.1 {status} Said\r\nContent-Length: {}\r\n\r\n{body}", body.len())
            }
            Answer::Cut(text) => {
                // The other side may be gone already.
                _ = writer.write_all(text.as_bytes());
                return;
            }
            Answer::Silence => {
                _ = reader.read(&mut [0]);
                return;
            }
        };
        if writer.write_all(text.as_bytes()).is_err() {
            return;
        }
    }
}

fn request(reader: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|bytes| *bytes > 0)?;
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") && head != "\r\n" {
        reader.read_line(&mut head).ok().filter(|bytes| *bytes > 0)?;
    }
    let head = head.to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    reader.read_exact(&mut body).ok()?;
    Some(Request { line: line.trim_end().to_owned(), head, body: String::from_utf8(body).unwrap() })
}
