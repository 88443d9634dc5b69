//! The thread of the outputs: seconds come in, each output gets intervals of its own length, and sinks what it makes of
//! them. Whatever a server does, it holds up neither this thread nor the run.

use std::borrow::Cow;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::form::{Beside, Form, Output};
use crate::cli::load::progress::Progress;
use crate::cli::load::stages::Stages;
use crate::cli::voice::Voice;
use crate::cli::{Outlets, Served};
use crate::encode::Batch;
use crate::load::engine::{Plan, Second, Teller};
use crate::load::interval::Interval;
use crate::load::results::Results;
use crate::load::span::Span;
use crate::model::report::{SinkReport, SinkState};

/// How often there is a look at whether the last page was taken.
const LOOK: Duration = Duration::from_millis(50);

/// The sinks, and where what they cannot deliver waits.
pub(super) struct Outlet {
    pub(super) outlets: Box<dyn Outlets>,
    pub(super) spool: PathBuf,
    /// It is a temporary one, which goes when it is empty.
    pub(super) is_own_spool: bool,
}

pub(super) struct Worker {
    outputs: Vec<Line>,
    outlet: Option<Outlet>,
    served: Vec<Box<dyn Served>>,
    voice: Voice,
    run: Option<Run>,
    /// How each sink fared when there was a look last, and what was said of it; both empty where it is well.
    seen: Vec<(String, String)>,
    latest_event_ns: i64,
}

/// An output and the interval that is not long enough yet.
struct Line {
    output: Output,
    pending: Option<Interval>,
    latest_ns: i64,
}

/// What is known of the run since its first second.
struct Run {
    teller: Teller,
    stages: Stages,
    started_ns: i64,
    elapsed: Span,
    is_invalid: bool,
}

impl Worker {
    pub(super) fn new(
        outputs: Vec<Output>,
        outlet: Option<Outlet>,
        served: Vec<Box<dyn Served>>,
        voice: Voice,
        is_quiet: bool,
    ) -> Worker {
        let line = |output| Line { output, pending: None, latest_ns: i64::MIN };
        for page in served.iter().filter(|_| !is_quiet) {
            Progress::note(&voice, &format!("serving http://{}/metrics", page.address()));
        }
        Worker {
            outputs: outputs.into_iter().map(line).collect(),
            outlet,
            served,
            voice,
            run: None,
            seen: Vec::new(),
            latest_event_ns: i64::MIN,
        }
    }

    pub(super) fn second(&mut self, plan: &Arc<Plan>, second: &Second) {
        let is_first = self.run.is_none();
        let mut run = self.run.take().unwrap_or_else(|| Run::new(plan, second));
        if is_first {
            let at = self.event_time(run.started_ns);
            self.push_each(|form| form.begin(at));
        }
        for (at, text) in run.stages.begun(second.elapsed) {
            self.event(&text, run.started_ns.saturating_add_unsigned(at.nanos()));
        }
        (run.elapsed, run.is_invalid) = (second.elapsed, second.is_invalid);
        let mut interval = run.teller.interval(second);
        for place in 0..self.outputs.len() {
            let line = &mut self.outputs[place];
            if line.pending.is_none() && interval.length >= line.output.form.every() {
                // Nothing has to be kept, so nothing is copied.
                self.send(place, &mut interval, &run);
                continue;
            }
            line.pending.get_or_insert_default().append(&interval);
            if line.is_due() {
                self.flush(place, &run);
            }
        }
        self.run = Some(run);
        self.look();
    }

    /// Something happened.
    pub(super) fn event(&mut self, text: &str, wall_ns: i64) {
        let at = self.event_time(wall_ns);
        self.push_each(|form| form.event(text, at));
    }

    /// Events of one millisecond would overwrite each other.
    fn event_time(&mut self, wall_ns: i64) -> i64 {
        self.latest_event_ns = wall_ns.max(self.latest_event_ns.saturating_add(1_000_000));
        self.latest_event_ns
    }

    /// The run is over.
    pub(super) fn end(mut self, results: &Results, grace: Duration) {
        if let Some(run) = self.run.take() {
            for place in 0..self.outputs.len() {
                self.flush(place, &run);
            }
        }
        let started_ns = results.started_ms.saturating_mul(1_000_000);
        let wall_ns = started_ns.saturating_add_unsigned(results.elapsed.nanos());
        let at = self.event_time(wall_ns);
        self.push_each(|form| form.end(results, at));
        let until = Instant::now() + grace;
        let taken: Vec<u64> = self.served.iter().map(|page| page.count()).collect();
        if let Some(Outlet { outlets, spool, is_own_spool }) = self.outlet.take() {
            let reports = outlets.finish(grace);
            for text in reports.iter().filter_map(|report| lost(report, &spool)) {
                Progress::note(&self.voice, &text);
            }
            if is_own_spool && reports.iter().all(|report| report.ledger.queued == 0) {
                // Whatever is in the way stays, and is empty.
                let _gone = fs::remove_dir_all(&spool);
            }
        }
        self.await_scrapes(&taken, until);
    }

    /// Whoever read the page while the run went on shall have the last one, too.
    fn await_scrapes(&self, taken: &[u64], until: Instant) {
        let missing = || {
            let each = self.served.iter().zip(taken);
            each.filter(|(page, taken)| **taken > 0 && page.count() == **taken).map(|(page, _)| page)
        };
        while missing().next().is_some() && Instant::now() < until {
            thread::sleep(LOOK);
        }
        for page in missing() {
            let text = format!("nobody read the last page at http://{}/metrics", page.address());
            Progress::note(&self.voice, &text);
        }
    }

    fn flush(&mut self, place: usize, run: &Run) {
        if let Some(mut interval) = self.outputs[place].pending.take() {
            self.send(place, &mut interval, run);
        }
    }

    /// The interval is as it was when it comes back.
    fn send(&mut self, place: usize, interval: &mut Interval, run: &Run) {
        let line = &mut self.outputs[place];
        let form = &mut line.output.form;
        let end_ns = interval.end_ns;
        // No point of it may have the time of one before.
        interval.end_ns = end_ns.max(line.latest_ns.saturating_add(form.gap_ns(interval)));
        line.latest_ns = interval.end_ns;
        // Of a stage that begins with the end of the interval nothing is in it.
        let within = Span::from_nanos(run.elapsed.nanos().saturating_sub(1));
        let beside = Beside {
            stage: run.stages.number(within),
            schedules: run.teller.schedules(),
            is_invalid: run.is_invalid,
        };
        let batches = form.batches(interval, beside);
        interval.end_ns = end_ns;
        self.push(place, batches);
    }

    fn push_each<B: IntoIterator<Item = Batch>>(&mut self, make: impl Fn(&mut dyn Form) -> B) {
        for place in 0..self.outputs.len() {
            let batches = make(&mut *self.outputs[place].output.form);
            self.push(place, batches);
        }
    }

    fn push(&self, place: usize, batches: impl IntoIterator<Item = Batch>) {
        let Some(outlet) = &self.outlet else { return };
        for batch in batches {
            outlet.outlets.push(&self.outputs[place].output.sink, batch);
        }
    }

    /// Tells of sinks that do not get on any more, once a change. What is over by the next second is not worth a word,
    /// such as a database that has to be created.
    fn look(&mut self) {
        let Some(outlet) = &self.outlet else { return };
        let reports = outlet.outlets.reports();
        self.seen.resize(reports.len(), Default::default());
        for (report, (before, said)) in reports.iter().zip(&mut self.seen) {
            let is_well = matches!(report.state, SinkState::Working | SinkState::Stopped);
            let now = if is_well { String::new() } else { report.message.clone() };
            let lasts = now.is_empty() == before.is_empty();
            if lasts && now != *said {
                let text = if is_well { "works again" } else { &now };
                let more = if is_well { "" } else { "; what it lacks waits" };
                Progress::note(&self.voice, &format!("{}: {text}{more}", report.name));
                said.clone_from(&now);
            }
            *before = now;
        }
    }
}

impl Run {
    fn new(plan: &Arc<Plan>, second: &Second) -> Run {
        Run {
            teller: Teller::new(Arc::clone(plan)),
            stages: Stages::of(plan),
            started_ns: second.wall_ns.saturating_sub_unsigned(second.elapsed.nanos()),
            elapsed: Span::default(),
            is_invalid: false,
        }
    }
}

impl Line {
    fn is_due(&self) -> bool {
        self.pending.as_ref().is_some_and(|pending| pending.length >= self.output.form.every())
    }
}

/// What is to be said of points that did not arrive.
fn lost(report: &SinkReport, spool: &Path) -> Option<String> {
    let sum = |reasons: &[(&str, u64)]| reasons.iter().map(|(_, points)| points).sum::<u64>();
    let reasons = |reasons: &[(&'static str, u64)]| {
        let each: Vec<String> = reasons.iter().map(|(reason, points)| format!("{points} {reason}")).collect();
        each.join(", ")
    };
    let ledger = &report.ledger;
    let mut parts: Vec<Cow<'_, str>> = Vec::new();
    if ledger.queued > 0 {
        let wait = format!("{} points wait in {}", ledger.queued, spool.display());
        parts.push(
            format!("{wait}, which a run with --out-spool of that directory and this output sends").into(),
        );
    }
    if sum(&ledger.dropped) > 0 {
        parts.push(format!("{} points are lost ({})", sum(&ledger.dropped), reasons(&ledger.dropped)).into());
    }
    if sum(&ledger.rejected) > 0 {
        parts.push(
            format!("the server refused {} points ({})", sum(&ledger.rejected), reasons(&ledger.rejected))
                .into(),
        );
    }
    if parts.is_empty() {
        return None;
    }
    if !report.message.is_empty() {
        parts.push(report.message.as_str().into());
    }
    Some(format!("{}: {}", report.name, parts.join("; ")))
}
