//! What a whole agent costs with all sources on, at 30, 110 and 250 pods, beside the same agent on cgroups alone:
//! CPU, resident memory, and what it asks of the kubelet, the API server and metrics-server.
//!
//! `cargo bench --bench agent`. The servers run in this process, the agent in its own.

#![allow(clippy::print_stdout, reason = "a bench prints its table")]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use servers::Servers;
use trees::Pods;

mod documents;
mod servers;
#[path = "../cgroup/trees.rs"]
mod trees;

type Failure = Box<dyn std::error::Error + Send + Sync>;

const WARM_UP: Duration = Duration::from_secs(20);
const SPAN: Duration = Duration::from_mins(1);
const SCRAPE_INTERVAL: Duration = Duration::from_secs(5);

fn main() -> Result<(), Failure> {
    println!(
        "over {SPAN:?}, /metrics with gzip every {SCRAPE_INTERVAL:?}; a pod changes in the API every 10 s\n"
    );
    println!(
        "{:>5} {:>8} {:<22} {:>12} {:>9} {:>14}",
        "pods", "cgroups", "", "% of a core", "RSS MB", "scrape kB (gz)"
    );
    for pods in [30, 110, 250] {
        let tree = match Pods::real(pods) {
            Ok(tree) => tree,
            Err(error) => {
                println!("real cgroups: not run ({error}); files in memory instead");
                Pods::in_memory(pods)?
            }
        };
        run(pods, &tree, false)?;
        run(pods, &tree, true)?;
    }
    Ok(())
}

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ended = self.0.kill();
        let _reaped = self.0.wait();
    }
}

fn run(pods: usize, tree: &Pods, with_sources: bool) -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let servers = Servers::start(pods, folder.path())?;
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    // The hierarchy's own root is given: a tree below it looks like somebody's leaf.
    let root =
        if tree.root.join("cgroup.events").exists() { tree.root.parent() } else { Some(tree.root.as_path()) };
    let mut settings = vec![
        format!("paths.cgroup={}", root.ok_or("no parent")?.display()),
        format!("server.listen=127.0.0.1:{port}"),
        format!("agent.node_name={}", documents::NODE),
        "agent.mode=node".to_owned(),
    ];
    let file = |name: &str| folder.path().join(name).display().to_string();
    if with_sources {
        settings.extend([
            format!("kubelet.url={}", servers.url),
            format!("kubelet.ca_file={}", file("ca.crt")),
            format!("kubelet.token_file={}", file("token")),
            format!("api_server.kubeconfig={}", file("kubeconfig")),
        ]);
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_podometer"));
    command.arg("agent").args(settings.iter().flat_map(|setting| ["--set", setting]));
    let log = std::fs::File::create(folder.path().join("log"))?;
    let agent = Running(command.stdin(Stdio::null()).stderr(log).spawn()?);
    let pid = agent.0.id();
    let mut scraped = 0;
    let mut until = |span: Duration| -> Result<(), Failure> {
        let end = Instant::now() + span;
        while Instant::now() < end {
            std::thread::sleep(SCRAPE_INTERVAL.min(end.saturating_duration_since(Instant::now())));
            scraped = scrape(port)?;
        }
        Ok(())
    };
    until(WARM_UP)?;
    servers.take_traffic();
    let (before, started) = (cpu_seconds(pid)?, Instant::now());
    until(SPAN)?;
    let minutes = started.elapsed().as_secs_f64() / 60.0;
    let share = (cpu_seconds(pid)? - before) / started.elapsed().as_secs_f64() * 100.0;
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    let resident = resident.trim().trim_end_matches(" kB").parse::<f64>()? / 1024.0;
    let what = if with_sources { "all sources" } else { "cgroups alone" };
    let cgroups = tree.paths().len();
    println!("{pods:>5} {cgroups:>8} {what:<22} {share:>12.2} {resident:>9.1} {:>14}", scraped / 1024);
    for (kind, (requests, bytes)) in servers.take_traffic() {
        let per_minute = |count: u64| count as f64 / minutes;
        println!(
            "{:>15}{kind:<20} {:>6.1} requests {:>9.1} kB a minute",
            "",
            per_minute(requests),
            per_minute(bytes) / 1024.0
        );
    }
    if std::env::var_os("PODOMETER_BENCH_LOG").is_some() {
        println!("{}", std::fs::read_to_string(folder.path().join("log"))?);
    }
    Ok(())
}

/// User and system time of a process, in seconds.
fn cpu_seconds(pid: u32) -> Result<f64, Failure> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let fields: Vec<&str> = stat.rsplit(')').next().ok_or("no )")?.split_whitespace().collect();
    let ticks: f64 =
        fields.get(11).ok_or("short")?.parse::<f64>()? + fields.get(12).ok_or("short")?.parse::<f64>()?;
    Ok(ticks / rustix::param::clock_ticks_per_second() as f64)
}

fn scrape(port: u16) -> Result<usize, Failure> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    stream.write_all(
        b"GET /metrics HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n",
    )?;
    let mut body = Vec::new();
    stream.read_to_end(&mut body)?;
    if !body.starts_with(b"HTTP/1.1 200") {
        return Err(String::from_utf8_lossy(&body[..body.len().min(200)]).into());
    }
    Ok(body.len())
}
