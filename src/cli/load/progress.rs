//! What is said while a load test runs: one line that changes on a terminal, and a line a second elsewhere.

use std::io::{IsTerminal, Write, stderr};

use crate::load::engine::{Observer, Tick};
use crate::load::histogram::Histogram;
use crate::load::span::Span;

/// Writes to standard error, so that the summary can be piped.
#[derive(Debug)]
pub(super) struct Progress {
    is_quiet: bool,
    is_live: bool,
}

impl Progress {
    pub(super) fn new(is_quiet: bool) -> Progress {
        Progress { is_quiet, is_live: stderr().is_terminal() }
    }

    /// Leaves the live line as it is, and goes on below.
    pub(super) fn end(&self) {
        if self.is_live && !self.is_quiet {
            say("\n");
        }
    }
}

impl Observer for Progress {
    fn second(&mut self, tick: &Tick<'_>) {
        if self.is_quiet {
            return;
        }
        let line = line(tick);
        // What is longer than the line before hides it whole.
        say(&if self.is_live { format!("\r\x1b[2K{line}") } else { format!("{line}\n") });
    }

    fn ending(&mut self, reason: &str) {
        self.note(reason);
    }

    fn note(&mut self, reason: &str) {
        say(&format!("{}podometer: {reason}\n", if self.is_live { "\n" } else { "" }));
    }
}

/// Where that fails there is nobody to tell.
fn say(text: &str) {
    let mut out = stderr().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

fn line(tick: &Tick<'_>) -> String {
    let (requests, failed) = tick.last.requests();
    let duration = tick.last.duration();
    let rate = requests as f64 / tick.span.seconds().max(1.0);
    let planned = tick.plan.duration().map(|planned| format!("/{}", clock(planned))).unwrap_or_default();
    format!(
        "{}{planned}  {rate:.0} req/s  {} VUs  p50 {}  p95 {}  {failed} errors",
        clock(tick.elapsed),
        tick.vus,
        quantile(&duration, 0.5),
        quantile(&duration, 0.95),
    )
}

fn quantile(histogram: &Histogram, quantile: f64) -> String {
    histogram.quantile(quantile).map_or_else(|| "-".to_owned(), |nanos| format!("{:.2}ms", nanos / 1e6))
}

fn clock(span: Span) -> String {
    let seconds = span.nanos() / Span::SECOND.nanos();
    format!("{:02}:{:02}", seconds / 60, seconds % 60)
}
