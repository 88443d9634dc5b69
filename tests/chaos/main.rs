//! Delivery under chaos: real sinks in a child process, real servers, and between them everything that can go wrong.
//!
//! The short form runs with all tests. The long one:
//! `PODOMETER_CHAOS_FAULTS=10000 cargo test --test chaos -- --nocapture --test-threads=1`; it prints its
//! seed, which `PODOMETER_CHAOS_SEED` repeats, and a table of what happened.

#![allow(
    clippy::expect_used,
    clippy::format_collect,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "tests and what they share may panic, and print what they found"
)]

#[allow(dead_code, reason = "shared with tests that ask for more")]
#[path = "../remote_write/decode.rs"]
mod decode;
mod dice;
mod disk;
mod evidence;
mod faults;
mod files;
#[path = "../support/guest.rs"]
mod guest;
mod harm;
mod http;
mod journal;
mod points;
mod process;
mod prometheus;
mod proxy;
mod round;
#[allow(dead_code, reason = "shared with tests that ask for more")]
#[path = "../support/servers.rs"]
mod servers;
mod store;
mod table;
mod verdict;
mod worker;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use dice::Dice;
use faults::Counts;
use guest::Guest;
use prometheus::{Gateway, Receiver};
use round::{Place, Round};
use store::{Influx, Store, Victoria};
use table::Table;

/// The seed that every run has; another is drawn for each.
const SEED: u64 = 1;
/// Faults of a round.
const ROUND: u64 = 60;

/// One kind of server at a time: the processes take the cores from each other.
static ALONE: Mutex<()> = Mutex::new(());

/// Not a test: the process that the others kill.
#[test]
#[ignore = "the child of the others"]
fn the_child() {
    if let Ok(settings) = std::env::var(worker::SETTINGS) {
        worker::run(&settings);
    }
}

#[test]
fn influxdb_1() {
    if let Some(mut store) = Influx::start() {
        chaos("InfluxDB 1", &mut store, Place::Host, 300, 0.55);
    }
}

#[test]
fn victoria_metrics_line_protocol() {
    if let Some(mut store) = Victoria::start() {
        chaos("VictoriaMetrics", &mut store, Place::Host, 120, 0.15);
    }
}

#[test]
fn prometheus_2_remote_write() {
    if let Some(mut store) = Receiver::two() {
        chaos("Prometheus 2", &mut store, Place::Host, 120, 0.1);
    }
}

#[test]
fn prometheus_3_remote_write() {
    if let Some(mut store) = Receiver::three() {
        chaos("Prometheus 3", &mut store, Place::Host, 120, 0.1);
    }
}

#[test]
fn pushgateway() {
    if let Some(mut store) = Gateway::start() {
        chaos("Pushgateway", &mut store, Place::Host, 60, 0.05);
    }
}

/// Not a test: what the guest of the next one runs.
#[test]
#[ignore = "only in a virtual machine"]
fn inside_the_guest() {
    let mut store = Influx::start().unwrap();
    chaos("InfluxDB 1 in a virtual machine", &mut store, Place::Guest, 150, 0.05);
}

/// A disk that breaks and a clock that is set, which take a kernel of their own.
#[test]
fn user_mode_linux_broken_disk_and_clock() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let passed = ["PODOMETER_CHAOS_FAULTS", "PODOMETER_CHAOS_SEED", "PODOMETER_CHAOS_ROUND"];
    let variables = passed.into_iter().filter_map(|name| Some((name, std::env::var(name).ok()?))).collect();
    let guest = Guest {
        memory: "512M",
        // The mapper of devices.
        modules: &["drivers/md/dm-mod.ko"],
        shown: Vec::new(),
        variables,
        before: "",
    };
    if let Some(console) = guest.run("inside_the_guest") {
        println!("{console}");
        // `NAME: seed S, R rounds, F faults`
        let row = console.lines().find_map(|line| line.split_once(": seed ")).expect("a table");
        let numbers: Vec<u64> = row.1.split([' ', ',']).filter_map(|word| word.parse().ok()).collect();
        table::print_kinds(row.0, numbers[1], numbers[2], 0);
        assert!(console.lines().any(|line| line == "RESULT rc=0"), "it failed in the guest");
    }
}

fn variable(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is {text}")))
}

/// So many faults, in rounds; `share` is that of all faults of the long form.
fn chaos(kind: &str, store: &mut dyn Store, place: Place, faults: u64, share: f64) {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let faults = variable("PODOMETER_CHAOS_FAULTS").map_or(faults, |all| (all as f64 * share) as u64);
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let fresh = variable("PODOMETER_CHAOS_SEED").unwrap_or(now.as_micros() as u64 % 1_000_000_000);
    println!("{kind}: PODOMETER_CHAOS_SEED={fresh}");
    let counts = Arc::new(Counts::default());
    let mut table = Table::default();
    let mut seeds = Dice::new(fresh);
    let mut number = 1;
    let mut seed = variable("PODOMETER_CHAOS_ROUND").unwrap_or(SEED);
    while counts.sum() < faults && table.wrong.is_empty() {
        let (counts, faults) = (Arc::clone(&counts), ROUND.min(faults));
        let (outcome, next) = Round { store, counts, seed, first: number, faults, place }.run();
        table.add(seed, outcome);
        number = next;
        // A round alone is repeated by its own seed.
        seed = variable("PODOMETER_CHAOS_ROUND").unwrap_or_else(|| seeds.below(1 << 40));
    }
    table.print(kind, fresh, &counts);
    assert!(table.wrong.is_empty(), "{:#?}", table.wrong);
}
