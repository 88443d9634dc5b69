//! Ours: what became of every start that was due. k6 drops them and says nothing of the late ones.

use super::cells::Cells;
use super::human;
use super::options::Options;
use super::paint::Paint;
use super::table::{Line, Widths};
use crate::load::results::{Contains, Schedule};
use crate::load::span::Span;
use crate::load::threshold::{Method, millis_of};

const INDENT: usize = 4;

/// One block for each scenario that had something to start.
pub(super) fn blocks(schedules: &[Schedule], elapsed: Span, options: &Options) -> Vec<Vec<String>> {
    let due: Vec<&Schedule> = schedules.iter().filter(|schedule| schedule.scheduled > 0).collect();
    let tables: Vec<[Line; 4]> = due.iter().map(|schedule| lines(schedule, elapsed, options)).collect();
    let widths = Widths::of(tables.iter().flatten());
    let block = |(schedule, lines): (&&Schedule, &[Line; 4])| {
        let mut block = vec![format!("{}{}", " ".repeat(INDENT), schedule.scenario)];
        block.extend(lines.iter().map(|line| line.render(INDENT, &widths, options)));
        block.push(identity(schedule, Paint(options.color)));
        block.extend(lateness(schedule, options));
        block
    };
    due.iter().zip(&tables).map(block).collect()
}

fn lines(schedule: &Schedule, elapsed: Span, options: &Options) -> [Line; 4] {
    let all = schedule.scheduled;
    [
        Line::new("starts_scheduled", Cells::counter(all as f64, Contains::Default, elapsed, options)),
        Line::new("starts_on_time", Cells::share(schedule.on_time, all)),
        Line::new("starts_late", Cells::share(schedule.late, all)),
        Line::new("starts_unsent", Cells::share(schedule.unsent, all)),
    ]
}

fn identity(schedule: &Schedule, paint: Paint) -> String {
    let Schedule { scheduled, on_time, late, unsent, .. } = schedule;
    let (space, mark) = (" ".repeat(INDENT), paint.mark(schedule.balances()));
    let sign = if schedule.balances() { "=" } else { "is not" };
    format!("{space}{mark} scheduled {scheduled} {sign} on time {on_time} + late {late} + unsent {unsent}")
}

fn lateness(schedule: &Schedule, options: &Options) -> Option<String> {
    let text =
        |method| millis_of(&schedule.lateness, method).map(|ms| human::duration(ms, options.time_unit));
    let (worst, usual) = (text(Method::Max)?, text(Method::Percentile(99.0))?);
    Some(format!("{}worst lateness {worst}, p(99) {usual}", " ".repeat(INDENT)))
}
