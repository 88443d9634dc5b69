//! The numbers of users: counted from one over the whole run, and given again when a user is gone. So there are never
//! more of them than users at one time, and a row of data can be a user's own.

use std::cell::{Cell, RefCell};

use super::plan::Plan;
use super::shared::Shared;

/// Those of one scenario on one thread.
#[derive(Debug)]
pub(super) struct Numbers {
    first: u64,
    step: u64,
    next: Cell<u64>,
    free: RefCell<Vec<u64>>,
}

impl Numbers {
    /// Scenarios follow each other, and in each of them the threads take turns.
    pub(super) fn of(plan: &Plan, shared: &Shared, place: usize) -> Vec<Numbers> {
        let mut before = 0_u64;
        let own = plan.scenarios.iter().map(|work| {
            let first = before + place as u64 + 1;
            before = before.saturating_add(work.scenario.executor.max_vus());
            let step = shared.threads_of(&work.scenario.executor) as u64;
            Numbers { first, step, next: Cell::new(0), free: RefCell::default() }
        });
        own.collect()
    }

    pub(super) fn take(&self) -> u64 {
        self.free.borrow_mut().pop().unwrap_or_else(|| {
            let next = self.next.get();
            self.next.set(next + 1);
            self.first + next * self.step
        })
    }

    pub(super) fn give_back(&self, number: u64) {
        self.free.borrow_mut().push(number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_used_again() {
        let shared = Shared::new(&Plan::default(), 3, None);
        let numbers =
            Numbers { first: 2, step: shared.threads as u64, next: Cell::new(0), free: RefCell::default() };
        assert_eq!([numbers.take(), numbers.take()], [2, 5]);
        numbers.give_back(2);
        assert_eq!([numbers.take(), numbers.take()], [2, 8]);
    }
}
