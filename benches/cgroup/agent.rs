//! A whole agent on 441 cgroups: its CPU share and resident memory over half a minute.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::trees::Pods;
use super::{Failure, proc_file};

const WARM_UP: Duration = Duration::from_secs(12);
const SPAN: Duration = Duration::from_secs(30);
const SCRAPE_INTERVAL: Duration = Duration::from_secs(5);

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ended = self.0.kill();
        let _reaped = self.0.wait();
    }
}

pub(crate) fn measure() -> Result<(), Failure> {
    println!("{:<34} {:>8} {:>12} {:>12} {:>14}", "", "cgroups", "% of a core", "RSS MB", "scrape kB (gz)");
    match Pods::real(110) {
        Ok(pods) => run("real cgroups", &pods)?,
        Err(error) => println!("real cgroups: not run: {error}"),
    }
    run("files in memory, all controllers", &Pods::in_memory(110)?)
}

fn run(name: &str, pods: &Pods) -> Result<(), Failure> {
    let sink = accept_everything()?;
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let mut command = Command::new(env!("CARGO_BIN_EXE_podometer"));
    // A tree below the real root carries cgroup.events, which the agent rightly refuses as somebody's leaf: the
    // hierarchy's own root is given instead.
    let root =
        if pods.root.join("cgroup.events").exists() { pods.root.parent() } else { Some(pods.root.as_path()) };
    command
        .arg("agent")
        .args(["--set", &format!("paths.cgroup={}", root.ok_or("no parent")?.display())])
        .args(["--set", &format!("server.listen=127.0.0.1:{port}")])
        .args(["--set", &format!("sinks.influxdb=[{{url: \"http://{sink}\", database: bench}}]")])
        .stdin(Stdio::null())
        .stderr(Stdio::null());
    let agent = Running(command.spawn()?);
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
    let (before, started) = (cpu_seconds(pid)?, Instant::now());
    until(SPAN)?;
    let share = (cpu_seconds(pid)? - before) / started.elapsed().as_secs_f64() * 100.0;
    let status = proc_file(pid, "status")?;
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    let resident = resident.trim().trim_end_matches(" kB").parse::<f64>()? / 1024.0;
    println!("{name:<34} {:>8} {share:>12.2} {resident:>12.1} {:>14}", pods.paths().len(), scraped / 1024);
    Ok(())
}

/// User and system time of a process, in seconds.
fn cpu_seconds(pid: u32) -> Result<f64, Failure> {
    let stat = proc_file(pid, "stat")?;
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

/// A server that takes every batch: the cost of a database is not the agent's.
fn accept_everything() -> Result<std::net::SocketAddr, Failure> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || swallow(stream));
        }
    });
    Ok(address)
}

fn swallow(mut stream: TcpStream) {
    let mut buffer = vec![0; 1 << 20];
    let mut seen = Vec::new();
    loop {
        let Ok(read) = stream.read(&mut buffer) else { return };
        if read == 0 {
            return;
        }
        seen.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&seen);
        let Some(head) = text.find("\r\n\r\n") else { continue };
        let length = text[..head].lines().find_map(|line| {
            line.to_ascii_lowercase()
                .strip_prefix("content-length:")
                .and_then(|value| value.trim().parse::<usize>().ok())
        });
        if text[..head].starts_with("GET") || seen.len() >= text[..head].len() + 4 + length.unwrap_or(0) {
            if stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").is_err() {
                return;
            }
            seen.clear();
        }
    }
}
