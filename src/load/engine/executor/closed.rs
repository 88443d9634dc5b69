//! Users that go round until a time or a number: `constant-vus`, `per-vu-iterations`, `shared-iterations`.

use std::rc::Rc;

use super::shift::Shift;
use crate::load::engine::user::User;
use crate::load::scenario::Executor;

/// How many iterations a user may begin.
enum Quota {
    Endless,
    Own(Own),
    Shared,
}

/// A user's own iterations. Those that are left when it is gone, however it went, are told.
struct Own {
    shift: Rc<Shift>,
    left: u64,
}

impl Drop for Own {
    fn drop(&mut self) {
        self.shift.meter(|meter| meter.undone += self.left);
    }
}

pub(super) async fn run(shift: &Rc<Shift>) {
    let executor = &shift.scenario().executor;
    let mine = shift.thread.shared.share(shift.thread.place, executor.max_vus());
    shift.made(mine);
    shift.thread.shared.begin(shift.place);
    for _ in 0..mine {
        let quota = match executor {
            Executor::SharedIterations { .. } => Quota::Shared,
            Executor::PerVuIterations { iterations, .. } => {
                Quota::Own(Own { shift: Rc::clone(shift), left: *iterations })
            }
            _ => Quota::Endless,
        };
        shift.spawn(turn(Rc::clone(shift), quota));
    }
    tokio::select! {
        biased;
        () = shift.all_done() => {}
        () = shift.over() => {}
    }
    shift.let_go().await;
}

/// One user, from its first iteration to its last.
async fn turn(shift: Rc<Shift>, mut quota: Quota) {
    let _running = shift.running();
    let mut user = User::new(&shift.thread, shift.place);
    loop {
        let now = shift.thread.clock.now_ns();
        if shift.is_over(now) || !quota.take(&shift) {
            return;
        }
        user.iterate(now, now).await;
    }
}

impl Quota {
    fn take(&mut self, shift: &Shift) -> bool {
        match self {
            Quota::Endless => true,
            Quota::Own(Own { left: 0, .. }) => false,
            Quota::Own(own) => {
                own.left -= 1;
                true
            }
            Quota::Shared => shift.thread.shared.take(shift.place),
        }
    }
}
