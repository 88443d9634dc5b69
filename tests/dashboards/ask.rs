//! A dashboard's queries as Grafana puts them: what is chosen for the variables stands in them, and the time.

use std::collections::BTreeMap;

use serde_json::Value;

use super::names::queries;
use super::servers::Server;
use super::table::{Choices, Table};
use super::world::World;

/// Choices where the first of a list is not the one that has it all.
const CHOSEN: [(&str, &str, &str); 2] =
    [("telegraf-system", "server", "n1"), ("jvm-jolokia", "nodename", "n1")];

/// One query and what came of it.
pub(crate) struct Answer {
    pub(crate) place: String,
    pub(crate) query: String,
    pub(crate) series: usize,
    pub(crate) numbers: usize,
    /// The largest of all numbers.
    pub(crate) largest: f64,
}

/// Variables first, since the panels' queries hold what is chosen.
pub(crate) fn asked(world: &World, name: &str, table: &Table) -> Vec<Answer> {
    let mut answers = Vec::new();
    let chosen = chosen(world, name, table, &mut answers);
    for (source, place, query) in
        queries(table).into_iter().filter(|(_, place, _)| !place.starts_with("variable "))
    {
        let query = put(&query, &chosen);
        let rows = match &*source {
            "prometheus" => instant(&world.prometheus, &query),
            "influxdb-k6" => series(&world.influxdb, "k6", &query),
            _ => series(&world.influxdb, "telegraf", &query),
        };
        let numbers = rows.iter().flatten().count();
        let largest = rows.iter().flatten().copied().fold(f64::NEG_INFINITY, f64::max);
        answers.push(Answer { place, query, series: rows.len(), numbers, largest });
    }
    answers
}

/// What is chosen for each variable: all, or the first.
pub(crate) fn chosen(
    world: &World,
    name: &str,
    table: &Table,
    answers: &mut Vec<Answer>,
) -> BTreeMap<String, String> {
    let mut chosen = BTreeMap::new();
    for variable in &table.variables {
        let value = match &variable.choices {
            Choices::Fixed(values) => values[0].clone(),
            Choices::Query(query) => {
                let asked = put(query, &chosen);
                let choices = choices(world, &table.source, &asked);
                let place = format!("variable {}", variable.name);
                let wanted = CHOSEN.iter().find(|(of, which, _)| *of == name && *which == variable.name);
                let first =
                    wanted.map_or_else(|| choices.first().cloned(), |(.., value)| Some((*value).to_owned()));
                let count = choices.len();
                answers.push(Answer { place, query: asked, series: count, numbers: count, largest: 0.0 });
                let first = first.unwrap_or_default();
                match (variable.all, &*table.source) {
                    (true, _) => ".*".to_owned(),
                    (false, "prometheus") => first,
                    (false, _) => escaped(&first),
                }
            }
        };
        chosen.insert(variable.name.clone(), value);
    }
    chosen
}

/// As Grafana puts a choice into a regular expression of InfluxDB.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for each in text.chars() {
        if "\\^$.|?*+()[]{}/".contains(each) {
            out.push('\\');
        }
        out.push(each);
    }
    out
}

pub(crate) fn put(query: &str, chosen: &BTreeMap<String, String>) -> String {
    let mut query = query
        .replace("$__rate_interval", "20s")
        .replace("$__interval", "2s")
        .replace("$timeFilter", "time > now() - 1h AND time < now() + 1h");
    // The longest name first: $pod is the beginning of $podname.
    let mut names: Vec<&String> = chosen.keys().collect();
    names.sort_by_key(|name| std::cmp::Reverse(name.len()));
    for name in names {
        query = query.replace(&format!("${name}"), &chosen[name]);
    }
    query
}

fn choices(world: &World, source: &str, query: &str) -> Vec<String> {
    if source == "prometheus" {
        let inner = query.strip_prefix("label_values(").and_then(|rest| rest.strip_suffix(')')).unwrap();
        let (selector, label) = inner.rsplit_once(", ").unwrap();
        let rows = rows(&world.prometheus, &format!("group by ({label}) ({selector})"));
        let values = rows.iter().filter_map(|row| row["metric"][label].as_str());
        return values.filter(|value| !value.is_empty()).map(str::to_owned).collect();
    }
    let database = if source == "influxdb-k6" { "k6" } else { "telegraf" };
    let found = world.influxdb.series(database, query);
    let rows = found.iter().flat_map(|row| row["values"].as_array().into_iter().flatten());
    rows.filter_map(|row| row[1].as_str().map(str::to_owned)).collect()
}

fn rows(server: &Server, query: &str) -> Vec<Value> {
    let encoded: String = query.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let (status, body) = server.request("POST", "/api/v1/query", None, &format!("query={encoded}"));
    assert_eq!(status, 200, "{query}: {body}");
    let answer: Value = serde_json::from_str(&body).unwrap();
    answer["data"]["result"].as_array().unwrap().clone()
}

/// The number of each series, where it is one.
fn instant(server: &Server, query: &str) -> Vec<Option<f64>> {
    let value = |row: &Value| row["value"][1].as_str().unwrap().parse::<f64>().unwrap();
    rows(server, query).iter().map(|row| Some(value(row)).filter(|value| value.is_finite())).collect()
}

/// The largest number of each series, 0 for a text.
fn series(server: &Server, database: &str, query: &str) -> Vec<Option<f64>> {
    let largest = |row: &Value| {
        let rows = row["values"].as_array().into_iter().flatten().filter_map(Value::as_array);
        let cells = rows.flat_map(|cells| cells.iter().skip(1)).filter(|cell| !cell.is_null());
        cells.map(|cell| cell.as_f64().unwrap_or_default()).reduce(f64::max)
    };
    server.series(database, query).iter().map(largest).collect()
}
