//! Results as a table: a row for each number.
//!
//! k6's `--out csv` has a row for each sample; no run keeps those here. Columns:
//!
//! | column | holds |
//! |---|---|
//! | `run_id` | names the run |
//! | `kind` | `run`, `metric`, `check`, `threshold` or `starts` |
//! | `name` | of the metric, check or scenario; of a threshold its metric |
//! | `tags` | of a submetric `tag:value`, with `;` between them; of a check its group; of a threshold its expression |
//! | `statistic` | `avg`, `p(95)`, `count`, `passes`, ... |
//! | `unit` | `ms`, `bytes`, `1/s`, `bytes/s` or nothing |
//! | `value` | the number; a threshold's `ok`, and the run's `valid`, are 1 or 0 |

use crate::load::histogram::Histogram;
use crate::load::results::{Contains, Group, Metric, Results, Values};
use crate::load::summary::TrendStat;
use crate::load::threshold::{Method, millis_of};

const HEADER: &str = "run_id,kind,name,tags,statistic,unit,value\n";

/// What stands before the number of a row.
#[derive(Clone, Copy)]
struct Subject<'a> {
    kind: &'static str,
    name: &'a str,
    tags: &'a str,
}

struct Table<'a> {
    out: String,
    run_id: &'a str,
}

/// The whole file. Of trends it has these numbers and their count.
pub fn csv(results: &Results, stats: &[TrendStat]) -> String {
    let mut table = Table { out: HEADER.to_owned(), run_id: &results.run_id };
    let run = Subject { kind: "run", name: "", tags: "" };
    table.row(run, "elapsed", "ms", results.elapsed.nanos() as f64 / 1e6);
    table.row(run, "valid", "", f64::from(u8::from(results.invalid.is_empty())));
    if let Some(exit) = results.exit {
        table.row(run, "exit_code", "", f64::from(exit.code()));
    }
    for metric in &results.metrics {
        table.metric(metric, results, stats);
    }
    table.group(&results.root);
    for (threshold, outcome) in &results.thresholds {
        let name = threshold.selector.to_string();
        let subject = Subject { kind: "threshold", name: &name, tags: &threshold.expression.source };
        table.row(subject, "ok", "", f64::from(u8::from(outcome.passed)));
        if let Some(value) = outcome.value {
            table.row(subject, "value", "", value);
        }
    }
    for schedule in &results.schedules {
        let subject = Subject { kind: "starts", name: &schedule.scenario, tags: "" };
        for (statistic, count) in [
            ("scheduled", schedule.scheduled),
            ("on_time", schedule.on_time),
            ("late", schedule.late),
            ("unsent", schedule.unsent),
        ] {
            table.row(subject, statistic, "", count as f64);
        }
        for (statistic, method) in
            [("lateness_max", Method::Max), ("lateness_p(99)", Method::Percentile(99.0))]
        {
            if let Some(millis) = millis_of(&schedule.lateness, method) {
                table.row(subject, statistic, "ms", millis);
            }
        }
    }
    table.out
}

impl Table<'_> {
    fn metric(&mut self, metric: &Metric, results: &Results, stats: &[TrendStat]) {
        let tags: Vec<String> =
            metric.selector.tags.iter().map(|(tag, value)| format!("{tag}:{value}")).collect();
        let tags = tags.join(";");
        let subject = Subject { kind: "metric", name: &metric.selector.metric, tags: &tags };
        let (unit, per_second) = match metric.contains {
            Contains::Default => ("", "1/s"),
            Contains::Time => ("ms", "ms/s"),
            Contains::Data => ("bytes", "bytes/s"),
        };
        match &metric.values {
            Values::Counter(sum) => {
                self.row(subject, "count", unit, *sum);
                let seconds = results.elapsed.seconds();
                if seconds > 0.0 {
                    self.row(subject, "rate", per_second, sum / seconds);
                }
            }
            Values::Gauge { value, min, max } => {
                for (statistic, number) in [("value", value), ("min", min), ("max", max)] {
                    self.row(subject, statistic, unit, *number);
                }
            }
            Values::Rate { nonzero, zero } => {
                let all = nonzero + zero;
                if all > 0 {
                    self.row(subject, "rate", "", *nonzero as f64 / all as f64);
                }
                self.row(subject, "passes", "", *nonzero as f64);
                self.row(subject, "fails", "", *zero as f64);
            }
            Values::Trend(histogram) => self.trend(subject, unit, histogram, stats),
        }
    }

    fn trend(&mut self, subject: Subject<'_>, unit: &str, histogram: &Histogram, stats: &[TrendStat]) {
        self.row(subject, "count", "", histogram.count() as f64);
        for stat in stats.iter().filter(|stat| !stat.is_count()) {
            if let Some(number) = stat.of(histogram) {
                self.row(subject, stat.name(), unit, number);
            }
        }
    }

    fn group(&mut self, group: &Group) {
        for check in &group.checks {
            let subject = Subject { kind: "check", name: &check.name, tags: &group.path };
            self.row(subject, "passes", "", check.passes as f64);
            self.row(subject, "fails", "", check.fails as f64);
        }
        for inner in &group.groups {
            self.group(inner);
        }
    }

    fn row(&mut self, subject: Subject<'_>, statistic: &str, unit: &str, value: f64) {
        for cell in [self.run_id, subject.kind, subject.name, subject.tags, statistic, unit] {
            push_cell(&mut self.out, cell);
            self.out.push(',');
        }
        self.out.push_str(&value.to_string());
        self.out.push('\n');
    }
}

/// RFC 4180: what holds a comma, a quote or a line end stands in quotes, and quotes in it are doubled.
fn push_cell(out: &mut String, cell: &str) {
    if cell.contains([',', '"', '\n', '\r']) {
        out.push('"');
        out.push_str(&cell.replace('"', "\"\""));
        out.push('"');
    } else {
        out.push_str(cell);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_cannot_leave_their_column() {
        for (cell, text) in [
            ("p(95)", "p(95)"),
            ("a,b", "\"a,b\""),
            ("say \"no\"", "\"say \"\"no\"\"\""),
            ("two\nlines", "\"two\nlines\""),
            ("", ""),
        ] {
            let mut out = String::new();
            push_cell(&mut out, cell);
            assert_eq!(out, text);
        }
    }
}
