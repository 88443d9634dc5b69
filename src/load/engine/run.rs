//! A run from its first request to its results: starts the threads, adds up what they tell, and says when to end.

use std::sync::Arc;
use std::sync::mpsc as std_mpsc;
use std::thread::{self, JoinHandle};
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, watch};

use super::books::Books;
use super::clock::Clock;
use super::error::EngineError;
use super::handed::Handed;
use super::health::Health;
use super::meter::Meter;
use super::observer::{Observer, Tick};
use super::plan::Plan;
use super::report::Report;
use super::shared::{Shared, Stop};
use super::worker::Worker;
use crate::load::exit::Exit;
use crate::load::results::Results;
use crate::load::span::Span;
use crate::load::threshold::EVALUATED_EVERY;

/// A thread for each of so many users, as far as there are cores.
const USERS_OF_A_THREAD: u64 = 32;

/// Runs the plan to its end, or until a signal (SIGINT, SIGTERM) ends it: the first gracefully, the second at once. It
/// has runtimes of its own, so it is not to be called within one.
pub fn run(plan: Plan, observer: &mut dyn Observer) -> Result<Results, EngineError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|source| EngineError::Signals { source })?;
    runtime.block_on(async {
        // First of all, so that none is missed.
        let on = |kind| signal(kind).map_err(|source| EngineError::Signals { source });
        let signals = [on(SignalKind::interrupt())?, on(SignalKind::terminate())?];
        allow_files();
        let coordinator = Coordinator::start(plan)?;
        Ok(coordinator.follow(signals, observer).await)
    })
}

/// What was started, and the books that are kept of it.
struct Coordinator {
    books: Books,
    shared: Arc<Shared>,
    clock: Clock,
    started_ms: i64,
    threads: Vec<Started>,
    stop: watch::Sender<Stop>,
    reports: mpsc::UnboundedReceiver<Report>,
    /// What came since the last tick, and when that was.
    last: Handed,
    ticked: u64,
    health: Health,
    exit: Exit,
}

struct Started {
    handle: JoinHandle<()>,
    spares: std_mpsc::Sender<Box<Meter>>,
    /// The last second that it reported, and what it said of users then.
    second: u64,
    vus: u64,
    vus_max: u64,
    is_over: bool,
}

impl Coordinator {
    fn start(plan: Plan) -> Result<Coordinator, EngineError> {
        let plan = Arc::new(plan);
        let count = threads_of(&plan);
        let shared = Arc::new(Shared::new(&plan, count));
        let (stop, stopped) = watch::channel(Stop::No);
        let (reporter, reports) = mpsc::unbounded_channel();
        let mut threads = Vec::new();
        let mut starts = Vec::new();
        for place in 0..count {
            let failed = |source| EngineError::Thread { thread: place, source };
            let (spares, given) = std_mpsc::channel();
            let worker = Worker {
                plan: Arc::clone(&plan),
                shared: Arc::clone(&shared),
                place,
                stop: stopped.clone(),
                reports: reporter.clone(),
                spares: given,
            };
            let ((ready, is_ready), (start, starting)) = (std_mpsc::channel(), std_mpsc::channel());
            let spawned = thread::Builder::new().name(format!("load-{place}"));
            let handle = spawned.spawn(move || worker.run(&ready, &starting)).map_err(failed)?;
            is_ready
                .recv()
                .unwrap_or_else(|_| Err(std::io::Error::other("it ended at once")))
                .map_err(failed)?;
            threads.push(Started { handle, spares, second: 0, vus: 0, vus_max: 0, is_over: false });
            starts.push(start);
        }
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let clock = Clock::start();
        for start in starts {
            // One that is gone leaves no report; `follow` sees the end of its channel.
            let _told = start.send(clock);
        }
        let last = Handed::new(&plan);
        let books = Books::new(plan);
        let started_ms = since.as_millis() as i64;
        Ok(Coordinator {
            books,
            shared,
            clock,
            started_ms,
            health: Health::start(count),
            threads,
            stop,
            reports,
            last,
            ticked: 0,
            exit: Exit::Passed,
        })
    }

    async fn follow(mut self, signals: [Signal; 2], observer: &mut dyn Observer) -> Results {
        let [mut interrupt, mut terminate] = signals;
        while self.threads.iter().any(|thread| !thread.is_over) {
            tokio::select! {
                report = self.reports.recv() => match report {
                    Some(report) => self.take(report, observer),
                    None => break,
                },
                Some(()) = interrupt.recv() => self.interrupted(observer),
                Some(()) = terminate.recv() => self.interrupted(observer),
            }
        }
        self.end(observer)
    }

    fn interrupted(&mut self, observer: &mut dyn Observer) {
        self.exit = self.exit.worst(Exit::ExternalAbort);
        let is_first = *self.stop.borrow() == Stop::No;
        observer.ending(if is_first {
            "stopping: iterations under way may end (once more to end them now)"
        } else {
            "stopping now"
        });
        self.stop.send_replace(if is_first { Stop::Graceful } else { Stop::Now });
    }

    fn take(&mut self, mut report: Report, observer: &mut dyn Observer) {
        self.books.total.merge(&report.meter);
        self.last.get_mut().merge(&report.meter);
        self.health.take(&report);
        let Some(thread) = self.threads.get_mut(report.thread) else { return };
        report.meter.clear();
        let _returned = thread.spares.send(report.meter);
        (thread.second, thread.is_over) = (report.second, report.is_last);
        thread.vus_max = thread.vus_max.max(report.vus_max);
        // At the end all users are gone, which says nothing of the second before.
        if !report.is_last {
            thread.vus = report.vus;
        }
        let live = self.threads.iter().filter(|thread| !thread.is_over);
        let second = live.map(|thread| thread.second).min();
        if let Some(second) = second.filter(|&second| second > self.ticked) {
            self.tick(second, observer);
        }
    }

    /// All threads have told of this second.
    fn tick(&mut self, second: u64, observer: &mut dyn Observer) {
        // A thread that is over has no user any more.
        let live = self.threads.iter().filter(|thread| !thread.is_over || thread.second >= second);
        let vus = live.map(|thread| thread.vus).sum();
        let vus_max = self.threads.iter().map(|thread| thread.vus_max).sum();
        self.books.vus.set(vus);
        self.books.vus_max.set(vus_max);
        self.books.elapsed = Span::from_secs(second);
        for window in &mut self.books.windows {
            window.push(self.ticked, second, self.last.get());
        }
        self.tell(Span::from_secs(second - self.ticked), (vus, vus_max), false, observer);
        let books = &self.books;
        self.last.renew(&books.plan);
        let every = EVALUATED_EVERY.nanos() / Span::SECOND.nanos();
        let is_due = second / every > self.ticked / every;
        self.ticked = second;
        if is_due && *self.stop.borrow() != Stop::Now {
            let aborting = books.evaluate().into_iter().find(|(_, outcome)| outcome.abort);
            if let Some((threshold, _)) = aborting {
                let (selector, source) = (&threshold.selector, &threshold.expression.source);
                observer.ending(&format!("threshold {selector}: {source} failed: stopping now"));
                self.stop.send_replace(Stop::Now);
                // Whatever the last samples say: it is why the run ended.
                self.exit = self.exit.worst(Exit::ThresholdsFailed);
            }
        }
    }

    fn tell(&self, span: Span, (vus, vus_max): (u64, u64), is_last: bool, observer: &mut dyn Observer) {
        let books = &self.books;
        observer.second(&Tick {
            plan: &books.plan,
            elapsed: books.elapsed,
            span,
            total: &books.total,
            last: self.last.get(),
            vus,
            vus_max,
            is_last,
            books,
            started_ms: self.started_ms,
        });
    }

    fn end(mut self, observer: &mut dyn Observer) -> Results {
        // Reports are made a little before the full second.
        let ticked = Span::from_secs(self.ticked);
        let elapsed = Span::from_nanos(self.clock.now_ns()).max(ticked);
        let vus = self.threads.iter().map(|thread| thread.vus).sum();
        let vus_max = self.threads.iter().map(|thread| thread.vus_max).sum();
        // Of a run that was over before its first second.
        if self.books.vus.value().is_none() {
            self.books.vus_max.set(vus_max);
        }
        for thread in self.threads.drain(..) {
            if thread.handle.join().is_err() {
                self.exit = self.exit.worst(Exit::Panic);
            }
        }
        for (place, scenario) in self.books.total.scenarios.iter_mut().enumerate() {
            scenario.undone += self.shared.left(place);
            self.last.get_mut().scenarios[place].undone += self.shared.left(place);
        }
        self.books.elapsed = elapsed;
        // What came since the last tick.
        for window in &mut self.books.windows {
            window.push(self.ticked, self.ticked + 1, self.last.get());
        }
        let span = Span::from_nanos(elapsed.nanos() - ticked.nanos());
        self.tell(span, (vus, vus_max), true, observer);
        let mut results = self.books.results(self.started_ms);
        if !results.holds() {
            self.exit = self.exit.worst(Exit::ThresholdsFailed);
        }
        results.invalid = self.health.reasons(&self.books.total, elapsed.nanos());
        if !results.invalid.is_empty() {
            self.exit = self.exit.worst(Exit::Invalid);
        }
        results.exit = Some(self.exit);
        results
    }
}

fn threads_of(plan: &Plan) -> usize {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let enough = usize::try_from(plan.max_vus().div_ceil(USERS_OF_A_THREAD)).unwrap_or(usize::MAX);
    plan.threads.unwrap_or_else(|| cores.min(enough)).max(1)
}

/// Each user has a connection: as many files as the system lets us have.
fn allow_files() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum.or(limit.current);
    // What is refused is missing later, and is counted then.
    let _as_before = setrlimit(Resource::Nofile, limit);
}
