//! What a request costs the load generator: `podometer load run` with all its metrics and one status check, beside the
//! generators that each protocol has, on one core each, at the same server, turn by turn. HTTP/1.1 is asked of
//! `podometer target`, TLS and HTTP/2 of nginx.
//!
//! `cargo bench --bench load` prints one table; it wants Debian's `wrk`, `hey`, `nghttp2-client` and `nginx-light`.
//! PODOMETER_BENCH_SECONDS sets how long one turn takes, PODOMETER_BENCH_ROUNDS how many there are,
//! PODOMETER_BENCH_CASE names one protocol alone.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a bench prints, and ends where it fails")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Instant;

use rcgen::{CertificateParams, KeyPair};

#[path = "support/server.rs"]
mod server;

use server::{CLIENT_CORE, Server, cpu_of, find, median, number, pinned};

/// A protocol, and who speaks it.
struct Case {
    name: &'static str,
    scheme: &'static str,
    /// What stands behind `listen` of nginx; `None` for `podometer target`.
    listen: Option<&'static str>,
    flags: &'static [&'static str],
    others: &'static [&'static str],
    connections: &'static [usize],
}

const CASES: [Case; 4] = [
    Case {
        name: "http1",
        scheme: "http",
        listen: None,
        flags: &[],
        others: &["wrk", "hey"],
        connections: &[64, 1000],
    },
    Case {
        name: "https1",
        scheme: "https",
        listen: Some("ssl"),
        flags: &["--http1"],
        others: &["wrk"],
        connections: &[64],
    },
    Case {
        name: "h2",
        scheme: "https",
        listen: Some("ssl http2"),
        flags: &[],
        others: &["h2load"],
        connections: &[64],
    },
    Case {
        name: "h2c",
        scheme: "http",
        listen: Some("http2"),
        flags: &["--http2-prior-knowledge"],
        others: &["h2load"],
        connections: &[64],
    },
];

/// Of all children that were waited for.
fn children_cpu() -> f64 {
    cpu_of(&std::fs::read_to_string("/proc/self/stat").unwrap(), 13)
}

/// What one turn found.
#[derive(Clone, Copy)]
struct Turn {
    per_second: f64,
    cpu_usec: f64,
    server_share: f64,
}

fn turn(
    case: &Case,
    client: &str,
    program: &Path,
    server: &Server,
    connections: usize,
    seconds: u64,
) -> Turn {
    let url = format!("{}://{}/", case.scheme, server.address);
    let mut command = pinned(CLIENT_CORE, program);
    let (count, time) = (connections.to_string(), format!("{seconds}s"));
    match client {
        "wrk" => command.args(["-t1", &format!("-c{count}"), &format!("-d{time}"), &url]),
        "hey" => command.args(["-cpus", "1", "-c", &count, "-z", &time, &url]),
        // One request at a time for each connection, as a user has it.
        "h2load" => command.args(["-t1", "-m1", &format!("-c{count}"), &format!("-D{seconds}"), &url]),
        _ => {
            command.args(["load", "run", &url, "--threads", "1", "--vus", &count, "--duration", &time]);
            command.args(["--check-status", "200", "--quiet", "--insecure-skip-tls-verify"]).args(case.flags)
        }
    };
    let (children, server_cpu, since) = (children_cpu(), server.cpu(), Instant::now());
    let output = command.stdout(Stdio::piped()).output().unwrap();
    let (children, server_cpu) = (children_cpu() - children, server.cpu() - server_cpu);
    // Its own start and end are in it, which are the same for all.
    let elapsed = since.elapsed().as_secs_f64();
    let said = String::from_utf8_lossy(&output.stdout);
    // 120: a generator that is to use its whole core says so of itself.
    assert!(matches!(output.status.code(), Some(0 | 120)), "{client}: {said}");
    let requests = requests_of(client, &said);
    Turn {
        per_second: requests / elapsed,
        cpu_usec: children * 1e6 / requests,
        server_share: server_cpu / elapsed,
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
        "h2load" => {
            let line = find("requests: ").unwrap();
            assert!(line.contains(" 0 failed, 0 errored, 0 timeout"), "{said}");
            let mut counts = line.split(", ").filter_map(|part| part.strip_suffix(" succeeded"));
            counts.next().unwrap().parse().unwrap()
        }
        _ => {
            let checks = find("checks_succeeded").unwrap().trim_start_matches(['.', ':']).trim();
            assert!(checks.starts_with("100.00% "), "{said}");
            checks.split_whitespace().last().unwrap().parse().unwrap()
        }
    }
}

/// nginx's own, with a certificate that nobody need trust.
fn serve(case: &Case, directory: &Path) -> Option<Server> {
    let Some(listen) = case.listen else { return Some(Server::target()) };
    let program = find("nginx")?;
    let key = KeyPair::generate().unwrap();
    let own = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap().self_signed(&key).unwrap();
    let (cert_file, key_file) = (directory.join("cert.pem"), directory.join("key.pem"));
    std::fs::write(&cert_file, own.pem()).unwrap();
    std::fs::write(&key_file, key.serialize_pem()).unwrap();
    let more =
        format!("ssl_certificate {}; ssl_certificate_key {};", cert_file.display(), key_file.display());
    Some(Server::nginx(&program, directory, listen, if case.scheme == "https" { &more } else { "" }))
}

fn measure(case: &Case, directory: &Path, seconds: u64, rounds: u64) {
    let mut clients = vec![("podometer", PathBuf::from(env!("CARGO_BIN_EXE_podometer")))];
    for name in case.others {
        let Some(program) = find(name) else { return };
        clients.push((name, program));
    }
    let Some(server) = serve(case, directory) else { return };
    drop(server.connect());
    for &connections in case.connections {
        let mut turns: BTreeMap<&str, Vec<Turn>> = BTreeMap::new();
        // Turn by turn, so that whatever else runs on the machine meets all alike.
        for _ in 0..rounds {
            for (client, program) in &clients {
                let turn = turn(case, client, program, &server, connections, seconds);
                turns.entry(client).or_default().push(turn);
            }
        }
        let median =
            |client: &str, value: fn(&Turn) -> f64| median(turns[client].iter().map(value).collect());
        for (client, _) in &clients {
            println!(
                "{:<8} {connections:<12} {client:>10} {:>12.0} {:>16.2} {:>13.0}%",
                case.name,
                median(client, |turn| turn.per_second),
                median(client, |turn| turn.cpu_usec),
                median(client, |turn| turn.server_share) * 100.0
            );
        }
        for client in case.others {
            let ratio = median("podometer", |turn| turn.cpu_usec) / median(client, |turn| turn.cpu_usec);
            println!("{:<8} {connections:<12} podometer / {client} {ratio:.2}", case.name);
        }
    }
}

fn main() {
    if find("taskset").is_none() {
        return;
    }
    let (seconds, rounds) = (number("PODOMETER_BENCH_SECONDS", 3), number("PODOMETER_BENCH_ROUNDS", 5));
    let wanted = std::env::var("PODOMETER_BENCH_CASE").ok();
    let directory = tempfile::tempdir().unwrap();
    println!("\none core for the client, one for the server; {rounds} turns of {seconds} s each, medians");
    println!(
        "{:<8} {:<12} {:>10} {:>12} {:>16} {:>14}",
        "protocol", "connections", "client", "requests/s", "CPU us/request", "server's CPU"
    );
    for case in CASES.iter().filter(|case| wanted.as_deref().is_none_or(|name| name == case.name)) {
        measure(case, directory.path(), seconds, rounds);
    }
}
