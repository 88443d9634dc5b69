//! What all rounds came to, for people.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::faults::Counts;
use crate::verdict::Outcome;

/// A line for each kind of server so far: kind, rounds, faults, what was wrong.
static KINDS: Mutex<Vec<(String, u64, u64, u64)>> = Mutex::new(Vec::new());

/// Prints all kinds so far, and their sum. With `--test-threads=1` the last one is the table of the whole run.
pub(crate) fn print_kinds(kind: &str, rounds: u64, faults: u64, wrong: u64) {
    let mut kinds = KINDS.lock().unwrap_or_else(PoisonError::into_inner);
    kinds.push((kind.to_owned(), rounds, faults, wrong));
    println!("{:<34} {:>7} {:>7} {:>6}", "SO FAR", "rounds", "faults", "wrong");
    for (kind, rounds, faults, wrong) in &*kinds {
        println!("{kind:<34} {rounds:>7} {faults:>7} {wrong:>6}");
    }
    let sum = |value: fn(&(String, u64, u64, u64)) -> u64| kinds.iter().map(value).sum::<u64>();
    println!("{:<34} {:>7} {:>7} {:>6}", "all", sum(|row| row.1), sum(|row| row.2), sum(|row| row.3));
}

#[derive(Debug, Default)]
pub(crate) struct Table {
    rounds: u64,
    sums: BTreeMap<&'static str, u64>,
    reasons: BTreeMap<String, u64>,
    pub(crate) wrong: Vec<String>,
}

impl Table {
    pub(crate) fn add(&mut self, seed: u64, outcome: Outcome) {
        self.rounds += 1;
        for (name, value) in [
            ("lives of the agent", outcome.lives),
            ("whole requests", outcome.requests),
            ("points pushed", outcome.pushed),
            ("points acknowledged", outcome.acknowledged),
            ("points rejected", outcome.rejected),
            ("points dropped and counted", outcome.dropped),
            ("points that the wire never settled", outcome.missing),
            ("points of lives without a usable disk", outcome.unknown),
            ("points that waited on a disk which lost pages, at most", outcome.broken),
            ("points stored twice, first answer not taken", outcome.doubled),
        ] {
            *self.sums.entry(name).or_default() += value;
        }
        for (reason, points) in outcome.reasons {
            *self.reasons.entry(reason).or_default() += points;
        }
        self.wrong.extend(outcome.wrong.into_iter().map(|what| format!("round of seed {seed}: {what}")));
    }

    pub(crate) fn print(&self, kind: &str, seed: u64, counts: &Counts) {
        println!("{kind}: seed {seed}, {} rounds, {} faults", self.rounds, counts.sum());
        for (fault, count) in counts.all() {
            println!("  {count:>9}  {}", fault.name());
        }
        for (name, value) in &self.sums {
            println!("  {value:>9}  {name}");
        }
        for (reason, points) in &self.reasons {
            println!("  {points:>9}  {reason} (as last said)");
        }
        println!(
            "  {:>9}  panics, refusals to start, points unaccounted, lost or sent again",
            self.wrong.len()
        );
        for what in &self.wrong {
            println!("  WRONG {what}");
        }
        print_kinds(kind, self.rounds, counts.sum(), self.wrong.len() as u64);
    }
}
