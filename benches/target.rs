//! Whether `podometer target` can be the bottleneck of a load test: wrk on one core against `/` of a target with one
//! thread on another core, and against nginx with the same body in the same place, turn by turn.
//!
//! `cargo bench --bench target` prints one table; it wants Debian's `wrk` and `nginx-light`.
//! PODOMETER_BENCH_SECONDS sets how long one turn takes.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a bench prints, and ends where it fails")]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;

#[path = "support/server.rs"]
mod server;

use server::{CLIENT_CORE, Server, find, median, number, pinned};

const ROUNDS: usize = 5;
const CONNECTIONS: [usize; 2] = [64, 1000];

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
    let seconds = number("PODOMETER_BENCH_SECONDS", 3);
    let directory = tempfile::tempdir().unwrap();
    let servers = [("target", Server::target()), ("nginx", Server::nginx(&nginx, directory.path(), "", ""))];
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
        let median = |name: &str, value: fn(&Turn) -> f64| median(turns[name].iter().map(value).collect());
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
