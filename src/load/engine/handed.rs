//! What came since the last tick, in memory that whoever was told of the ticks before may still hold: nothing is copied
//! to tell it, and nobody is waited for.

use std::mem;
use std::sync::Arc;

use super::meter::Meter;
use super::plan::Plan;

/// So many meters are kept for the time when their holders are done with them.
const MOST_KEPT: usize = 3;

#[derive(Debug)]
pub(super) struct Handed {
    current: Arc<Meter>,
    /// Those of ticks before, which may be held still.
    before: Vec<Arc<Meter>>,
}

impl Handed {
    pub(super) fn new(plan: &Plan) -> Handed {
        Handed { current: Arc::new(Meter::new(plan)), before: Vec::new() }
    }

    pub(super) fn get(&self) -> &Arc<Meter> {
        &self.current
    }

    /// To add to it. Nobody was told of it yet, so that nothing is copied.
    pub(super) fn get_mut(&mut self) -> &mut Meter {
        Arc::make_mut(&mut self.current)
    }

    /// Begins anew with an empty one: the same where nobody holds it, one that came back, or a new one.
    pub(super) fn renew(&mut self, plan: &Plan) {
        if Arc::get_mut(&mut self.current).is_none() {
            let free = self.before.iter_mut().position(|kept| Arc::get_mut(kept).is_some());
            let next = free.map(|place| self.before.swap_remove(place));
            let next = next.unwrap_or_else(|| Arc::new(Meter::new(plan)));
            let told = mem::replace(&mut self.current, next);
            if self.before.len() < MOST_KEPT {
                self.before.push(told);
            }
        }
        self.get_mut().clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(handed: &mut Handed) {
        handed.get_mut().out_of_files += 1;
    }

    #[test]
    fn what_is_held_stays_and_what_comes_back_serves_again() {
        let plan = Plan::default();
        let mut handed = Handed::new(&plan);
        fill(&mut handed);
        let first = Arc::clone(handed.get());
        handed.renew(&plan);
        assert_eq!((first.out_of_files, handed.get().out_of_files), (1, 0));
        let place = Arc::as_ptr(&first);
        drop(first);
        fill(&mut handed);
        let second = Arc::clone(handed.get());
        handed.renew(&plan);
        assert_eq!(Arc::as_ptr(handed.get()), place, "the first one is free again");
        assert_eq!((second.out_of_files, handed.get().out_of_files), (1, 0));
    }

    #[test]
    fn whoever_never_lets_go_holds_no_more_than_he_took() {
        let plan = Plan::default();
        let mut handed = Handed::new(&plan);
        let mut held = Vec::new();
        for _ in 0..3 * MOST_KEPT {
            held.push(Arc::clone(handed.get()));
            handed.renew(&plan);
        }
        assert_eq!(handed.before.len(), MOST_KEPT);
    }
}
