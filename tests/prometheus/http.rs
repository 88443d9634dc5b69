//! Just enough HTTP to ask the agent and Prometheus, and patience that has an end.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// Far beyond what any step takes: a hang fails the test instead of blocking it.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// Status and body. HTTP/1.0, so that the end of the body is the end of the connection.
pub(crate) fn get(address: &str, path: &str) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    write!(stream, "GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    Some((head.split(' ').nth(1)?.parse().ok()?, body.to_owned()))
}

/// Asks until there is an answer.
pub(crate) fn wait<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let since = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(since.elapsed() < PATIENCE, "{what}: never came");
        // Not a fixed pause: only how often the question is put to another process.
        std::thread::park_timeout(Duration::from_millis(50));
    }
}
