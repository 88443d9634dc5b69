//! `ramping-vus`: users come and go as the stages say; who goes has `gracefulRampDown` for its iteration.
//!
//! Source: k6 `lib/executor/ramping_vus.go`, `lib/executor/vu_handle.go`.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::task::{Poll, Waker};

use tokio::task::{AbortHandle, yield_now};

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

/// Who was told to go and has until then, the earliest first: all have the same time.
type Going = VecDeque<(u64, Rc<Seat>)>;

/// Users that come or go without a pause before others have their turn.
const CHANGES_AT_ONCE: u32 = 256;

pub(super) async fn run(shift: &Rc<Shift>) {
    let thread = &shift.thread;
    let mut going = Going::new();
    if let (Some(ramp), Executor::RampingVus { graceful_ramp_down, .. }) =
        (VuRamp::of(&shift.scenario().executor), &shift.scenario().executor)
    {
        let most = thread.shared.share(thread.place, shift.scenario().executor.max_vus());
        shift.made(most);
        let seats: Vec<Rc<Seat>> = (0..most).map(|_| Rc::new(Seat::default())).collect();
        let ramping = follow(shift, &ramp, &seats, graceful_ramp_down.nanos(), &mut going);
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
    // Who was told to go before the end has no more time for it than that.
    let alarm = Alarm::new(thread.clock);
    let end = shift.let_go();
    tokio::pin!(end);
    loop {
        let next = going.front().map(|(cut, _)| *cut);
        tokio::select! {
            biased;
            () = &mut end => return,
            () = alarm.until(next.unwrap_or(u64::MAX)), if next.is_some() => {
                cut_off(&mut going, thread.clock.now_ns());
            }
        }
    }
}

/// Until the last stage ends.
async fn follow(shift: &Rc<Shift>, ramp: &VuRamp, seats: &[Rc<Seat>], grace_ns: u64, going: &mut Going) {
    let (thread, begin) = (&shift.thread, shift.begin_ns());
    let alarm = Alarm::new(thread.clock);
    let (mut at, mut wanted, mut made) = (0, 0, 0);
    loop {
        let now = begin + at;
        let planned = (thread.shared.share(thread.place, ramp.planned(at)) as usize).min(seats.len());
        for seat in seats.get(wanted..planned).unwrap_or_default() {
            seat.sit(shift);
        }
        // The one that came last goes first.
        for seat in seats.get(planned..wanted).unwrap_or_default().iter().rev() {
            if let Some(cut) = seat.rise(now.saturating_add(grace_ns)) {
                going.push_back((cut, Rc::clone(seat)));
            }
        }
        wanted = planned;
        cut_off(going, now);
        let change = ramp.next_change(at).map(|(change, _)| change);
        let cut = going.front().map(|(cut, _)| cut - begin);
        let next = [change, cut, Some(ramp.end())].into_iter().flatten().filter(|&next| next > at).min();
        let Some(next) = next.filter(|&next| next <= ramp.end()) else { return };
        if thread.clock.now_ns() < begin + next {
            alarm.until(begin + next).await;
            made = 0;
        } else if made == CHANGES_AT_ONCE {
            yield_now().await;
            made = 0;
        }
        made += 1;
        at = next;
    }
}

/// All whose time is up, unless they were wanted again meanwhile.
fn cut_off(going: &mut Going, now_ns: u64) {
    while let Some((cut, seat)) = going.pop_front_if(|(cut, _)| *cut <= now_ns) {
        seat.cut(cut);
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

    /// Nobody begins an iteration here from now on. When the one under way will be cut off, if there is one.
    fn rise(&self, cut_ns: u64) -> Option<u64> {
        self.is_wanted.set(false);
        self.cut_ns.set(self.is_busy.get().then_some(cut_ns));
        self.wake();
        self.cut_ns.get()
    }

    /// Where it is still to be done at this time.
    fn cut(&self, cut_ns: u64) {
        if self.cut_ns.get() != Some(cut_ns) {
            return;
        }
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
