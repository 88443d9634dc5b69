//! What the child says while it lives: lines of a file, each by one write, so that a kill loses none.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::ops::Range;
use std::path::Path;

/// The child's side.
pub(crate) struct Journal(File);

impl Journal {
    pub(crate) fn append_to(path: &Path) -> Journal {
        Journal(OpenOptions::new().create(true).append(true).open(path).unwrap())
    }

    pub(crate) fn say(&mut self, line: &str) {
        self.0.write_all(format!("{line}\n").as_bytes()).unwrap();
    }
}

/// What one life of the child said.
#[derive(Clone, Debug, Default)]
pub(crate) struct Life {
    /// Numbers `first..end` of the pushes that were begun, and how many of them are done.
    pub(crate) begun: Vec<(u64, u64)>,
    pub(crate) done: usize,
    /// The sink was started.
    pub(crate) is_started: bool,
    /// The account of all runs was its own at some look.
    pub(crate) is_opened: bool,
    /// It ended as it was told to.
    pub(crate) is_ended: bool,
    /// What the last look said, by `dropped reason` and `rejected reason`.
    pub(crate) reasons: BTreeMap<String, u64>,
}

impl Life {
    pub(crate) fn begun_ranges(&self) -> impl Iterator<Item = Range<u64>> + '_ {
        self.begun.iter().map(|(first, end)| *first..*end)
    }

    pub(crate) fn done_ranges(&self) -> impl Iterator<Item = Range<u64>> + '_ {
        self.begun_ranges().take(self.done)
    }

    pub(crate) fn done_points(&self) -> u64 {
        self.done_ranges().map(|range| range.end - range.start).sum()
    }

    fn read(&mut self, line: &str) {
        let words: Vec<&str> = line.split(' ').collect();
        match words.as_slice() {
            ["started"] => self.is_started = true,
            ["begin", first, end] => self.begun.push((first.parse().unwrap(), end.parse().unwrap())),
            ["done"] => self.done += 1,
            ["open"] => self.is_opened = true,
            ["ended"] => self.is_ended = true,
            [what @ ("dropped" | "rejected"), reason, points] => {
                self.reasons.insert(format!("{what} {reason}"), points.parse().unwrap());
            }
            other => panic!("the child said {other:?}"),
        }
    }
}

/// All lives in a journal, by their numbers.
pub(crate) fn lives(path: &Path) -> BTreeMap<u64, Life> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let mut lives: BTreeMap<u64, Life> = BTreeMap::new();
    let mut current = 0;
    for line in text.lines() {
        match line.strip_prefix("life ") {
            Some(number) => {
                current = number.parse().unwrap();
                lives.entry(current).or_default();
            }
            None => lives.get_mut(&current).unwrap().read(line),
        }
    }
    lives
}

/// The last life alone.
pub(crate) fn last_life(path: &Path) -> Life {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let mut life = Life::default();
    for line in text.lines() {
        if line.starts_with("life ") {
            life = Life::default();
        } else {
            life.read(line);
        }
    }
    life
}
