//! A thread with its runtime: runs its part of all scenarios and reports once a second.

use std::fs;
use std::io;
use std::mem;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc as std_mpsc;

use rustix::time::{ClockId, clock_gettime};
use tokio::runtime::{Builder, LocalOptions};
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinSet, spawn_local};

use super::alarm::Alarm;
use super::clock::Clock;
use super::executor::execute;
use super::meter::Meter;
use super::plan::Plan;
use super::report::{Report, Told};
use super::shared::{Shared, Stop};
use super::thread::Thread;

const SECOND_NS: u64 = 1_000_000_000;
/// Reports are made so much before the full second: a run of whole seconds is seen with its users still there.
const BEFORE_NS: u64 = 1_000_000;
/// Tasks between two looks at the network. The runtime looks in any case when none is left, and so often costs a
/// system call each time where many connections are ready at once.
const TASKS_BETWEEN_LOOKS: u32 = 512;

/// What a thread is started with.
pub(super) struct Worker {
    pub(super) plan: Arc<Plan>,
    pub(super) shared: Arc<Shared>,
    pub(super) place: usize,
    pub(super) stop: watch::Receiver<Stop>,
    pub(super) reports: mpsc::UnboundedSender<Told>,
    /// Cleared meters that come back.
    pub(super) spares: std_mpsc::Receiver<Box<Meter>>,
}

/// Makes the reports of a thread.
struct Reporter {
    thread: Rc<Thread>,
    reports: mpsc::UnboundedSender<Told>,
    spares: std_mpsc::Receiver<Box<Meter>>,
    busy_ns: u64,
    at_ns: u64,
}

impl Worker {
    /// Says whether it can, waits for the clock, and runs to the end.
    pub(super) fn run(self, ready: &std_mpsc::Sender<io::Result<()>>, start: &std_mpsc::Receiver<Clock>) {
        let mut builder = Builder::new_current_thread();
        let built =
            builder.enable_all().event_interval(TASKS_BETWEEN_LOOKS).build_local(LocalOptions::default());
        match built {
            Ok(runtime) => {
                let _told = ready.send(Ok(()));
                // Without a clock the run was given up before it began.
                if let Ok(clock) = start.recv() {
                    runtime.block_on(self.work(clock));
                    // A name that is still looked up is waited for by nobody.
                    runtime.shutdown_background();
                }
            }
            Err(error) => {
                let _told = ready.send(Err(error));
            }
        }
    }

    async fn work(self, clock: Clock) {
        let Worker { plan, shared, place, stop, reports, spares } = self;
        let thread = Rc::new(Thread::new(plan, shared, clock, place, stop, reports.clone()));
        let watched = Rc::clone(&thread);
        spawn_local(async move { watched.deadlines.watch(watched.clock).await });
        let mut reporter = Reporter {
            thread: Rc::clone(&thread),
            reports,
            spares,
            busy_ns: thread_busy_ns(),
            at_ns: clock.now_ns(),
        };
        let mut scenarios = JoinSet::new();
        for place in 0..thread.plan.scenarios.len() {
            scenarios.spawn_local(execute(Rc::clone(&thread), place));
        }
        let all = async { while scenarios.join_next().await.is_some() {} };
        tokio::pin!(all);
        let alarm = Alarm::new(clock);
        let mut second = 1;
        loop {
            tokio::select! {
                biased;
                () = alarm.until(second * SECOND_NS - BEFORE_NS) => {
                    // A thread that was held up tells of all the seconds that went by.
                    second = ((clock.now_ns() + BEFORE_NS) / SECOND_NS).max(second);
                    reporter.report(second, false);
                    second += 1;
                }
                () = &mut all => break,
            }
        }
        reporter.report(second, true);
    }
}

impl Reporter {
    fn report(&mut self, second: u64, is_last: bool) {
        let thread = &self.thread;
        let mut meter = self.spares.try_recv().unwrap_or_else(|_| Box::new(Meter::new(&thread.plan)));
        mem::swap(&mut *meter, &mut *thread.meter.borrow_mut());
        let (busy_ns, at_ns) = (thread_busy_ns(), thread.clock.now_ns());
        let report = Report {
            thread: thread.place,
            second,
            meter,
            vus: thread.vus.get(),
            vus_max: thread.vus_max.get(),
            busy_ns: busy_ns.saturating_sub(mem::replace(&mut self.busy_ns, busy_ns)),
            span_ns: at_ns.saturating_sub(mem::replace(&mut self.at_ns, at_ns)),
            is_last,
        };
        // Without a coordinator nobody wants to know.
        let _told = self.reports.send(Told::Second(report));
    }
}

/// How long this thread was at work, and, where the kernel tells, how long it waited for a processor.
///
/// Source: Linux `Documentation/scheduler/sched-stats.rst`, `/proc/<pid>/schedstat`: both in nanoseconds.
fn thread_busy_ns() -> u64 {
    let told = fs::read_to_string("/proc/thread-self/schedstat").ok();
    let told = told.and_then(|text| {
        let mut fields = text.split_whitespace().map(|field| field.parse::<u64>().ok());
        Some(fields.next()?? + fields.next()??)
    });
    told.unwrap_or_else(|| {
        let time = clock_gettime(ClockId::ThreadCPUTime);
        time.tv_sec as u64 * SECOND_NS + time.tv_nsec as u64
    })
}
