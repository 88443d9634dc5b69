//! Receivers as child processes: started on a free port, waited for, killed when dropped.

use std::fmt::Write as _;
use std::io::{Read, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use podometer::encode::Batch;
use podometer::encode::remote_write::Version;
use serde_json::Value;

use crate::http::{self, PATIENCE, wait};
use crate::ports::free_port;
use crate::snappy;

/// A program of a kind, by the names under which CI unpacks it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Program {
    /// 2.42: version 1 alone.
    Prometheus2,
    /// 3.5: both versions.
    Prometheus3,
    /// 1.79.
    Victoria,
    /// 1.145.
    VictoriaNew,
}

impl Program {
    pub(crate) const fn is_prometheus(self) -> bool {
        matches!(self, Program::Prometheus2 | Program::Prometheus3)
    }

    /// Where it is, or `None` with a message. On CI that is a failure.
    fn path(self) -> Option<PathBuf> {
        let found = match self {
            Program::Prometheus2 => on_path("prometheus"),
            Program::Victoria => on_path("victoria-metrics"),
            Program::Prometheus3 => in_cache("PODOMETER_PROMETHEUS3", "prometheus3/usr/bin/prometheus"),
            Program::VictoriaNew => {
                in_cache("PODOMETER_VICTORIA_METRICS", "victoria-metrics-sid/usr/bin/victoria-metrics")
            }
        };
        if found.is_none() {
            assert!(std::env::var("CI").as_deref() != Ok("true"), "{self:?} must be there on CI");
            eprintln!("!!! SKIPPED: {self:?} is not installed, nothing was tested");
        }
        found
    }
}

fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|directory| directory.join(name)).find(|file| file.is_file())
}

/// What the distribution has not: the file that the variable names, or that `.ci/run prepare` unpacked.
fn in_cache(variable: &str, below: &str) -> Option<PathBuf> {
    let cache = std::env::var_os("PODOMETER_LAB_CACHE")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join(".ci/cache"), PathBuf::from);
    let file = std::env::var_os(variable).map_or_else(|| cache.join(below), PathBuf::from);
    file.is_file().then_some(file)
}

/// The flag without which Prometheus receives nothing.
pub(crate) const RECEIVER: &str = "--web.enable-remote-write-receiver";

/// A running server and its data directory.
pub(crate) struct Server {
    pub(crate) program: Program,
    pub(crate) address: String,
    directory: tempfile::TempDir,
    child: Child,
}

/// What a server answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Head and body.
    text: String,
}

impl Answer {
    /// How many samples and histograms the server says it has written.
    pub(crate) fn written(&self) -> [Option<u64>; 2] {
        ["samples", "histograms"].map(|what| {
            let name = format!("x-prometheus-remote-write-{what}-written:");
            let line =
                self.text.lines().find_map(|line| line.to_lowercase().strip_prefix(&name).map(str::to_owned));
            line.map(|number| number.trim().parse().unwrap())
        })
    }
}

impl Server {
    /// Prometheus with native histograms, VictoriaMetrics as it comes.
    pub(crate) fn start(program: Program) -> Option<Server> {
        Server::start_with(program, &[RECEIVER, "--enable-feature=native-histograms"])
    }

    /// With these flags, where it is Prometheus.
    pub(crate) fn start_with(program: Program, flags: &[&str]) -> Option<Server> {
        let path = program.path()?;
        let directory = tempfile::tempdir().unwrap();
        let port = free_port();
        let data = directory.path().join("data").display().to_string();
        let mut command = Command::new(path);
        let ready = if program.is_prometheus() {
            let config = directory.path().join("prometheus.yml");
            std::fs::write(&config, "").unwrap();
            command
                .arg(format!("--config.file={}", config.display()))
                .arg(format!("--storage.tsdb.path={data}"))
                .arg(format!("--web.listen-address=127.0.0.1:{port}"))
                .args(flags);
            "/-/ready"
        } else {
            command
                .arg(format!("-storageDataPath={data}"))
                .arg(format!("-httpListenAddr=127.0.0.1:{port}"))
                .args(["-search.latencyOffset=0s", "-memory.allowedBytes=256MB", "-retentionPeriod=100y"]);
            "/health"
        };
        let log = std::fs::File::create(directory.path().join("log")).unwrap();
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        let child = command.spawn().unwrap();
        let mut server = Server { program, address: format!("127.0.0.1:{port}"), directory, child };
        wait("the server", || {
            let gone = server.child.try_wait().unwrap();
            assert!(gone.is_none(), "it ended with {gone:?}: {}", server.log());
            Some(http::get(&server.address, ready)?.0).filter(|&status| status == 200)
        });
        Some(server)
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.directory.path().join("log")).unwrap()
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/api/v1/write", self.address)
    }

    /// Posts one request as the specification says.
    pub(crate) fn post(&self, version: Version, batch: &Batch) -> Answer {
        let (kind, number) = match version {
            Version::V1 => ("application/x-protobuf", "0.1.0"),
            Version::V2 => ("application/x-protobuf;proto=io.prometheus.write.v2.Request", "2.0.0"),
        };
        let body = snappy::literals(&batch.body);
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        write!(
            stream,
            "POST /api/v1/write HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: {kind}\r\n\
             Content-Encoding: snappy\r\nX-Prometheus-Remote-Write-Version: {number}\r\nUser-Agent: podometer/test\r\n\
             Content-Length: {}\r\n\r\n",
            body.len()
        )
        .unwrap();
        stream.write_all(&body).unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let status = text.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, text }
    }

    /// Posts all; each must be taken.
    pub(crate) fn write(&self, version: Version, batches: &[Batch]) {
        for batch in batches {
            let answer = self.post(version, batch);
            assert!(matches!(answer.status, 200 | 204), "{:?} {version:?}: {answer:?}", self.program);
        }
        if !self.program.is_prometheus() {
            http::get(&self.address, "/internal/force_flush").unwrap();
        }
    }

    /// The series of an expression at an instant.
    pub(crate) fn query(&self, expression: &str, at_ms: i64) -> Vec<Value> {
        let mut encoded = String::new();
        for byte in expression.bytes() {
            write!(encoded, "%{byte:02x}").unwrap();
        }
        let at = format!("{}.{:03}", at_ms / 1000, at_ms % 1000);
        let path = format!("/api/v1/query?time={at}&query={encoded}");
        let (status, body) = http::get(&self.address, &path).unwrap();
        assert_eq!(status, 200, "{expression}: {body}");
        let mut answer: Value = serde_json::from_str(&body).unwrap();
        let Value::Array(found) = answer["data"]["result"].take() else { panic!("{expression}: {body}") };
        found
    }

    /// The only value of an expression at an instant.
    pub(crate) fn value(&self, expression: &str, at_ms: i64) -> f64 {
        let found = self.query(expression, at_ms);
        assert_eq!(found.len(), 1, "{expression}: {found:?}");
        found[0]["value"][1].as_str().unwrap().parse().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
