//! `ramping-vus`: users come and go as the stages say; who goes has `gracefulRampDown` for its iteration.
//!
//! Source: k6 `lib/executor/ramping_vus.go`, `lib/executor/vu_handle.go`.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::task::{Poll, Waker};

use tokio::task::AbortHandle;

use super::shift::Shift;
use crate::load::engine::alarm::Alarm;
use crate::load::engine::shared::Stop;
use crate::load::engine::user::User;
use crate::load::scenario::Executor;
use crate::load::schedule::VuRamp;

/// A user that may be wanted or not.
#[derive(Default)]
struct Seat {
    is_wanted: Cell<bool>,
    /// It is within an iteration.
    is_busy: Cell<bool>,
    /// When its last iteration is cut off.
    cut_ns: Cell<Option<u64>>,
    waker: RefCell<Option<Waker>>,
    task: RefCell<Option<AbortHandle>>,
}

pub(super) async fn run(shift: &Rc<Shift>) {
    let thread = &shift.thread;
    if let (Some(ramp), Executor::RampingVus { graceful_ramp_down, .. }) =
        (VuRamp::of(&shift.scenario().executor), &shift.scenario().executor)
    {
        let most = thread.shared.share(thread.place, shift.scenario().executor.max_vus());
        shift.made(most);
        let seats: Vec<Rc<Seat>> = (0..most).map(|_| Rc::new(Seat::default())).collect();
        let ramping = follow(shift, &ramp, &seats, graceful_ramp_down.nanos());
        tokio::select! {
            biased;
            () = thread.stopped(Stop::Graceful) => shift.end_ns.set(thread.clock.now_ns()),
            () = ramping => {}
        }
        for seat in &seats {
            seat.is_wanted.set(false);
            seat.wake();
        }
    }
    shift.let_go().await;
}

/// Until the last stage ends.
async fn follow(shift: &Rc<Shift>, ramp: &VuRamp, seats: &[Rc<Seat>], grace_ns: u64) {
    let (thread, begin) = (&shift.thread, shift.begin_ns());
    let alarm = Alarm::new(thread.clock);
    let mut at = 0;
    loop {
        let planned = thread.shared.share(thread.place, ramp.planned(at)) as usize;
        let now = begin + at;
        for (number, seat) in seats.iter().enumerate() {
            let is_wanted = number < planned;
            if is_wanted && !seat.is_wanted.get() {
                seat.sit(shift);
            } else if !is_wanted && seat.is_wanted.get() {
                seat.is_wanted.set(false);
                seat.cut_ns.set(seat.is_busy.get().then(|| now.saturating_add(grace_ns)));
                seat.wake();
            }
            if seat.cut_ns.get().is_some_and(|cut| cut <= now) {
                seat.cut();
            }
        }
        let change = ramp.next_change(at).map(|(change, _)| change);
        let cut = seats.iter().filter_map(|seat| seat.cut_ns.get()).min().map(|cut| cut - begin);
        let next = [change, cut, Some(ramp.end())].into_iter().flatten().filter(|&next| next > at).min();
        let Some(next) = next.filter(|&next| next <= ramp.end()) else { return };
        alarm.until(begin + next).await;
        at = next;
    }
}

impl Seat {
    /// Somebody runs here from now on: who still does, or somebody new.
    fn sit(self: &Rc<Seat>, shift: &Rc<Shift>) {
        self.is_wanted.set(true);
        self.cut_ns.set(None);
        let is_there = self.task.borrow().as_ref().is_some_and(|task| !task.is_finished());
        if is_there {
            self.wake();
        } else {
            let task = shift.spawn(turn(Rc::clone(shift), Rc::clone(self)));
            *self.task.borrow_mut() = Some(task);
        }
    }

    fn cut(&self) {
        self.cut_ns.set(None);
        if self.is_busy.replace(false)
            && let Some(task) = self.task.borrow_mut().take()
        {
            task.abort();
        }
    }

    fn wake(&self) {
        if let Some(waker) = self.waker.borrow_mut().take() {
            waker.wake();
        }
    }

    /// Until it is wanted (true) or the scenario is over (false).
    async fn wanted(&self, shift: &Shift) -> bool {
        std::future::poll_fn(|context| {
            if shift.is_over(shift.thread.clock.now_ns()) {
                return Poll::Ready(false);
            }
            if self.is_wanted.get() {
                return Poll::Ready(true);
            }
            *self.waker.borrow_mut() = Some(context.waker().clone());
            Poll::Pending
        })
        .await
    }
}

async fn turn(shift: Rc<Shift>, seat: Rc<Seat>) {
    let mut user = User::new(&shift.thread, shift.place);
    while seat.wanted(&shift).await {
        let _running = shift.running();
        seat.is_busy.set(true);
        while seat.is_wanted.get() {
            let now = shift.thread.clock.now_ns();
            if shift.is_over(now) {
                break;
            }
            user.iterate(now, now).await;
        }
        seat.is_busy.set(false);
        seat.cut_ns.set(None);
    }
}
