//! Real servers as child processes: started on a free port, waited for, killed when dropped.

#[path = "ports.rs"]
pub(crate) mod ports;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use ports::free_port;

/// The program, or `None` with a message where it is not installed. On CI that is a failure.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    let found = std::env::var_os("PATH").and_then(|path| {
        std::env::split_paths(&path).map(|directory| directory.join(name)).find(|file| file.is_file())
    });
    if found.is_none() {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "{name} must be installed on CI");
        eprintln!("!!! SKIPPED: {name} is not installed, nothing was tested");
    }
    found
}

/// The command that starts a server on this directory and port.
type Start = dyn Fn(&Path, u16) -> Command;

/// A running server and its data directory.
pub(crate) struct Server {
    pub(crate) port: u16,
    pub(crate) directory: tempfile::TempDir,
    command: Box<Start>,
    ping: &'static str,
    child: Option<Child>,
}

impl Server {
    fn new(ping: &'static str, command: impl Fn(&Path, u16) -> Command + 'static) -> Server {
        let directory = tempfile::tempdir().unwrap();
        let mut server =
            Server { port: free_port(), directory, command: Box::new(command), ping, child: None };
        server.start();
        server
    }

    pub(crate) fn influxdb(authentication: bool) -> Option<Server> {
        let influxd = program("influxd")?;
        let rpc = free_port();
        Some(Server::new("/ping", move |directory, port| {
            let path = |name: &str| directory.join(name).display().to_string();
            let text = format!(
                "reporting-disabled = true\nbind-address = \"127.0.0.1:{rpc}\"\n[meta]\ndir = {:?}\n\
                 [data]\ndir = {:?}\nwal-dir = {:?}\n[monitor]\nstore-enabled = false\n\
                 [continuous_queries]\nenabled = false\n[http]\nbind-address = \"127.0.0.1:{port}\"\n\
                 auth-enabled = {authentication}\nlog-enabled = false\n",
                path("meta"),
                path("data"),
                path("wal")
            );
            std::fs::write(directory.join("influxdb.conf"), text).unwrap();
            let mut command = Command::new(&influxd);
            command.arg("-config").arg(directory.join("influxdb.conf"));
            command
        }))
    }

    pub(crate) fn victoria_metrics() -> Option<Server> {
        let program = program("victoria-metrics")?;
        Some(Server::new("/health", move |directory, port| {
            let mut command = Command::new(&program);
            command
                .arg(format!("-storageDataPath={}", directory.join("data").display()))
                .arg(format!("-httpListenAddr=127.0.0.1:{port}"))
                .args(["-search.latencyOffset=0s", "-memory.allowedBytes=256MB", "-retentionPeriod=100y"]);
            command
        }))
    }

    #[allow(dead_code, reason = "not each of the tests that share this writes to it")]
    pub(crate) fn prometheus(program: PathBuf) -> Server {
        Server::prometheus_of(program, "global: {}\n".to_owned())
    }

    /// One with this configuration.
    pub(crate) fn prometheus_of(program: PathBuf, config: String) -> Server {
        Server::new("/-/ready", move |directory, port| {
            std::fs::write(directory.join("prometheus.yml"), &config).unwrap();
            let mut command = Command::new(&program);
            command
                .arg(format!("--config.file={}", directory.join("prometheus.yml").display()))
                .arg(format!("--storage.tsdb.path={}", directory.join("data").display()))
                .arg(format!("--web.listen-address=127.0.0.1:{port}"))
                .arg("--web.enable-remote-write-receiver");
            command
        })
    }

    #[allow(dead_code, reason = "not each of the tests that share this pushes to it")]
    pub(crate) fn pushgateway(program: PathBuf) -> Server {
        Server::new("/-/ready", move |_, port| {
            let mut command = Command::new(&program);
            command.arg(format!("--web.listen-address=127.0.0.1:{port}"));
            command
        })
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Starts the server, again on the same port and data, and waits until it answers.
    pub(crate) fn start(&mut self) {
        let log = std::fs::File::create(self.directory.path().join("log")).unwrap();
        let mut command = (self.command)(self.directory.path(), self.port);
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        self.child = Some(command.spawn().unwrap());
        let begun = Instant::now();
        while !matches!(self.try_request("GET", self.ping, None, ""), Some((200..=204, _))) {
            let gone = self.child.as_mut().unwrap().try_wait().unwrap();
            let log = || std::fs::read_to_string(self.directory.path().join("log")).unwrap_or_default();
            assert!(gone.is_none(), "server ended with {gone:?}: {}", log());
            assert!(begun.elapsed() < Duration::from_mins(1), "server does not answer: {}", log());
            // Another process cannot be awaited.
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Kills the server at once, as a crash would.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    #[allow(dead_code, reason = "not each of the tests that share this stops a server")]
    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        if let Some(child) = &self.child {
            let pid = rustix::process::Pid::from_raw(child.id() as i32).unwrap();
            rustix::process::kill_process(pid, signal).unwrap();
        }
    }

    /// Status and body. HTTP/1.0, so that the end of the body is the end of the connection.
    pub(crate) fn request(&self, method: &str, path: &str, login: Option<&str>, body: &str) -> (u16, String) {
        self.try_request(method, path, login, body).expect("the server answers")
    }

    fn try_request(
        &self,
        method: &str,
        path: &str,
        login: Option<&str>,
        body: &str,
    ) -> Option<(u16, String)> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(30))).ok()?;
        let login = login.map(|login| format!("Authorization: Basic {login}\r\n")).unwrap_or_default();
        write!(
            stream,
            "{method} {path} HTTP/1.0\r\nHost: t\r\n{login}Content-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .ok()?;
        let mut text = String::new();
        stream.read_to_string(&mut text).ok()?;
        let (head, body) = text.split_once("\r\n\r\n")?;
        Some((head.split(' ').nth(1)?.parse().ok()?, body.to_owned()))
    }

    /// An InfluxQL statement; its answer must be without error.
    pub(crate) fn query(&self, database: &str, statement: &str) -> serde_json::Value {
        self.query_as(None, database, statement)
    }

    pub(crate) fn query_as(&self, login: Option<&str>, database: &str, statement: &str) -> serde_json::Value {
        let encoded: String = statement.bytes().map(|byte| format!("%{byte:02x}")).collect();
        let form = format!("db={database}&epoch=ns&q={encoded}");
        let (status, body) = self.request("POST", "/query", login, &form);
        assert_eq!(status, 200, "{statement}: {body}");
        assert!(!body.contains("\"error\""), "{statement}: {body}");
        serde_json::from_str(&body).unwrap()
    }

    /// The series of a statement's first result.
    pub(crate) fn series(&self, database: &str, statement: &str) -> Vec<serde_json::Value> {
        let answer = self.query(database, statement);
        answer["results"][0]["series"].as_array().cloned().unwrap_or_default()
    }

    /// `SELECT count(field) FROM measurement`.
    pub(crate) fn count(&self, database: &str, measurement: &str, field: &str) -> u64 {
        let series = self.series(database, &format!("SELECT count(\"{field}\") FROM \"{measurement}\""));
        series.first().map_or(0, |series| series["values"][0][1].as_u64().unwrap())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}
