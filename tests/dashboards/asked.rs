//! Every query of every dashboard, asked of real servers: none may come back empty.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::known::{Owner, metrics};
use super::made::tables;
use super::names::queries;
use super::promql;
use super::servers::Server;
use super::table::{Choices, Item, Table};
use super::world::World;

/// Within this all have been scraped, written and pushed, on a machine that does other things as well.
const PATIENCE: Duration = Duration::from_mins(3);

/// What a picture shows.
const RECORDED: Duration = Duration::from_mins(1);

/// What a kernel without a feature has nothing to tell of: the file that is then missing, and whose queries.
const FEATURES: [(&str, &str); 2] =
    [("/proc/sys/net/netfilter", "\"conntrack\""), ("/proc/net/snmp6", "Ip6")];

/// Choices where the first of a list is not the one that has it all.
const CHOSEN: [(&str, &str, &str); 2] =
    [("telegraf-system", "server", "n1"), ("jvm-jolokia", "nodename", "n1")];

/// One query and what came of it.
struct Answer {
    place: String,
    query: String,
    series: usize,
    numbers: usize,
}

#[test]
fn no_query_of_any_dashboard_is_empty() {
    let Some(mut world) = World::start() else { return };
    let begun = Instant::now();
    let tables = tables();
    loop {
        world.turn();
        let answers: Vec<(&str, Vec<Answer>)> =
            tables.iter().map(|(name, table)| (&**name, asked(&world, name, table))).collect();
        let empty: Vec<String> = answers
            .iter()
            .flat_map(|(name, answers)| answers.iter().map(move |answer| (name, answer)))
            .filter(|(_, answer)| answer.numbers == 0 && lacking(&answer.query).is_none())
            .map(|(name, answer)| format!("{name}: {}: {}", answer.place, answer.query))
            .collect();
        let is_late = begun.elapsed() > PATIENCE;
        if empty.is_empty() || is_late {
            for (name, answers) in &answers {
                eprintln!("{}", shown(name, answers));
            }
            eprintln!("{}", by_owner(&answers));
            assert!(empty.is_empty(), "EMPTY: {empty:#?}");
            if let Some(file) = std::env::var_os("PODOMETER_RECORD_ANSWERS") {
                std::fs::write(file, recorded(&mut world, &tables)).unwrap();
            }
            return;
        }
        // The servers read and are written to once a second.
        std::thread::park_timeout(Duration::from_millis(500));
    }
}

fn lacking(query: &str) -> Option<&'static str> {
    let feature =
        FEATURES.iter().find(|(path, part)| query.contains(part) && !std::path::Path::new(path).exists());
    feature.map(|(path, _)| *path)
}

/// Variables first, since the panels' queries hold what is chosen.
fn asked(world: &World, name: &str, table: &Table) -> Vec<Answer> {
    let mut answers = Vec::new();
    let chosen = chosen(world, name, table, &mut answers);
    for (source, place, query) in
        queries(table).into_iter().filter(|(_, place, _)| !place.starts_with("variable "))
    {
        let query = put(&query, &chosen);
        let (series, numbers) = match &*source {
            "prometheus" => instant(&world.prometheus, &query),
            "influxdb-k6" => series(&world.influxdb, "k6", &query),
            _ => series(&world.influxdb, "telegraf", &query),
        };
        answers.push(Answer { place, query, series, numbers });
    }
    answers
}

/// What is chosen for each variable: all, or the first.
fn chosen(world: &World, name: &str, table: &Table, answers: &mut Vec<Answer>) -> BTreeMap<String, String> {
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
                answers.push(Answer { place, query: asked, series: choices.len(), numbers: choices.len() });
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

fn put(query: &str, chosen: &BTreeMap<String, String>) -> String {
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
    let found = known(&world.influxdb, database, query);
    let rows = found.iter().flat_map(|row| row["values"].as_array().into_iter().flatten());
    rows.filter_map(|row| row[1].as_str().map(str::to_owned)).collect()
}

/// A database that nobody has written to yet has nothing.
fn known(server: &Server, database: &str, query: &str) -> Vec<Value> {
    let exists = server.query("", "SHOW DATABASES").to_string().contains(&format!("\"{database}\""));
    if exists { server.series(database, query) } else { Vec::new() }
}

fn rows(server: &Server, query: &str) -> Vec<Value> {
    let encoded: String = query.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let (status, body) = server.request("POST", "/api/v1/query", None, &format!("query={encoded}"));
    assert_eq!(status, 200, "{query}: {body}");
    let answer: Value = serde_json::from_str(&body).unwrap();
    answer["data"]["result"].as_array().unwrap().clone()
}

/// Series, and those of them that are numbers.
fn instant(server: &Server, query: &str) -> (usize, usize) {
    let rows = rows(server, query);
    let value = |row: &Value| row["value"][1].as_str().unwrap().parse::<f64>().unwrap();
    (rows.len(), rows.iter().filter(|row| value(row).is_finite()).count())
}

fn series(server: &Server, database: &str, query: &str) -> (usize, usize) {
    let series = known(server, database, query);
    let has_value = |row: &&Value| {
        let rows = row["values"].as_array().into_iter().flatten();
        rows.filter_map(Value::as_array).any(|cells| cells.iter().skip(1).any(|cell| !cell.is_null()))
    };
    (series.len(), series.iter().filter(has_value).count())
}

/// One line for each panel.
fn shown(name: &str, answers: &[Answer]) -> String {
    let full = answers.iter().filter(|answer| answer.numbers > 0).count();
    let mut out = format!("{name}: {full} of {} queries answered\n", answers.len());
    let mut at = 0;
    while at < answers.len() {
        let place = &answers[at].place;
        let of = answers[at..].iter().take_while(|answer| answer.place == *place).count();
        let these = &answers[at..at + of];
        let full = these.iter().filter(|answer| answer.numbers > 0).count();
        let series: usize = these.iter().map(|answer| answer.series).sum();
        let missing = these.iter().find(|answer| answer.numbers == 0);
        let state = match missing.map(|answer| lacking(&answer.query)) {
            None => "answered".to_owned(),
            Some(Some(path)) => format!("this kernel has no {path}"),
            Some(None) => "EMPTY".to_owned(),
        };
        _ = writeln!(out, "  {place:<42} {full:>2} of {of:>2} queries, {series:>4} series  {state}");
        at += of;
    }
    out
}

/// What our own dashboards show over the next minute, for `deploy/grafana/render`: by dashboard, panel and query the
/// series of a range.
fn recorded(world: &mut World, tables: &[(String, Table)]) -> String {
    let begun = Instant::now();
    while begun.elapsed() < RECORDED {
        world.turn();
        std::thread::park_timeout(Duration::from_secs(1));
    }
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let (from, to) = (now - RECORDED.as_secs(), now);
    let mut answers = serde_json::Map::new();
    for (name, table) in tables.iter().filter(|(name, _)| name.starts_with("podometer-")) {
        let chosen = chosen(world, name, table, &mut Vec::new());
        let mut panels = serde_json::Map::new();
        for (id, item) in (1..).zip(&table.items) {
            let Item::Panel(panel) = item else { continue };
            let series = panel.asks.iter().map(|(_, query)| {
                let encoded: String =
                    put(query, &chosen).bytes().map(|byte| format!("%{byte:02x}")).collect();
                let form = format!("query={encoded}&start={from}&end={to}&step=2");
                let (_, body) = world.prometheus.request("POST", "/api/v1/query_range", None, &form);
                let mut answer: Value = serde_json::from_str(&body).unwrap();
                answer["data"]["result"].take()
            });
            panels.insert(i32::to_string(&id), series.collect());
        }
        answers.insert(name.clone(), panels.into());
    }
    serde_json::json!({"from": from, "to": to, "answers": answers}).to_string()
}

/// Which panels stand on names that are not ours.
fn by_owner(answers: &[(&str, Vec<Answer>)]) -> String {
    let known = metrics();
    let mut of: BTreeMap<(Owner, String), Vec<String>> = BTreeMap::new();
    for (name, answers) in answers {
        for answer in answers
            .iter()
            .filter(|answer| !answer.query.starts_with("SELECT") && !answer.query.starts_with("SHOW"))
        {
            for metric in promql::metrics(&answer.query) {
                let Some(&owner) = known.get(&metric) else { continue };
                if !matches!(owner, Owner::Agent | Owner::Load | Owner::Target) {
                    of.entry((owner, metric)).or_default().push(format!("{name}/{}", answer.place));
                }
            }
        }
    }
    let mut out =
        "what stands on others' names (kube-state-metrics' are the agent's own option here)\n".to_owned();
    for ((owner, metric), mut places) in of {
        places.dedup();
        _ = writeln!(out, "  {metric} ({owner:?}): {}", places.join(", "));
    }
    out
}
