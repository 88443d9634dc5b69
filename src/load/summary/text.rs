//! The summary that ends a run on the terminal: k6's, with the schedule and the verdict on the run itself behind it.
//!
//! Source: k6 `internal/js/summary.js` (the form since v1). What it lays out by scenario we have no numbers of.

use super::cells::Cells;
use super::options::{Mode, Options};
use super::paint::{Paint, Style};
use super::section::{Section, order};
use super::table::{Line, Widths};
use super::{checks, starts, thresholds};
use crate::load::results::{Metric, Results};

const INDENT: usize = 4;

/// Begins and ends with an empty line.
pub fn text(results: &Results, options: &Options) -> String {
    let mut out = String::new();
    let limits = thresholds::blocks(results, options);
    if !limits.is_empty() {
        section(&mut out, "THRESHOLDS", &limits, options);
    }
    let mut totals = checks::blocks(&checks::merged(&results.root), INDENT, results.elapsed, options);
    totals.extend(metrics(results, options));
    section(&mut out, "TOTAL RESULTS", &totals, options);
    if options.mode == Mode::Full {
        for group in &results.root.groups {
            let blocks = checks::group_blocks(group, INDENT, results.elapsed, options);
            section(&mut out, &format!("GROUP: {}", group.name), &blocks, options);
        }
    }
    let schedule = starts::blocks(&results.schedules, results.elapsed, options);
    if !schedule.is_empty() {
        section(&mut out, "SCHEDULE", &schedule, options);
    }
    if !results.invalid.is_empty() {
        section(&mut out, "INVALID", &[verdict(&results.invalid, options)], options);
    }
    out
}

fn section(out: &mut String, title: &str, blocks: &[Vec<String>], options: &Options) {
    let style = if title == "INVALID" { Style::Bad } else { Style::Bold };
    let title = Paint(options.color).text(style, title);
    let blocks: Vec<String> = blocks.iter().map(|lines| lines.join("\n")).collect();
    out.extend(["\n  █ ", &title, " \n\n", &blocks.join("\n\n"), "\n\n"]);
}

/// A block for each section that has metrics; their columns stand below each other throughout.
fn metrics(results: &Results, options: &Options) -> Vec<Vec<String>> {
    let mut found: Vec<(Section, &Metric)> = results
        .metrics
        .iter()
        .filter_map(|metric| Some((Section::of(&metric.selector.metric, options.mode)?, metric)))
        .collect();
    found.sort_by_cached_key(|(section, metric)| (*section, order(&metric.selector)));
    let mut lines: Vec<(Section, Line)> = found
        .into_iter()
        .map(|(section, metric)| (section, line(metric, Cells::of(metric, results.elapsed, options))))
        .collect();
    if results.interrupted > 0 {
        // Complete ones alone are a metric, as in k6.
        let (value, asides) = (results.interrupted.to_string(), vec!["not complete".to_owned()]);
        let cells = Cells::Plain { value, asides };
        lines.push((Section::Execution, Line::new("iterations_interrupted", cells)));
    }
    let widths = Widths::of(lines.iter().map(|(_, line)| line));
    let block = |section: Section| {
        let own: Vec<&Line> =
            lines.iter().filter(|(other, _)| *other == section).map(|(_, line)| line).collect();
        let title = Paint(options.color).text(Style::Bold, section.title());
        let mut block = vec![format!("{}{title}", " ".repeat(INDENT))];
        block.extend(own.iter().map(|line| line.render(INDENT, &widths, options)));
        (!own.is_empty()).then_some(block)
    };
    Section::ALL.into_iter().filter_map(block).collect()
}

fn line(metric: &Metric, cells: Cells) -> Line {
    let name = metric.selector.to_string();
    match name
        .strip_prefix(&metric.selector.metric)
        .and_then(|tags| tags.strip_prefix('{')?.strip_suffix('}'))
    {
        Some(tags) => Line { name: format!("{{ {tags} }}"), is_sub: true, cells },
        None => Line::new(&name, cells),
    }
}

fn verdict(reasons: &[String], options: &Options) -> Vec<String> {
    let (paint, space) = (Paint(options.color), " ".repeat(INDENT));
    let head = "The generator itself was the bottleneck: these numbers do not speak of the target.";
    let mut lines = vec![format!("{space}{}", paint.text(Style::Bad, head))];
    lines.extend(reasons.iter().map(|reason| format!("{space}{} {reason}", paint.mark(false))));
    lines
}
