//! A run from its first request to its results: starts the threads, adds up what they tell, and says when to end.

/// Setup and teardown.
mod around;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::mpsc as std_mpsc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

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
use super::report::{Report, Told};
use super::shared::{Shared, Stop, USERS_OF_A_THREAD};
use super::worker::Worker;
use crate::load::exit::Exit;
use crate::load::flow::Values;
use crate::load::results::Results;
use crate::load::span::Span;
use crate::load::threshold::EVALUATED_EVERY;

/// Nobody reads more.
const MOST_NOTES: usize = 100;
/// How often it is looked whether a thread has failed.
const LOOK: Duration = Duration::from_secs(1);

/// Runs the plan to its end, or until a signal (SIGINT, SIGTERM) ends it: the first gracefully, the second at once. It
/// has runtimes of its own, so it is not to be called within one.
pub fn run(plan: Plan, observer: &mut dyn Observer) -> Result<Results, EngineError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|source| EngineError::Signals { source })?;
    runtime.block_on(async {
        // First of all, so that none is missed.
        let on = |kind| signal(kind).map_err(|source| EngineError::Signals { source });
        let mut signals = [on(SignalKind::interrupt())?, on(SignalKind::terminate())?];
        allow_files();
        let mut coordinator = Coordinator::new(plan);
        let start = coordinator.set_up(&mut signals, observer).await?;
        if coordinator.exit == Exit::Passed {
            coordinator.start(start.clone())?;
            coordinator.follow(&mut signals, observer).await;
            coordinator.tear_down(start, &mut signals, observer).await?;
        }
        Ok(coordinator.end(observer))
    })
}

/// What was started, and the books that are kept of it.
struct Coordinator {
    plan: Arc<Plan>,
    books: Books,
    shared: Option<Arc<Shared>>,
    clock: Clock,
    started_ms: i64,
    threads: Vec<Started>,
    stop: watch::Sender<Stop>,
    tell: mpsc::UnboundedSender<Told>,
    told: mpsc::UnboundedReceiver<Told>,
    /// Each cause is told once, whichever thread met it first.
    notes: BTreeSet<String>,
    /// What came since the last tick, and when that was.
    last: Handed,
    ticked: u64,
    health: Health,
    exit: Exit,
    /// Of the scenarios, once they are over.
    elapsed: Option<Span>,
}

struct Started {
    handle: JoinHandle<()>,
    spares: std_mpsc::Sender<Box<Meter>>,
    /// The last second that it reported.
    second: u64,
    /// The last one that it saw whole, and its users then.
    whole: u64,
    vus: u64,
    vus_max: u64,
    is_over: bool,
}

impl Coordinator {
    fn new(plan: Plan) -> Coordinator {
        let plan = Arc::new(plan);
        let (tell, told) = mpsc::unbounded_channel();
        Coordinator {
            books: Books::new(Arc::clone(&plan)),
            last: Handed::new(&plan),
            shared: None,
            clock: Clock::start(),
            started_ms: wall_ms(),
            health: Health::start(0),
            threads: Vec::new(),
            stop: watch::channel(Stop::No).0,
            tell,
            told,
            notes: BTreeSet::new(),
            ticked: 0,
            exit: Exit::Passed,
            elapsed: None,
            plan,
        }
    }

    /// Starts the threads, whose users start from what the setup set.
    fn start(&mut self, start: Option<Values>) -> Result<(), EngineError> {
        let plan = &self.plan;
        let count = threads_of(plan);
        let shared = Arc::new(Shared::new(plan, count, start));
        let mut starts = Vec::new();
        for place in 0..count {
            let failed = |source| EngineError::Thread { thread: place, source };
            let (spares, given) = std_mpsc::channel();
            let worker = Worker {
                plan: Arc::clone(plan),
                shared: Arc::clone(&shared),
                place,
                stop: self.stop.subscribe(),
                reports: self.tell.clone(),
                spares: given,
            };
            let ((ready, is_ready), (start, starting)) = (std_mpsc::channel(), std_mpsc::channel());
            let spawned = thread::Builder::new().name(format!("load-{place}"));
            let handle = spawned.spawn(move || worker.run(&ready, &starting)).map_err(failed)?;
            is_ready
                .recv()
                .unwrap_or_else(|_| Err(std::io::Error::other("it ended at once")))
                .map_err(failed)?;
            self.threads.push(Started {
                handle,
                spares,
                second: 0,
                whole: 0,
                vus: 0,
                vus_max: 0,
                is_over: false,
            });
            starts.push(start);
        }
        self.shared = Some(shared);
        self.health = Health::start(count);
        self.started_ms = wall_ms();
        self.clock = Clock::start();
        for start in starts {
            // One that is gone leaves no report; `follow` sees that its thread is over.
            let _told = start.send(self.clock);
        }
        Ok(())
    }

    async fn follow(&mut self, signals: &mut [Signal; 2], observer: &mut dyn Observer) {
        let [interrupt, terminate] = signals;
        while self.threads.iter().any(|thread| !thread.is_over) {
            tokio::select! {
                Some(told) = self.told.recv() => self.hear(told, observer),
                Some(()) = interrupt.recv() => self.interrupted(observer),
                Some(()) = terminate.recv() => self.interrupted(observer),
                () = tokio::time::sleep(LOOK) => self.bury(),
            }
        }
        self.elapsed = Some(Span::from_nanos(self.clock.now_ns()));
    }

    /// A thread that failed tells nothing any more.
    fn bury(&mut self) {
        for thread in self.threads.iter_mut().filter(|thread| thread.handle.is_finished()) {
            // Unless what it told still waits to be heard.
            thread.is_over |= self.told.is_empty();
        }
    }

    fn hear(&mut self, told: Told, observer: &mut dyn Observer) {
        match told {
            Told::Second(report) => self.take(report, observer),
            Told::Note(text) => {
                if self.notes.len() < MOST_NOTES && self.notes.insert(text.clone()) {
                    observer.note(&text);
                }
            }
            Told::Abort(reason) => {
                if self.exit != Exit::ScriptAborted {
                    observer.ending(&reason);
                }
                self.exit = self.exit.worst(Exit::ScriptAborted);
                self.stop.send_replace(Stop::Now);
            }
        }
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
            (thread.whole, thread.vus) = (report.second, report.vus);
        }
        let live = self.threads.iter().filter(|thread| !thread.is_over);
        let second = live.map(|thread| thread.second).min();
        if let Some(second) = second.filter(|&second| second > self.ticked) {
            self.tick(second, observer);
        }
    }

    /// All threads have told of this second.
    fn tick(&mut self, second: u64, observer: &mut dyn Observer) {
        // A thread that was over before has no user any more.
        let live = self.threads.iter().filter(|thread| !thread.is_over || thread.whole >= second);
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
            health: &self.health,
            started_ms: self.started_ms,
        });
    }

    fn end(mut self, observer: &mut dyn Observer) -> Results {
        // Reports are made a little before the full second.
        let ticked = Span::from_secs(self.ticked);
        let elapsed = self.elapsed.unwrap_or_default().max(ticked);
        // A thread that was over before the last tick had no user any more.
        let live = self.threads.iter().filter(|thread| thread.whole >= self.ticked);
        let vus = live.map(|thread| thread.vus).sum();
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
        for place in 0..self.plan.scenarios.len() {
            let left = self.shared.as_ref().map_or(0, |shared| shared.left(place));
            self.books.total.scenarios[place].undone += left;
            self.last.get_mut().scenarios[place].undone += left;
        }
        self.books.elapsed = elapsed;
        // What came since the last tick.
        for window in &mut self.books.windows {
            window.push_rest(self.ticked, self.last.get());
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

fn wall_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as i64
}

/// Each user has a connection: as many files as the system lets us have.
fn allow_files() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum.or(limit.current);
    // What is refused is missing later, and is counted then.
    let _as_before = setrlimit(Resource::Nofile, limit);
}
