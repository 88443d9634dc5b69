//! Iterations at a rate: `constant-arrival-rate`, `ramping-arrival-rate`.
//!
//! Each thread has its part of the schedule and of the users. A start that is due goes to a user that is free; the
//! fate of each start is known in the end, and counted once.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::iter::{Peekable, Skip, StepBy};
use std::rc::Rc;
use std::task::{Poll, Waker};

use tokio::task::yield_now;

use super::shift::Shift;
use crate::load::engine::alarm::Alarm;
use crate::load::engine::shared::{Stop, share_of};
use crate::load::engine::user::User;
use crate::load::scenario::{Executor, Late};
use crate::load::schedule::Arrivals;

/// A start and whether a user was free when it was due.
type Start = (u64, bool);

/// Starts that are made without a pause before others have their turn: a rate that cannot be kept must not keep the
/// thread from its users, its reports and its end.
const STARTS_AT_ONCE: u32 = 256;

/// Where a user waits for starts.
#[derive(Default)]
struct Desk {
    start: Cell<Option<Start>>,
    waker: RefCell<Option<Waker>>,
}

/// The users of one thread, and the starts that wait for one.
struct Pool {
    shift: Rc<Shift>,
    late: Late,
    free: RefCell<Vec<Rc<Desk>>>,
    users: Cell<u64>,
    most: u64,
    /// Starts that lie on a desk.
    given: Cell<u64>,
    /// Starts that are due and that nobody took. Only where all users are there and busy.
    backlog: Cell<u64>,
    /// Finds their times again: it is as far as what was taken.
    waiting: RefCell<Mine>,
}

/// This thread's part of the schedule.
type Mine = StepBy<Skip<Arrivals>>;

pub(super) async fn run(shift: &Rc<Shift>) {
    let thread = &shift.thread;
    let executor = &shift.scenario().executor;
    let (Executor::ConstantArrivalRate { pool, late, .. } | Executor::RampingArrivalRate { pool, late, .. }) =
        executor
    else {
        return;
    };
    // Threads without a user have no part of the schedule, either.
    let threads = thread.shared.threads_of(executor);
    let share = |users: u64| share_of(threads, thread.place, users);
    let Some(arrivals) = Arrivals::of(executor, thread.plan.seed) else { return };
    if thread.place >= threads {
        return;
    }
    let part: Mine = arrivals.skip(thread.place).step_by(threads);
    let crew = Rc::new(Pool {
        shift: Rc::clone(shift),
        late: *late,
        free: RefCell::default(),
        users: Cell::new(0),
        given: Cell::new(0),
        most: share(pool.max_vus),
        backlog: Cell::new(0),
        waiting: RefCell::new(part.clone()),
    });
    for _ in 0..share(pool.pre_allocated_vus) {
        crew.hire(None);
    }
    let mut mine = part.peekable();
    tokio::select! {
        biased;
        () = thread.stopped(Stop::Graceful) => {
            shift.end_ns.set(thread.clock.now_ns());
            crew.leave(&mut mine);
        }
        () = crew.follow(&mut mine) => {}
    }
    crew.close();
    shift.let_go().await;
    // Given to users that were cut off before they began.
    shift.meter(|meter| meter.starts.not_made(crew.given.take()));
}

impl Pool {
    /// Hands out each start at its time, until the end.
    async fn follow(self: &Rc<Pool>, mine: &mut Peekable<Mine>) {
        let (clock, begin) = (self.shift.thread.clock, self.shift.begin_ns());
        let alarm = Alarm::new(clock);
        let mut made = 0;
        // Taken when it is made and not before, so that nothing is lost where this ends while it waits.
        while let Some(intended) = mine.peek().map(|intended| begin + intended) {
            if clock.now_ns() < intended {
                alarm.until(intended).await;
                made = 0;
            } else if made == STARTS_AT_ONCE {
                yield_now().await;
                made = 0;
            }
            made += 1;
            mine.next();
            self.due(intended);
        }
        self.shift.over().await;
    }

    /// Those that were due before the end and that nobody came to.
    fn leave(&self, mine: &mut Peekable<Mine>) {
        let last = self.shift.end_ns.get().saturating_sub(self.shift.begin_ns());
        let left = mine.take_while(|intended| *intended <= last).count() as u64;
        self.shift.meter(|meter| {
            meter.starts.scheduled += left;
            meter.starts.not_made(left);
        });
    }

    fn due(self: &Rc<Pool>, intended: u64) {
        self.shift.meter(|meter| meter.starts.scheduled += 1);
        let start = (intended, true);
        let free = self.free.borrow_mut().pop();
        if let Some(desk) = free {
            self.waiting.borrow_mut().next();
            self.given.set(self.given.get() + 1);
            desk.start.set(Some(start));
            desk.wake();
        } else if self.late == Late::Drop {
            // The rule of k6: whoever is new comes too late for this one.
            self.hire(None);
            self.nobody_free(intended);
            self.shift.meter(|meter| {
                meter.starts.not_made(1);
                meter.starts.dropped += 1;
            });
        } else if self.hire(Some(start)) {
            self.waiting.borrow_mut().next();
        } else {
            self.nobody_free(intended);
            self.backlog.set(self.backlog.get() + 1);
        }
    }

    /// How late the generator came to a start is its own lateness; how late a user will is the target's.
    fn nobody_free(&self, intended: u64) {
        let held = self.shift.thread.clock.now_ns().saturating_sub(intended);
        self.shift.meter(|meter| meter.starts.own_lateness.record(held));
    }

    /// One more user, where there may be one, and its first start.
    fn hire(self: &Rc<Pool>, start: Option<Start>) -> bool {
        if self.users.get() == self.most {
            return false;
        }
        self.users.set(self.users.get() + 1);
        self.shift.made(1);
        let desk = Rc::new(Desk { start: Cell::new(start), ..Desk::default() });
        if start.is_some() {
            self.given.set(self.given.get() + 1);
        } else {
            self.free.borrow_mut().push(Rc::clone(&desk));
        }
        self.shift.spawn(turn(Rc::clone(self), desk));
        true
    }

    /// The first of the starts that wait.
    fn next_waiting(&self) -> Option<Start> {
        self.backlog.set(self.backlog.get().checked_sub(1)?);
        let intended = self.waiting.borrow_mut().next()?;
        Some((self.shift.begin_ns() + intended, false))
    }

    /// No start is made any more. Those that were due and that nobody took will never be made.
    fn close(&self) {
        let waiting = self.backlog.take();
        self.shift.meter(|meter| meter.starts.not_made(waiting));
        for desk in self.free.take() {
            desk.wake();
        }
    }
}

impl Desk {
    fn wake(&self) {
        if let Some(waker) = self.waker.borrow_mut().take() {
            waker.wake();
        }
    }

    /// The next start; `None` at the end.
    async fn next(&self, pool: &Pool) -> Option<Start> {
        poll_fn(|context| {
            if let Some(start) = self.start.take() {
                pool.given.set(pool.given.get() - 1);
                return Poll::Ready(Some(start));
            }
            if pool.shift.is_over(pool.shift.thread.clock.now_ns()) {
                return Poll::Ready(None);
            }
            *self.waker.borrow_mut() = Some(context.waker().clone());
            Poll::Pending
        })
        .await
    }
}

/// One user, from its first start to the end.
async fn turn(pool: Rc<Pool>, desk: Rc<Desk>) {
    let shift = &pool.shift;
    let _running = shift.running();
    let mut user = User::new(&shift.thread, shift.place);
    let mut next = desk.next(&pool).await;
    while let Some((intended, is_own)) = next {
        let begun = shift.thread.clock.now_ns();
        shift.meter(|meter| meter.starts.made(begun.saturating_sub(intended), is_own));
        user.iterate(begun, intended).await;
        next = pool.next_waiting();
        if next.is_none() {
            pool.free.borrow_mut().push(Rc::clone(&desk));
            next = desk.next(&pool).await;
        }
    }
}
