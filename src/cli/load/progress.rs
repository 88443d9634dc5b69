//! What is said while a load test runs: one line that changes on a terminal, and a line a second elsewhere.

use std::io::{IsTerminal, stderr};
use std::sync::Arc;

use super::stages::Stages;
use crate::cli::voice::Voice;
use crate::load::engine::{Meter, Observer, Second, Tick};
use crate::load::histogram::Histogram;
use crate::load::span::Span;

/// Speaks on standard error, so that the summary can be piped.
pub(super) struct Progress {
    voice: Voice,
    is_quiet: bool,
    is_live: bool,
    stages: Option<Stages>,
}

impl Progress {
    pub(super) fn new(voice: Voice, is_quiet: bool) -> Progress {
        Progress { voice, is_quiet, is_live: stderr().is_terminal(), stages: None }
    }

    /// Leaves the live line as it is, and goes on below.
    pub(super) fn end(&self) {
        if self.is_live && !self.is_quiet {
            self.voice.say(|| "\n".to_owned());
        }
    }

    /// Something that is no part of the changing line.
    pub(super) fn note(voice: &Voice, text: &str) {
        let begin = if stderr().is_terminal() { "\r\x1b[2K" } else { "" };
        let text = format!("{begin}podometer: {text}\n");
        voice.say(move || text);
    }
}

impl Observer for Progress {
    fn second(&mut self, tick: &Tick<'_>) {
        if self.is_quiet || tick.is_last {
            return;
        }
        let stages = self.stages.get_or_insert_with(|| Stages::of(tick.plan));
        let stage = stages.shown(tick.elapsed);
        let (second, planned, is_live) = (tick.to_second(), tick.plan.duration(), self.is_live);
        self.voice.say_line(move || {
            let line = line(&second, planned, &stage);
            // What is longer than the line before hides it whole.
            if is_live { format!("\r\x1b[2K{line}") } else { format!("{line}\n") }
        });
    }

    fn ending(&mut self, reason: &str) {
        self.note(reason);
    }

    fn note(&mut self, reason: &str) {
        let text = format!("{}podometer: {reason}\n", if self.is_live { "\n" } else { "" });
        self.voice.say(move || text);
    }
}

fn line(second: &Second, planned: Option<Span>, stage: &str) -> String {
    let (requests, failed) = second.meter.requests();
    let duration = second.meter.duration();
    let rate = requests as f64 / second.span.seconds().max(1.0);
    let planned = planned.map(|planned| format!("/{}", clock(planned))).unwrap_or_default();
    format!(
        "{}{planned}{stage}  {rate:.0} req/s  {} VUs  p50 {}  p95 {}  p99 {}{}  {failed} errors",
        clock(second.elapsed),
        second.vus,
        quantile(&duration, 0.5),
        quantile(&duration, 0.95),
        quantile(&duration, 0.99),
        checks(&second.meter),
    )
}

/// The share of checks that held; nothing where none was made.
fn checks(meter: &Arc<Meter>) -> String {
    let steps = meter.scenarios.iter().flat_map(|scenario| &scenario.steps);
    let (passes, fails) = steps
        .flat_map(|step| &step.checks)
        .fold((0, 0), |(passes, fails), tally| (passes + tally.passes, fails + tally.fails));
    let share = passes as f64 * 100.0 / (passes + fails) as f64;
    if passes + fails == 0 { String::new() } else { format!("  checks {share:.1}%") }
}

fn quantile(histogram: &Histogram, quantile: f64) -> String {
    histogram.quantile(quantile).map_or_else(|| "-".to_owned(), |nanos| format!("{:.2}ms", nanos / 1e6))
}

fn clock(span: Span) -> String {
    let seconds = span.nanos() / Span::SECOND.nanos();
    format!("{:02}:{:02}", seconds / 60, seconds % 60)
}
