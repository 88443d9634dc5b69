//! Whether `podometer target` can be the bottleneck of a load test: wrk on one core against `/` of a target with one
//! thread on another core, and against nginx with the same body in the same place, turn by turn.
//!
//! `cargo bench --bench target` prints one table; it wants Debian's `wrk` and `nginx-light`.
//! PODOMETER_BENCH_SECONDS sets how long one turn takes.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a bench prints, and ends where it fails")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const ROUNDS: usize = 5;
const CONNECTIONS: [usize; 2] = [64, 1000];
const SERVER_CORE: &str = "0";
const CLIENT_CORE: &str = "1";
const BODY: &str = "ok\n";
/// Far beyond what a start takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// A server on the server's core; its end is ours.
struct Server {
    child: Child,
    address: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

impl Server {
    fn target() -> Server {
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

    fn nginx(program: &Path, directory: &Path) -> Server {
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
             keepalive_requests 1000000000; server {{ listen {address} backlog=4096;\n\
             location = / {{ default_type text/plain; return 200 \"{body}\"; }} }} }}\n",
            places.join(" ")
        );
        let file = directory.join("nginx.conf");
        std::fs::write(&file, text).unwrap();
        let mut command = pinned(SERVER_CORE, program);
        command.arg("-c").arg(&file).arg("-p").arg(directory).args(["-e", "stderr"]);
        Server { child: command.spawn().unwrap(), address }
    }

    /// Waits until it answers, with the body that both must have.
    fn check(&self) {
        let since = Instant::now();
        let mut stream = loop {
            match TcpStream::connect(&self.address) {
                Ok(stream) => break stream,
                Err(error) => assert!(since.elapsed() < PATIENCE, "{}: {error}", self.address),
            }
            std::thread::park_timeout(Duration::from_millis(20));
        };
        stream.write_all(b"GET / HTTP/1.1\r\nhost: b\r\nconnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(
            answer.starts_with("HTTP/1.1 200") && answer.ends_with(&format!("\r\n\r\n{BODY}")),
            "{answer}"
        );
    }

    /// CPU time since its start, in seconds.
    fn cpu(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        // utime and stime are the 14th and 15th field; the second may hold spaces and ends with a bracket.
        let fields = stat.rsplit_once(')').unwrap().1.split_whitespace();
        let ticks: f64 = fields.skip(11).take(2).map(|field| field.parse::<f64>().unwrap()).sum();
        ticks / rustix::param::clock_ticks_per_second() as f64
    }
}

fn pinned(core: &str, program: &Path) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", core]).arg(program).stdin(Stdio::null()).stdout(Stdio::null());
    command
}

fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    let found = places.map(|place| place.join(name)).find(|file| file.is_file());
    if found.is_none() {
        println!("!!! SKIPPED: {name} is not installed, nothing was measured");
    }
    found
}

/// What one turn of wrk found.
#[derive(Clone, Copy)]
struct Turn {
    per_second: f64,
    cpu_usec: f64,
}

fn wrk(program: &Path, server: &Server, connections: usize, seconds: u64) -> Turn {
    let before = server.cpu();
    let mut command = pinned(CLIENT_CORE, program);
    command.args(["-t1", &format!("-c{connections}"), &format!("-d{seconds}s")]);
    let output = command.arg(format!("http://{}/", server.address)).stdout(Stdio::piped()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    for wrong in ["Non-2xx", "Socket errors"] {
        assert!(!said.contains(wrong), "{said}");
    }
    let per_second = said.lines().find_map(|line| line.strip_prefix("Requests/sec:")).unwrap();
    let count = said.lines().find_map(|line| line.trim().split_once(" requests in")).unwrap().0;
    let count: f64 = count.parse().unwrap();
    let cpu_usec = (server.cpu() - before) * 1e6 / count;
    Turn { per_second: per_second.trim().parse().unwrap(), cpu_usec }
}

fn main() {
    let (Some(client), Some(nginx), Some(_)) = (find("wrk"), find("nginx"), find("taskset")) else { return };
    let seconds =
        std::env::var("PODOMETER_BENCH_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(3);
    let directory = tempfile::tempdir().unwrap();
    let servers = [("target", Server::target()), ("nginx", Server::nginx(&nginx, directory.path()))];
    for (_, server) in &servers {
        server.check();
    }
    println!("\nwrk -t1 on one core, the server on another; {ROUNDS} turns of {seconds} s each, medians");
    println!("{:<12} {:>12} {:>14} {:>16}", "connections", "server", "requests/s", "CPU us/request");
    for connections in CONNECTIONS {
        let mut turns: BTreeMap<&str, Vec<Turn>> = BTreeMap::new();
        // Turn by turn, so that whatever else runs on the machine meets both alike.
        for _ in 0..ROUNDS {
            for (name, server) in &servers {
                turns.entry(name).or_default().push(wrk(&client, server, connections, seconds));
            }
        }
        let median = |name: &str, value: fn(&Turn) -> f64| {
            let mut values: Vec<f64> = turns[name].iter().map(value).collect();
            values.sort_by(f64::total_cmp);
            values[values.len() / 2]
        };
        for (name, _) in &servers {
            let (rate, cpu) = (median(name, |turn| turn.per_second), median(name, |turn| turn.cpu_usec));
            println!("{connections:<12} {name:>12} {rate:>14.0} {cpu:>16.2}");
        }
        let ratio = |value| median("target", value) / median("nginx", value);
        println!(
            "{connections:<12} {:>12} {:>14.2} {:>16.2}",
            "ratio",
            ratio(|turn| turn.per_second),
            ratio(|turn| turn.cpu_usec)
        );
    }
}
