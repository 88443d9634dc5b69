//! A server that stands still for two seconds under a constant rate: what a generator that waits for it hides.
//!
//! A program of its own, so that no other test takes the processor from what is measured.
#![allow(
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "tests fail by panicking and say what they measured"
)]

#[path = "../support/child.rs"]
#[allow(dead_code, reason = "only some of what is shared is needed here")]
mod child;
#[path = "../load_run/harness.rs"]
#[allow(dead_code, reason = "only some of what is shared is needed here")]
mod harness;

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::time::Instant;

use podometer::load::engine::{self, Observer, Tick};
use podometer::load::results::{Results, Values};
use podometer::load::span::Span;
use rustix::process::{Pid, Signal, kill_process};

use child::Running;
use harness::plan;

/// Stops the server at second 4 and lets it go on at second 6, and knows how long that was.
struct Staller {
    server: Pid,
    stopped: Option<Instant>,
    seconds: f64,
}

impl Observer for Staller {
    fn second(&mut self, tick: &Tick<'_>) {
        if tick.elapsed >= Span::from_secs(4) && self.stopped.is_none() {
            kill_process(self.server, Signal::STOP).unwrap();
            self.stopped = Some(Instant::now());
        }
        if tick.elapsed >= Span::from_secs(6) && self.seconds == 0.0 {
            self.seconds = self.stopped.unwrap().elapsed().as_secs_f64();
            kill_process(self.server, Signal::CONT).unwrap();
        }
    }

    fn ending(&mut self, _: &str) {}
}

fn seconds(results: &Results, name: &str, quantile: f64) -> f64 {
    match &results.metric(name).unwrap().values {
        Values::Trend(histogram) => histogram.quantile(quantile).unwrap() / 1e9,
        other => panic!("{other:?}"),
    }
}

/// Ten seconds at 200 starts a second and 20 users, stalled for two of them; and how long the stall was.
fn stalled() -> (Results, f64) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_podometer"));
    command.args(["target", "--listen", "127.0.0.1:0", "--threads", "1"]).stderr(Stdio::piped());
    let mut server = Running(command.spawn().unwrap());
    let mut lines = BufReader::new(server.0.stderr.take().unwrap()).lines();
    let line = lines.find_map(|line| line.ok().filter(|line| line.contains("address="))).unwrap();
    let address = line.split("address=").nth(1).unwrap().split_whitespace().next().unwrap();
    let address: SocketAddr = address.parse().unwrap();

    let json =
        r#"{"executor": "constant-arrival-rate", "rate": 200, "duration": "10s", "preAllocatedVUs": 20}"#;
    let mut plan = plan(address, "/", json);
    plan.threads = None;
    let server = Pid::from_raw(server.0.id() as i32).unwrap();
    let mut staller = Staller { server, stopped: None, seconds: 0.0 };
    let results = engine::run(plan, &mut staller).unwrap();

    (results, staller.seconds)
}

/// The machine's other work may hold up a server that comes back for as long as the bound is wide: one round of three
/// must show the truth, and a generator that waits for its server shows it in none.
#[test]
fn a_stall_is_seen_by_all_requests_that_were_due_in_it() {
    let rounds: Vec<String> = (0..3).map_while(|_| round().err()).collect();
    assert!(rounds.len() < 3, "{rounds:?}");
}

fn round() -> Result<(), String> {
    let (results, stall) = stalled();
    let schedule = &results.schedules[0];
    assert!(schedule.balances());
    assert_eq!((schedule.scheduled, schedule.unsent), (2000, 0));
    // Of ten seconds, the stall's requests waited from its whole length down to nothing: the twentieth of all requests
    // that waited longest waited for all but the last half second of it, the tenth for all but the last second.
    for (quantile, left) in [(0.95, 0.5), (0.9, 1.0)] {
        let (found, truth) = (seconds(&results, "http_req_latency", quantile), stall - left);
        println!(
            "stalled for {stall:.3} s: p({}) of the latency {found:.3} s, in truth {truth:.3} s",
            quantile * 100.0
        );
        if (found / truth - 1.0).abs() >= 0.02 {
            return Err(format!("p{quantile}: {found} s, not {truth} s"));
        }
    }
    // The service time is of the twenty that were under way: one in a hundred.
    let service = seconds(&results, "http_req_duration", 0.95);
    println!("p(95) of the service time {service:.3} s");
    if service < 0.5 { Ok(()) } else { Err(format!("service time {service} s")) }
}
