//! A server of another project as a child process: started on a free port, waited for, killed when dropped; and
//! just enough HTTP to speak with it.

#[path = "ports.rs"]
pub(crate) mod ports;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Far beyond what any step takes: a hang fails the test instead of blocking it.
const PATIENCE: Duration = Duration::from_mins(1);

/// The program, or `None` with a message where it is not installed. On CI that is a failure. `unpacked` is a
/// directory of CI's cache that is looked into before PATH, empty where there is none.
pub(crate) fn program(name: &str, unpacked: &str) -> Option<PathBuf> {
    let cache = std::env::var_os("PODOMETER_LAB_CACHE")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join(".ci/cache"), PathBuf::from);
    let mut places = Vec::new();
    if unpacked.is_empty() {
        let path = std::env::var_os("PATH").unwrap_or_default();
        places.extend(std::env::split_paths(&path).collect::<Vec<_>>());
    } else {
        places.push(cache.join(unpacked).join("usr/bin"));
    }
    let found = places.into_iter().map(|place| place.join(name)).find(|file| file.is_file());
    if found.is_none() {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "{name} must be installed on CI");
        eprintln!("!!! SKIPPED: {name} is not installed, nothing was tested");
    }
    found
}

/// An answer, whole.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// A running server and its data directory.
pub(crate) struct Neighbour {
    pub(crate) port: u16,
    pub(crate) directory: tempfile::TempDir,
    child: Child,
}

impl Neighbour {
    /// Starts what `command` makes of a directory and a port, and waits until `ping` is answered.
    pub(crate) fn start(ping: &str, command: impl FnOnce(&Path, u16) -> Command) -> Neighbour {
        let directory = tempfile::tempdir().unwrap();
        let port = ports::free_port();
        let log = std::fs::File::create(directory.path().join("log")).unwrap();
        let mut command = command(directory.path(), port);
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        let child = command.spawn().unwrap();
        let mut neighbour = Neighbour { port, directory, child };
        let log = neighbour.directory.path().join("log");
        let log = || std::fs::read_to_string(&log).unwrap_or_default();
        let begun = Instant::now();
        while neighbour.ask("GET", ping, &[], b"").is_none_or(|answer| answer.status >= 300) {
            let gone = neighbour.child.try_wait().unwrap();
            assert!(gone.is_none(), "server ended with {gone:?}: {}", log());
            assert!(begun.elapsed() < PATIENCE, "server does not answer: {}", log());
            // Not a fixed pause: only how often the question is put to another process.
            std::thread::park_timeout(Duration::from_millis(10));
        }
        neighbour
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// HTTP/1.0, so that the end of the body is the end of the connection.
    pub(crate) fn request(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        self.ask(method, path, headers, body).expect("the server answers")
    }

    pub(crate) fn get(&self, path: &str) -> String {
        let answer = self.request("GET", path, &[], b"");
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer.text()
    }

    fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Option<Answer> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        stream.set_read_timeout(Some(PATIENCE)).ok()?;
        let headers: Vec<String> =
            headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let headers = headers.concat();
        let length = body.len();
        let head =
            format!("{method} {path} HTTP/1.0\r\nHost: t\r\n{headers}Content-Length: {length}\r\n\r\n");
        // At once: whoever refuses by the head alone resets a connection on which the body comes later.
        stream.write_all(&[head.as_bytes(), body].concat()).ok()?;
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).ok()?;
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some(Answer { status, body: bytes[end + 4..].to_vec() })
    }
}

impl Drop for Neighbour {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}
