//! A scenario on one thread, from its start to the end of its last iteration.

use std::rc::Rc;

use super::shift::Shift;
use super::{arrival, closed, ramping};
use crate::load::engine::alarm::Alarm;
use crate::load::engine::shared::Stop;
use crate::load::engine::thread::Thread;
use crate::load::scenario::Executor;

/// Runs the scenario at this place of the plan, or this thread's part of it.
pub(in crate::load::engine) async fn execute(thread: Rc<Thread>, place: usize) {
    let scenario = &thread.plan.scenarios[place].scenario;
    let begin = scenario.start_time.nanos();
    let shift = Rc::new(Shift::new(Rc::clone(&thread), place));
    let alarm = Alarm::new(thread.clock);
    tokio::select! {
        biased;
        () = thread.stopped(Stop::Graceful) => return,
        () = alarm.until(begin) => {}
    }
    match &scenario.executor {
        Executor::RampingVus { .. } => ramping::run(&shift).await,
        Executor::ConstantArrivalRate { .. } | Executor::RampingArrivalRate { .. } => {
            arrival::run(&shift).await;
        }
        Executor::SharedIterations { .. }
        | Executor::PerVuIterations { .. }
        | Executor::ConstantVus { .. } => closed::run(&shift).await,
    }
}
