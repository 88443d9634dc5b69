//! When requests are given up. A timer for each request costs as much as a tenth of it, so one task of a thread looks
//! through all deadlines a few times a second and wakes whoever is late.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use std::task::Waker;
use std::time::Duration;

use super::clock::Clock;
use super::plan::Plan;

const NEVER: u64 = u64::MAX;
const SOONEST: Duration = Duration::from_millis(5);
const LATEST: Duration = Duration::from_millis(100);

/// The deadline of one user.
#[derive(Debug)]
pub(super) struct Deadline {
    at_ns: Cell<u64>,
    waker: RefCell<Option<Waker>>,
}

/// The deadlines of a thread.
#[derive(Debug)]
pub(super) struct Deadlines {
    all: RefCell<Vec<Weak<Deadline>>>,
    every: Duration,
}

impl Deadline {
    pub(super) fn set(&self, at_ns: u64) {
        self.at_ns.set(at_ns);
    }

    pub(super) fn clear(&self) {
        self.at_ns.set(NEVER);
    }

    pub(super) fn at_ns(&self) -> u64 {
        self.at_ns.get()
    }

    /// 0 stands for one that was found to be past.
    pub(super) fn is_past(&self) -> bool {
        self.at_ns.get() == 0
    }

    /// Whom to wake. It is the same task each time, so that nothing is cloned but once.
    pub(super) fn wait(&self, waker: &Waker) {
        let mut own = self.waker.borrow_mut();
        if !own.as_ref().is_some_and(|own| own.will_wake(waker)) {
            *own = Some(waker.clone());
        }
    }
}

impl Deadlines {
    /// Looked through so often that no timeout of the plan is exceeded by more than a twentieth, but for very short
    /// ones.
    pub(super) fn new(plan: &Plan) -> Deadlines {
        let requests = plan.scripts().flat_map(|(_, script)| &script.requests);
        let timeouts = requests.map(|request| request.timeout_ns);
        let every = Duration::from_nanos(timeouts.min().unwrap_or(NEVER) / 20).clamp(SOONEST, LATEST);
        Deadlines { all: RefCell::default(), every }
    }

    pub(super) fn enter(&self) -> Rc<Deadline> {
        let deadline = Rc::new(Deadline { at_ns: Cell::new(NEVER), waker: RefCell::default() });
        self.all.borrow_mut().push(Rc::downgrade(&deadline));
        deadline
    }

    /// Goes on for ever.
    pub(super) async fn watch(&self, clock: Clock) {
        loop {
            tokio::time::sleep(self.every).await;
            self.look(clock.now_ns());
        }
    }

    fn look(&self, now_ns: u64) {
        self.all.borrow_mut().retain(|deadline| {
            let Some(deadline) = deadline.upgrade() else { return false };
            if deadline.at_ns.get() <= now_ns {
                deadline.set(0);
                if let Some(waker) = &*deadline.waker.borrow() {
                    waker.wake_by_ref();
                }
            }
            true
        });
    }
}
