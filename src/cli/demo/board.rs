//! The table that grows while the demo runs: a line a second, the load to the left and the target to the right.

use super::phase::{Side, Story};
use super::shape::Shape;
use super::watch::Watch;
use crate::cli::output;
use crate::cli::voice::Voice;
use crate::load::engine::{Observer, Tick};
use crate::load::histogram::Histogram;
use crate::load::span::Span;

const HEAD: &str = "
           LOAD                                           TARGET
TIME       PLAN   DONE               P50      P95  FAILED      CPU              PEAK  MEMORY  THROTTLED";
/// Lines after which a terminal shows the head again.
const PAGE: usize = 20;
const BAR: usize = 8;
const EIGHTHS: [char; 8] = [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/// Writes to standard output, and keeps what the summary needs.
pub(super) struct Board<'a> {
    shape: Shape,
    watch: &'a Watch,
    /// The limit of the target, else what the machine has.
    cores: f64,
    lines: usize,
    /// A terminal that stands still, or a pager, must not hold up the run.
    voice: Voice,
    pub(super) story: Story,
}

impl Board<'_> {
    pub(super) fn new(shape: Shape, watch: &Watch, cores: f64) -> Board<'_> {
        let story = Story::begin(&watch.latest());
        // Whoever closed it has seen enough; the run and its exit code go on.
        let voice = Voice::with(|text| drop(output::print(text)));
        Board { shape, watch, cores, lines: 0, voice, story }
    }

    /// Until all is written, unless it cannot be.
    pub(super) fn end(&self) {
        self.voice.end();
    }
}

impl Observer for Board<'_> {
    fn second(&mut self, tick: &Tick<'_>) {
        // The end of the run is no second.
        if tick.is_last {
            return;
        }
        let reading = self.watch.latest();
        let part = self.shape.part(tick.elapsed);
        let second = self.story.add(part, tick.elapsed, Side::of(tick), &reading);
        if self.lines == 0 || (output::is_terminal() && self.lines.is_multiple_of(PAGE)) {
            self.voice.say(|| format!("{HEAD}\n"));
        }
        self.lines += 1;
        let plan = self.shape.mean_rate(tick.elapsed);
        let line = line(tick.elapsed, plan, f64::from(self.shape.peak()), self.cores, reading.cores, &second);
        self.voice.say(|| line);
    }

    fn ending(&mut self, reason: &str) {
        output::note(reason);
    }
}

fn line(at: Span, plan: f64, peak: f64, limit: f64, cores: Option<f64>, second: &Side) -> String {
    let seconds = at.nanos() / Span::SECOND.nanos();
    let done = second.rate().unwrap_or(0.0);
    format!(
        "{:02}:{:02} {plan:6.0}/s {done:4.0}/s {} {:>8} {:>8} {:>7}  {:>7} {} {:>8} {:>7} {:>10}\n",
        seconds / 60,
        seconds % 60,
        bar(done / peak),
        quantile(&second.latency, 0.5),
        quantile(&second.latency, 0.95),
        second.failed,
        number(cores),
        bar(cores.unwrap_or(0.0) / limit),
        number(second.peak_cores),
        bytes(second.memory_bytes),
        percent(second.throttled_share()),
    )
}

/// As long as the share of it is full.
fn bar(share: f64) -> String {
    let eighths = (share.clamp(0.0, 1.0) * (BAR * 8) as f64).round() as usize;
    let full = "█".repeat(eighths / 8);
    let rest = if eighths.is_multiple_of(8) { String::new() } else { EIGHTHS[eighths % 8].to_string() };
    format!("{:<BAR$}", full + &rest)
}

pub(super) fn quantile(histogram: &Histogram, quantile: f64) -> String {
    histogram.quantile(quantile).map_or_else(|| "-".to_owned(), time)
}

/// Nanoseconds with three digits.
pub(super) fn time(nanos: f64) -> String {
    let (value, unit) = match nanos {
        ns if ns >= 1e9 => (ns / 1e9, "s"),
        ns if ns >= 1e6 => (ns / 1e6, "ms"),
        ns => (ns / 1e3, "µs"),
    };
    let digits = if value >= 100.0 { 0 } else { usize::from(value < 10.0) + 1 };
    format!("{value:.digits$}{unit}")
}

/// Cores.
pub(super) fn number(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.2}"))
}

pub(super) fn bytes(bytes: Option<u64>) -> String {
    bytes.map_or_else(|| "-".to_owned(), |bytes| format!("{:.1}Mi", bytes as f64 / f64::from(1 << 20)))
}

pub(super) fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "-".to_owned(), |share| format!("{:.0}%", share * 100.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_both_sides() {
        let mut second = Side { seconds: 1.0, requests: 90, failed: 1, ..Side::default() };
        second.latency.record_many(52_400_000, 90);
        second.peak_cores = Some(0.3);
        second.memory_bytes = Some(9 << 20);
        (second.periods, second.throttled) = (Some(10), Some(9));
        let line = line(Span::from_secs(61), 180.0, 180.0, 0.3, Some(0.15), &second);
        let words: Vec<&str> = line.split_whitespace().collect();
        assert_eq!(
            words,
            [
                "01:01",
                "180/s",
                "90/s",
                "████",
                "52.4ms",
                "52.4ms",
                "1",
                "0.15",
                "████",
                "0.30",
                "9.0Mi",
                "90%"
            ]
        );
        let empty = super::line(Span::from_secs(1), 0.0, 180.0, 0.3, None, &Side::default());
        let words: Vec<&str> = empty.split_whitespace().collect();
        assert_eq!(words, ["00:01", "0/s", "0/s", "-", "-", "0", "-", "-", "-", "-"]);
    }

    #[test]
    fn bars_and_times() {
        assert_eq!([0.0, 0.5, 1.0, 7.0].map(bar), ["        ", "████    ", "████████", "████████"]);
        assert_eq!(bar(0.07), "▌       ");
        assert_eq!(
            [1234.0, 52_400_000.0, 152_400_000.0, 1.5e9].map(time),
            ["1.23µs", "52.4ms", "152ms", "1.50s"]
        );
    }
}
