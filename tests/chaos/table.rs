//! What all rounds came to, for people.

use std::collections::BTreeMap;

use crate::faults::Counts;
use crate::verdict::Outcome;

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
            ("points killed before the spool was open", outcome.unknown),
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
    }
}
