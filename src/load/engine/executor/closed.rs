//! Users that go round until a time or a number: `constant-vus`, `per-vu-iterations`, `shared-iterations`.

use std::rc::Rc;

use super::shift::Shift;
use crate::load::engine::user::User;
use crate::load::scenario::Executor;

/// How many iterations a user may begin.
#[derive(Clone, Copy)]
enum Quota {
    Endless,
    Own(u64),
    Shared,
}

pub(super) async fn run(shift: &Rc<Shift>) {
    let (vus, quota) = match shift.scenario().executor {
        Executor::SharedIterations { vus, .. } => (vus, Quota::Shared),
        Executor::PerVuIterations { vus, iterations, .. } => (vus, Quota::Own(iterations)),
        _ => (shift.scenario().executor.max_vus(), Quota::Endless),
    };
    let mine = shift.thread.shared.share(shift.thread.place, vus);
    shift.made(mine);
    for _ in 0..mine {
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
        if shift.is_over(now) {
            if let Quota::Own(left) = quota {
                shift.meter(|meter| meter.undone += left);
            }
            return;
        }
        if !quota.take(&shift) {
            return;
        }
        user.iterate(now, now).await;
    }
}

impl Quota {
    fn take(&mut self, shift: &Shift) -> bool {
        match self {
            Quota::Endless => true,
            Quota::Own(left) => {
                let is_left = *left > 0;
                *left = left.saturating_sub(1);
                is_left
            }
            Quota::Shared => shift.thread.shared.take(shift.place),
        }
    }
}
