//! Grafana's dashboards, asked of a real InfluxDB: files of panels and of what their queries read.
//!
//! A row is `panel | measurement | fields | where | group by | form`; the last two cells may be missing. Conditions are
//! joined by ` & `, `$name` stands for the value of a variable, and the row `every | where` is for each row of the
//! file. Each field is a query:
//!
//! - without a form, and with `mean / 1000`: `SELECT mean("field") FROM "measurement" WHERE ... GROUP BY time(1s), ...`
//! - `some`: likewise, where not each series must have a value;
//! - `derivative`: `non_negative_derivative(mean("field"), 10s)` of the same;
//! - `distinct of F`: how many values the tag has in points with the field F.
//!
//! `$name | query` is a variable of the dashboard: its choices come from that query. An answer without a value is
//! empty.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::servers::Server;

pub(crate) struct Panel {
    pub(crate) name: String,
    pub(crate) measurement: String,
    pub(crate) fields: Vec<String>,
    /// Tag, sign and value.
    pub(crate) conditions: Vec<(String, &'static str, String)>,
    pub(crate) group: Option<String>,
    form: String,
}

pub(crate) struct Dashboard {
    pub(crate) panels: Vec<Panel>,
    variables: Vec<(String, String)>,
}

/// One query of a panel, or of a variable.
pub(crate) struct Answer {
    panel: String,
    /// `measurement.field`.
    reads: String,
    series: usize,
    is_empty: bool,
}

impl Dashboard {
    pub(crate) fn parse(text: &str) -> Dashboard {
        let (mut panels, mut variables, mut every) = (Vec::new(), Vec::new(), Vec::new());
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            match cells[..] {
                [name, query] if name.starts_with('$') => variables.push((name.to_owned(), query.to_owned())),
                ["every", filter] => every = conditions(filter),
                [name, measurement, fields, filter, ref more @ ..] => panels.push(Panel {
                    name: name.to_owned(),
                    measurement: measurement.to_owned(),
                    fields: fields.split(' ').map(str::to_owned).collect(),
                    conditions: [every.clone(), conditions(filter)].concat(),
                    group: more.first().filter(|tag| !tag.is_empty()).map(ToString::to_string),
                    form: more.get(1).copied().unwrap_or_default().to_owned(),
                }),
                _ => panic!("no row: {line}"),
            }
        }
        Dashboard { panels, variables }
    }

    /// Asks every query; `values` are the choices made for the variables, as regular expressions.
    pub(crate) fn ask(&self, server: &Server, database: &str, values: &[(&str, &str)]) -> Vec<Answer> {
        let variables = self.variables.iter().map(|(name, query)| {
            let rows = server.series(database, query);
            let choices: usize = rows.iter().map(|row| row["values"].as_array().map_or(0, Vec::len)).sum();
            Answer {
                panel: format!("variable {name}"),
                reads: query.clone(),
                series: choices,
                is_empty: choices == 0,
            }
        });
        let fields =
            self.panels.iter().flat_map(|panel| panel.fields.iter().map(move |field| (panel, field)));
        let queries = fields.map(|(panel, field)| {
            let series = server.series(database, &panel.query(field, values));
            let has_value = |row: &serde_json::Value| {
                row["values"].as_array().is_some_and(|rows| rows.iter().any(|row| !row[1].is_null()))
            };
            let is_enough = match panel.form.as_str() {
                "some" => series.iter().any(has_value),
                _ => series.iter().all(has_value),
            };
            Answer {
                panel: panel.name.clone(),
                reads: format!("{}.{field}", panel.measurement),
                series: series.len(),
                is_empty: series.is_empty() || !is_enough,
            }
        });
        variables.chain(queries).collect()
    }
}

impl Panel {
    fn query(&self, field: &str, values: &[(&str, &str)]) -> String {
        if let Some(of) = self.form.strip_prefix("distinct of ") {
            return format!(
                "SELECT count(distinct(\"{field}\")) FROM (SELECT \"{of}\", \"{field}\" FROM \"{}\" WHERE time > now() - 1m)",
                self.measurement
            );
        }
        let value = match self.form.as_str() {
            "mean / 1000" => format!("mean(\"{field}\") / 1000"),
            "derivative" => format!("non_negative_derivative(mean(\"{field}\"), 10s)"),
            "" | "some" => format!("mean(\"{field}\")"),
            other => panic!("{}: no form {other:?}", self.name),
        };
        let mut query = format!(
            "SELECT {value} FROM \"{}\" WHERE time > now() - 1h AND time < now() + 1h",
            self.measurement
        );
        for (tag, sign, wanted) in &self.conditions {
            let chosen = values.iter().fold(wanted.clone(), |text, (name, value)| text.replace(name, value));
            _ = match *sign {
                "=" => write!(query, " AND \"{tag}\" = '{chosen}'"),
                sign => write!(query, " AND \"{tag}\" {sign} /{chosen}/"),
            };
        }
        query.push_str(" GROUP BY time(1s)");
        if let Some(tag) = &self.group {
            _ = write!(query, ", \"{tag}\"");
        }
        query + " fill(none)"
    }
}

/// The panel and field of each query without a value.
pub(crate) fn unanswered(answers: &[Answer]) -> Vec<String> {
    let empty = answers.iter().filter(|answer| answer.is_empty);
    empty.map(|answer| format!("{}: {}", answer.panel, answer.reads)).collect()
}

/// One line for each panel: how many of its queries were answered, and which were not.
pub(crate) fn table(title: &str, answers: &[Answer]) -> String {
    let mut panels: BTreeMap<&str, Vec<&Answer>> = BTreeMap::new();
    let mut order = Vec::new();
    for answer in answers {
        let of = panels.entry(&answer.panel).or_insert_with(|| {
            order.push(answer.panel.as_str());
            Vec::new()
        });
        of.push(answer);
    }
    let full = answers.iter().filter(|answer| !answer.is_empty).count();
    let mut out = format!("{title}: {full} of {} queries answered\n", answers.len());
    for name in order {
        let of = &panels[name];
        let empty: Vec<&str> =
            of.iter().filter(|answer| answer.is_empty).map(|answer| answer.reads.as_str()).collect();
        let series: usize = of.iter().map(|answer| answer.series).sum();
        let state =
            if empty.is_empty() { "answered".to_owned() } else { format!("EMPTY {}", empty.join(", ")) };
        _ = writeln!(
            out,
            "  {name:<38} {:>2} of {:>2} queries, {series:>3} series  {state}",
            of.len() - empty.len(),
            of.len()
        );
    }
    out
}

fn conditions(text: &str) -> Vec<(String, &'static str, String)> {
    let parts = text.split(" & ").filter(|part| !part.is_empty());
    let condition = |part: &str| {
        let (tag, sign, value) = match part.split_once(" =~ ") {
            Some((tag, value)) => (tag, "=~", value),
            None => part.split_once(" = ").map(|(tag, value)| (tag, "=", value)).unwrap(),
        };
        (tag.to_owned(), sign, value.to_owned())
    };
    parts.map(condition).collect()
}
