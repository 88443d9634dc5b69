//! The users of a scenario on one thread: each a task, let go together at the end.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;

use tokio::task::{AbortHandle, JoinSet};

use crate::load::engine::meter::ScenarioMeter;
use crate::load::engine::shared::Stop;
use crate::load::engine::thread::Thread;
use crate::load::scenario::Scenario;
use crate::load::span::Span;

/// One thread's part of a scenario.
pub(super) struct Shift {
    pub(super) thread: Rc<Thread>,
    /// The scenario's place in the plan.
    pub(super) place: usize,
    /// No iteration begins from then on, in nanoseconds of the run.
    pub(super) end_ns: Cell<u64>,
    tasks: RefCell<JoinSet<()>>,
}

/// Counts a user as running for as long as it lives, however it ends.
pub(super) struct Running(Rc<Thread>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.vus.set(self.0.vus.get() - 1);
    }
}

impl Shift {
    pub(super) fn new(thread: Rc<Thread>, place: usize) -> Shift {
        let scenario = &thread.plan.scenarios[place].scenario;
        let duration = scenario.executor.duration().map_or(u64::MAX, Span::nanos);
        let end_ns = Cell::new(scenario.start_time.nanos().saturating_add(duration));
        Shift { thread, place, end_ns, tasks: RefCell::default() }
    }

    pub(super) fn scenario(&self) -> &Scenario {
        &self.thread.plan.scenarios[self.place].scenario
    }

    /// When the scenario began.
    pub(super) fn begin_ns(&self) -> u64 {
        self.scenario().start_time.nanos()
    }

    pub(super) fn is_over(&self, now_ns: u64) -> bool {
        now_ns >= self.end_ns.get()
    }

    /// A user runs from now on.
    pub(super) fn running(&self) -> Running {
        self.thread.vus.set(self.thread.vus.get() + 1);
        Running(Rc::clone(&self.thread))
    }

    /// Users that are ready, running or not.
    pub(super) fn made(&self, users: u64) {
        self.thread.vus_max.set(self.thread.vus_max.get() + users);
    }

    pub(super) fn spawn(&self, user: impl Future<Output = ()> + 'static) -> AbortHandle {
        self.tasks.borrow_mut().spawn_local(user)
    }

    pub(super) fn meter<T>(&self, use_it: impl FnOnce(&mut ScenarioMeter) -> T) -> T {
        use_it(&mut self.thread.meter.borrow_mut().scenarios[self.place])
    }

    /// Waits until no iteration begins any more: the end of the scenario's time, or of the run.
    pub(super) async fn over(&self) {
        let left = self.thread.clock.until(self.end_ns.get());
        tokio::select! {
            biased;
            () = self.thread.stopped(Stop::Graceful) => self.end_ns.set(self.thread.clock.now_ns()),
            () = tokio::time::sleep(left) => {}
        }
    }

    /// Waits for the users that end by themselves.
    pub(super) async fn all_done(&self) {
        while poll_fn(|context| self.tasks.borrow_mut().poll_join_next(context)).await.is_some() {}
    }

    /// Gives iterations under way their `gracefulStop`, and cuts off those that are not over then.
    pub(super) async fn let_go(&self) {
        let end = self.end_ns.get().min(self.thread.clock.now_ns());
        let cut = end.saturating_add(self.scenario().graceful_stop.nanos());
        let left = self.thread.clock.until(cut);
        tokio::select! {
            biased;
            () = self.all_done() => return,
            () = self.thread.stopped(Stop::Now) => {}
            () = tokio::time::sleep(left) => {}
        }
        self.tasks.borrow_mut().abort_all();
        self.all_done().await;
    }
}
