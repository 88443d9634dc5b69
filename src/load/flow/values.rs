//! What the holes of templates are filled with: one set for each user, reused from iteration to iteration.

use std::fmt;
use std::sync::Arc;

use super::table::Dataset;
use crate::load::random::Random;

/// What a file's templates may name: shared by all users. Variables and datasets are known by their index here.
#[derive(Debug, Default)]
pub struct Vocabulary {
    pub variables: Box<[Box<str>]>,
    pub data: Box<[Dataset]>,
}

/// The variables, rows and counters of one user.
#[derive(Clone)]
pub struct Values {
    vocabulary: Arc<Vocabulary>,
    pub(super) vu: u64,
    pub(super) iteration: u64,
    slots: Box<[Slot]>,
    /// The row of each dataset.
    rows: Box<[usize]>,
    pub(super) random: Random,
}

#[derive(Clone, Default)]
struct Slot {
    bytes: Vec<u8>,
    state: State,
    /// Set before the run, and there again in each iteration.
    kept: Option<Arc<[u8]>>,
}

#[derive(Clone, Copy, Default)]
enum State {
    /// What was set before the run, if anything.
    #[default]
    Kept,
    /// In this iteration.
    Set,
    /// It was looked for in this iteration and not found.
    Missing,
}

/// Tokens are among the values.
impl fmt::Debug for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Values(user {}, iteration {})", self.vu, self.iteration)
    }
}

impl Values {
    /// Of a user, counted from one over the whole run. The same seed draws the same numbers.
    pub fn new(vocabulary: &Arc<Vocabulary>, vu: u64, seed: u64) -> Values {
        Values {
            vu,
            iteration: 0,
            slots: vocabulary.variables.iter().map(|_| Slot::default()).collect(),
            rows: vocabulary.data.iter().map(|_| 0).collect(),
            random: Random::new(seed ^ vu.wrapping_mul(0x9e37_79b9_7f4a_7c15)),
            vocabulary: Arc::clone(vocabulary),
        }
    }

    /// For another user, with what was set here for good: after the flow `setup` all users start from its values.
    #[must_use]
    pub fn handed_on(&self, vu: u64, seed: u64) -> Values {
        let mut values = Values::new(&self.vocabulary, vu, seed);
        for (slot, from) in values.slots.iter_mut().zip(&self.slots) {
            slot.kept = match from.state {
                State::Kept => from.kept.clone(),
                State::Set => Some(from.bytes.as_slice().into()),
                State::Missing => None,
            };
        }
        values
    }

    /// Forgets what the last iteration extracted, and takes a row of each dataset that the flow uses.
    /// `iteration` counts from zero, for each user.
    pub fn begin(&mut self, iteration: u64, uses: &[usize]) {
        self.iteration = iteration;
        for slot in &mut self.slots {
            slot.state = State::Kept;
        }
        for &data in uses {
            if let (Some(row), Some(data)) = (self.rows.get_mut(data), self.vocabulary.data.get(data)) {
                *row = data.row(self.vu, &mut self.random);
            }
        }
    }

    /// `None` where nothing was extracted.
    pub fn get(&self, variable: usize) -> Option<&[u8]> {
        let slot = self.slots.get(variable)?;
        match slot.state {
            State::Kept => slot.kept.as_deref(),
            State::Set => Some(&slot.bytes),
            State::Missing => None,
        }
    }

    pub fn set(&mut self, variable: usize, value: &[u8]) {
        self.fill(variable, |bytes| bytes.extend_from_slice(value));
    }

    /// As [`Values::set`], written in place.
    pub fn fill(&mut self, variable: usize, write: impl FnOnce(&mut Vec<u8>)) {
        if let Some(slot) = self.slots.get_mut(variable) {
            slot.bytes.clear();
            write(&mut slot.bytes);
            slot.state = State::Set;
        }
    }

    /// A variable whose value could not be found has none, not that of an earlier step.
    pub fn unset(&mut self, variable: usize) {
        if let Some(slot) = self.slots.get_mut(variable) {
            slot.state = State::Missing;
        }
    }

    /// For drawing pauses and choices from the user's own numbers.
    pub fn random(&mut self) -> &mut Random {
        &mut self.random
    }

    pub fn vu(&self) -> u64 {
        self.vu
    }

    pub fn iteration(&self) -> u64 {
        self.iteration
    }

    /// The name of a variable, for messages.
    pub fn name_of(&self, variable: usize) -> &str {
        self.vocabulary.variables.get(variable).map_or("", |name| name)
    }

    pub(super) fn cell(&self, data: usize, column: usize) -> &[u8] {
        match (self.vocabulary.data.get(data), self.rows.get(data)) {
            (Some(data), Some(&row)) => data.table.cell(row, column),
            _ => &[],
        }
    }
}
