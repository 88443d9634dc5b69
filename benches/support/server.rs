//! A server on a core of its own and whoever asks it on another, and what both cost.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub(crate) const SERVER_CORE: &str = "0";
pub(crate) const CLIENT_CORE: &str = "1";
/// What each server answers.
pub(crate) const BODY: &str = "ok\n";
/// Far beyond what a start takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// A server on the server's core; its end is ours.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

impl Server {
    /// `podometer target` with one thread.
    pub(crate) fn target() -> Server {
        let mut command = pinned(SERVER_CORE, Path::new(env!("CARGO_BIN_EXE_podometer")));
        command.args(["target", "--listen", "127.0.0.1:0", "--threads", "1"]).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let line = lines.find_map(|line| line.ok().filter(|line| line.contains("address="))).unwrap();
        // Whatever it says later must not fill the pipe.
        std::thread::spawn(move || lines.for_each(drop));
        let address = line.split("address=").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
        Server { child, address }
    }

    /// nginx with one worker; `how` stands behind its address (`ssl`, `http2`), `more` within its server.
    pub(crate) fn nginx(program: &Path, directory: &Path, how: &str, more: &str) -> Server {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let here = directory.display();
        let places: Vec<String> = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .iter()
            .map(|name| format!("{name}_temp_path {here}/{name};"))
            .collect();
        let body = BODY.escape_default();
        let text = format!(
            "daemon off; master_process off; worker_processes 1; pid {here}/pid; error_log stderr;\n\
             events {{ worker_connections 4096; }}\nhttp {{ access_log off; {}\n\
             keepalive_requests 1000000000; server {{ listen {address} {how} backlog=4096; {more}\n\
             location = / {{ default_type text/plain; return 200 \"{body}\"; }} }} }}\n",
            places.join(" ")
        );
        let file = directory.join(format!("{}.conf", address.replace(':', "-")));
        std::fs::write(&file, text).unwrap();
        let mut command = pinned(SERVER_CORE, program);
        command.arg("-c").arg(&file).arg("-p").arg(directory).args(["-e", "stderr"]);
        Server { child: command.spawn().unwrap(), address }
    }

    /// Waits until somebody is there.
    pub(crate) fn connect(&self) -> TcpStream {
        let since = Instant::now();
        loop {
            match TcpStream::connect(&self.address) {
                Ok(stream) => return stream,
                Err(error) => assert!(since.elapsed() < PATIENCE, "{}: {error}", self.address),
            }
            std::thread::park_timeout(Duration::from_millis(20));
        }
    }

    /// Waits until it answers, with the body that all must have.
    #[allow(dead_code, reason = "not every bench has servers that can be asked so plainly")]
    pub(crate) fn check(&self) {
        let mut stream = self.connect();
        stream.write_all(b"GET / HTTP/1.1\r\nhost: b\r\nconnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(
            answer.starts_with("HTTP/1.1 200") && answer.ends_with(&format!("\r\n\r\n{BODY}")),
            "{answer}"
        );
    }

    /// CPU time since its start, in seconds.
    pub(crate) fn cpu(&self) -> f64 {
        // utime and stime.
        cpu_of(&std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap(), 11)
    }
}

/// User and system time of a line of `stat`, in seconds, from this field behind the name on: the name may hold spaces
/// and ends with a bracket.
pub(crate) fn cpu_of(stat: &str, first: usize) -> f64 {
    let fields = stat.rsplit_once(')').unwrap().1.split_whitespace();
    let ticks: f64 = fields.skip(first).take(2).map(|field| field.parse::<f64>().unwrap()).sum();
    ticks / rustix::param::clock_ticks_per_second() as f64
}

pub(crate) fn pinned(core: &str, program: &Path) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", core]).arg(program).stdin(Stdio::null()).stdout(Stdio::null());
    command
}

pub(crate) fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    let found = places.map(|place| place.join(name)).find(|file| file.is_file());
    if found.is_none() {
        println!("!!! SKIPPED: {name} is not installed, nothing was measured");
    }
    found
}

pub(crate) fn number(variable: &str, usual: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
