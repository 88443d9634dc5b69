//! Answers for the pictures of `deploy/grafana/render`.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::ask::{chosen, put};
use super::table::{Item, Table};
use super::world::World;

/// What a picture shows.
const RECORDED: Duration = Duration::from_mins(1);

/// What our own dashboards show over the next minute, for `deploy/grafana/render`: by dashboard, panel and query the
/// series of a range.
pub(crate) fn record(world: &mut World, tables: &[(String, Table)]) -> String {
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
