//! What a request costs the load generator: `podometer load run` with all its metrics and one status check against
//! wrk and hey, on one core each, at the same target, turn by turn.
//!
//! `cargo bench --bench load` prints one table; it wants Debian's `wrk` and `hey`. PODOMETER_BENCH_SECONDS sets how
//! long one turn takes, PODOMETER_BENCH_ROUNDS how many there are.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a bench prints, and ends where it fails")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

const CONNECTIONS: [usize; 2] = [64, 1000];
const SERVER_CORE: &str = "0";
const CLIENT_CORE: &str = "1";
const CLIENTS: [&str; 3] = ["podometer", "wrk", "hey"];

/// The target on its core; its end is ours.
struct Target {
    child: Child,
    address: String,
}

impl Drop for Target {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

impl Target {
    fn start() -> Target {
        let mut command = pinned(SERVER_CORE, Path::new(env!("CARGO_BIN_EXE_podometer")));
        command.args(["target", "--listen", "127.0.0.1:0", "--threads", "1"]).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let line = lines.find_map(|line| line.ok().filter(|line| line.contains("address="))).unwrap();
        // Whatever it says later must not fill the pipe.
        std::thread::spawn(move || lines.for_each(drop));
        let address = line.split("address=").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
        Target { child, address }
    }

    fn cpu(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        cpu_of(&stat, 11)
    }
}

/// User and system time of a line of `stat`, in seconds, from this field behind the name on.
fn cpu_of(stat: &str, first: usize) -> f64 {
    let fields = stat.rsplit_once(')').unwrap().1.split_whitespace();
    let ticks: f64 = fields.skip(first).take(2).map(|field| field.parse::<f64>().unwrap()).sum();
    ticks / rustix::param::clock_ticks_per_second() as f64
}

/// Of all children that were waited for.
fn children_cpu() -> f64 {
    cpu_of(&std::fs::read_to_string("/proc/self/stat").unwrap(), 13)
}

fn pinned(core: &str, program: &Path) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", core]).arg(program).stdin(Stdio::null()).stdout(Stdio::null());
    command
}

fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|place| place.join(name)).find(|file| file.is_file());
    if found.is_none() {
        println!("!!! SKIPPED: {name} is not installed, nothing was measured");
    }
    found
}

/// What one turn found.
#[derive(Clone, Copy)]
struct Turn {
    per_second: f64,
    cpu_usec: f64,
    target_share: f64,
}

fn turn(client: &str, program: &Path, target: &Target, connections: usize, seconds: u64) -> Turn {
    let url = format!("http://{}/", target.address);
    let mut command = pinned(CLIENT_CORE, program);
    match client {
        "wrk" => command.args(["-t1", &format!("-c{connections}"), &format!("-d{seconds}s"), &url]),
        "hey" => {
            let (users, time) = (connections.to_string(), format!("{seconds}s"));
            command.args(["-cpus", "1", "-c", &users, "-z", &time, &url])
        }
        _ => {
            let (users, time) = (connections.to_string(), format!("{seconds}s"));
            command.args(["load", "run", &url, "--threads", "1", "--vus", &users, "--duration", &time]);
            command.args(["--check-status", "200", "--quiet"])
        }
    };
    let (children, server, since) = (children_cpu(), target.cpu(), Instant::now());
    let output = command.stdout(Stdio::piped()).output().unwrap();
    let (children, server) = (children_cpu() - children, target.cpu() - server);
    // Its own start and end are in it, which are the same for all.
    let elapsed = since.elapsed().as_secs_f64();
    let said = String::from_utf8_lossy(&output.stdout);
    // 120: a generator that is to use its whole core says so of itself.
    assert!(matches!(output.status.code(), Some(0 | 120)), "{client}: {said}");
    let requests = requests_of(client, &said);
    Turn {
        per_second: requests / elapsed,
        cpu_usec: children * 1e6 / requests,
        target_share: server / elapsed,
    }
}

/// How many requests it says that it made, all of which must be well.
fn requests_of(client: &str, said: &str) -> f64 {
    let find = |begin: &str| said.lines().find_map(|line| line.trim().strip_prefix(begin));
    match client {
        "wrk" => {
            assert!(!said.contains("Non-2xx") && !said.contains("Socket errors"), "{said}");
            let count = said.lines().find_map(|line| line.trim().split_once(" requests in")).unwrap().0;
            count.parse().unwrap()
        }
        "hey" => {
            let count = find("[200]").unwrap().split_whitespace().next().unwrap();
            count.parse().unwrap()
        }
        _ => {
            let checks = find("checks_succeeded").unwrap().trim_start_matches(['.', ':']).trim();
            assert!(checks.starts_with("100.00% "), "{said}");
            checks.split_whitespace().last().unwrap().parse().unwrap()
        }
    }
}

fn number(variable: &str, usual: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

fn main() {
    let (Some(wrk), Some(hey), Some(_)) = (find("wrk"), find("hey"), find("taskset")) else { return };
    let programs = [PathBuf::from(env!("CARGO_BIN_EXE_podometer")), wrk, hey];
    let (seconds, rounds) = (number("PODOMETER_BENCH_SECONDS", 3), number("PODOMETER_BENCH_ROUNDS", 5));
    let target = Target::start();
    println!(
        "\none core for the client, one for `podometer target`; {rounds} turns of {seconds} s each, medians"
    );
    println!(
        "{:<12} {:>10} {:>12} {:>16} {:>14}",
        "connections", "client", "requests/s", "CPU us/request", "target's CPU"
    );
    for connections in CONNECTIONS {
        let mut turns: BTreeMap<&str, Vec<Turn>> = BTreeMap::new();
        // Turn by turn, so that whatever else runs on the machine meets all alike.
        for _ in 0..rounds {
            for (client, program) in CLIENTS.iter().zip(&programs) {
                turns.entry(client).or_default().push(turn(client, program, &target, connections, seconds));
            }
        }
        let median = |client: &str, value: fn(&Turn) -> f64| {
            let mut values: Vec<f64> = turns[client].iter().map(value).collect();
            values.sort_by(f64::total_cmp);
            values[values.len() / 2]
        };
        for client in CLIENTS {
            println!(
                "{connections:<12} {client:>10} {:>12.0} {:>16.2} {:>13.0}%",
                median(client, |turn| turn.per_second),
                median(client, |turn| turn.cpu_usec),
                median(client, |turn| turn.target_share) * 100.0
            );
        }
        let of =
            |client: &str| median("podometer", |turn| turn.cpu_usec) / median(client, |turn| turn.cpu_usec);
        println!("{connections:<12} podometer / wrk {:.2}, / hey {:.2}", of("wrk"), of("hey"));
    }
}
