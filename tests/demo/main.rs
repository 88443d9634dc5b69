//! `podometer demo` as somebody types it.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

fn demo(duration: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_podometer"));
    command.args(["demo", "--duration", duration, "--rate", "100"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Nothing listens there any more.
fn is_gone(said: &str) -> bool {
    let url = said.split_whitespace().find_map(|word| word.strip_prefix("http://")?.strip_suffix('/'));
    std::net::TcpStream::connect(url.unwrap()).is_err()
}

#[test]
fn both_sides_second_by_second_and_what_came_of_it() {
    let output = demo("6s").output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    // On a machine that is busy with other tests it may say of itself that it was too slow.
    assert!(matches!(output.status.code(), Some(0 | 120)), "{said}{errors}");
    let seconds: Vec<Vec<&str>> = said
        .lines()
        .filter(|line| line.starts_with("00:0"))
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert!((5..=7).contains(&seconds.len()), "{said}");
    for row in &seconds {
        // The machine has no cgroup to limit it with, or it has; CPU and memory are there in any case.
        let is_number = |word: &&&str| word.parse::<f64>().is_ok_and(|cores| cores > 0.0);
        assert!(row.iter().skip(5).any(|word| is_number(&word)), "{row:?} in {said}");
        assert!(row.iter().any(|word| word.ends_with("Mi")), "{row:?} in {said}");
    }
    // 10 a second, then 100: 1.5 s calm, rises and falls of 0.3 s, 2.1 s, 1.8 s calm.
    let starts = said.lines().find(|line| line.starts_with("Starts: ")).unwrap();
    assert!(starts.contains(" 276 scheduled = ") && starts.ends_with(" + 0 never made."), "{starts}");
    for row in ["requests/s", "latency p95", "CPU, mean", "CPU, peak", "CPU of a request", "memory, most"] {
        let cells = said.lines().find(|line| line.starts_with(row)).unwrap();
        assert!(!cells.contains(" -"), "{cells} in {said}");
    }
    assert!(said.contains("The spike took "), "{said}");
    assert!(is_gone(&said), "the target was left behind");
}

#[test]
fn ctrl_c_ends_it_with_its_summary() {
    use std::io::{BufRead, BufReader, Read};
    let mut child = demo("1m").spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut said = String::new();
    while !said.contains("\n00:02") {
        assert!(out.read_line(&mut said).unwrap() > 0, "{said}");
    }
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    out.read_to_string(&mut said).unwrap();
    assert!(matches!(child.wait().unwrap().code(), Some(105 | 120)), "{said}");
    assert!(said.contains("What the target did") && is_gone(&said), "{said}");
}

#[test]
fn a_target_does_not_outlive_a_killed_demo() {
    use std::io::{BufRead, BufReader};
    let mut child = demo("1m").spawn().unwrap();
    let mut said = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut said).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    let url =
        said.split_whitespace().find_map(|word| word.strip_prefix("http://")?.strip_suffix('/')).unwrap();
    // It ends at once, which is a moment later.
    while std::net::TcpStream::connect(url).is_ok() {
        std::thread::yield_now();
    }
}

#[test]
fn what_cannot_be_is_said() {
    for (flags, reason) in [
        (["--duration", "1s"], "allowed: 5s to 1h"),
        (["--cpu-limit", "0"], "allowed: 0.01 to 1024 cores"),
        (["--rate", "5"], "5 is not in 10..=100000"),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_podometer")).arg("demo").args(flags).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(64), "{said}");
        assert!(said.contains(reason), "{said}");
    }
}
