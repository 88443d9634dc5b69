//! Checks and groups.

use super::cells::Cells;
use super::options::Options;
use super::paint::{Paint, Style};
use super::table::{Line, Widths};
use crate::load::results::{Check, Contains, Group};
use crate::load::span::Span;

/// All checks of a group and of those in it. Those of one name are one, in the order of their first.
pub(super) fn merged(group: &Group) -> Vec<Check> {
    let mut found: Vec<Check> = Vec::new();
    collect(group, &mut found);
    found
}

fn collect(group: &Group, found: &mut Vec<Check>) {
    for check in &group.checks {
        match found.iter_mut().find(|known| known.name == check.name) {
            Some(known) => {
                known.passes += check.passes;
                known.fails += check.fails;
            }
            None => found.push(check.clone()),
        }
    }
    for inner in &group.groups {
        collect(inner, found);
    }
}

/// How many there were, and then each one: two blocks, or none without a check.
pub(super) fn blocks(checks: &[Check], indent: usize, elapsed: Span, options: &Options) -> Vec<Vec<String>> {
    if checks.is_empty() {
        return Vec::new();
    }
    let passes: u64 = checks.iter().map(|check| check.passes).sum();
    let fails: u64 = checks.iter().map(|check| check.fails).sum();
    let total = passes + fails;
    let lines = [
        Line::new("checks_total", Cells::counter(total as f64, Contains::Default, elapsed, options)),
        Line::new("checks_succeeded", Cells::share(passes, total)),
        Line::new("checks_failed", Cells::share(fails, total)),
    ];
    let widths = Widths::of(&lines);
    let totals = lines.iter().map(|line| line.render(indent, &widths, options)).collect();
    vec![totals, checks.iter().flat_map(|check| rows(check, indent, Paint(options.color))).collect()]
}

fn rows(check: &Check, indent: usize, paint: Paint) -> Vec<String> {
    let space = " ".repeat(indent);
    if check.fails == 0 {
        return vec![format!("{space}{}", paint.text(Style::Good, &format!("✓ {}", check.name)))];
    }
    let percent = 100 * u128::from(check.passes) / u128::from(check.passes + check.fails);
    let counts = format!("↳  {percent}% — ✓ {} / ✗ {}", check.passes, check.fails);
    vec![
        format!("{space}{}", paint.text(Style::Bad, &format!("✗ {}", check.name))),
        format!("{space}  {}", paint.text(Style::Bad, &counts)),
    ]
}

/// The checks of a group itself, and then the groups in it, each below its title.
pub(super) fn group_blocks(
    group: &Group,
    indent: usize,
    elapsed: Span,
    options: &Options,
) -> Vec<Vec<String>> {
    let mut all = blocks(&group.checks, indent, elapsed, options);
    for inner in &group.groups {
        let title = Paint(options.color).text(Style::Bold, &format!("GROUP: {}", inner.name));
        all.push(vec![format!("{}↳ {title}", " ".repeat(indent))]);
        all.extend(group_blocks(inner, indent + 2, elapsed, options));
    }
    all
}
