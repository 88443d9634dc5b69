//! Grafana's JSON of a dashboard: what is around the panels, and where each stands.

use serde_json::{Value, json};

use super::panel::{datasource, panel};
use super::table::{Choices, Item, Table, Variable};

/// The schema of Grafana 12.
pub(crate) const SCHEMA: u32 = 42;

/// Columns of a dashboard.
const COLUMNS: u32 = 24;

pub(crate) fn board(table: &Table) -> Value {
    let (mut panels, mut place, mut id) = (Vec::new(), Place::default(), 0);
    for item in &table.items {
        id += 1;
        match item {
            Item::Row { title, repeat } => {
                let mut row =
                    json!({"id": id, "type": "row", "title": title, "collapsed": false, "panels": []});
                row["gridPos"] = place.take(COLUMNS, 1);
                if let Some(repeat) = repeat {
                    row["repeat"] = json!(repeat);
                }
                panels.push(row);
            }
            Item::Panel(each) => {
                let mut made = panel(each, id);
                made["gridPos"] = place.take(each.size.0, each.size.1);
                panels.push(made);
            }
        }
    }
    let annotations: Vec<Value> = table.annotations.iter().map(annotation).collect();
    let variables: Vec<Value> = table.variables.iter().map(|each| variable(each, &table.source)).collect();
    json!({
        "uid": table.uid,
        "title": table.title,
        "description": table.about,
        "tags": table.tags,
        "schemaVersion": SCHEMA,
        "version": 1,
        "editable": true,
        "graphTooltip": 1,
        "fiscalYearStartMonth": 0,
        "timezone": "browser",
        "refresh": table.every,
        "time": {"from": table.from, "to": "now"},
        "timepicker": {},
        "links": [],
        "annotations": {"list": annotations},
        "templating": {"list": variables},
        "panels": panels,
    })
}

fn annotation((name, source, query): &(String, String, String)) -> Value {
    let mut made = json!({
        "name": name, "datasource": datasource(source), "enable": true, "hide": false, "iconColor": "blue",
    });
    if source.starts_with("influx") {
        made["target"] =
            json!({"refId": "Anno", "fromAnnotations": true, "query": query, "textColumn": "text"});
    } else {
        made["target"] = json!({"refId": "Anno", "expr": query});
    }
    made
}

fn variable(variable: &Variable, source: &str) -> Value {
    match &variable.choices {
        Choices::Query(query) => {
            let asked = if source.starts_with("influx") {
                json!(query)
            } else {
                json!({"query": query, "refId": "variable"})
            };
            let (text, value) =
                if variable.all { (json!(["All"]), json!(["$__all"])) } else { (json!(""), json!("")) };
            json!({
                "name": variable.name,
                "label": variable.name,
                "type": "query",
                "datasource": datasource(source),
                "query": asked,
                "refresh": 2,
                "sort": 1,
                "regex": "",
                "hide": 0,
                "multi": variable.all,
                "includeAll": variable.all,
                "current": {"text": text, "value": value},
                "options": [],
            })
        }
        Choices::Fixed(values) => {
            let option = |(place, value): (usize, &String)| json!({"text": value, "value": value, "selected": place == 0});
            let options: Vec<Value> = values.iter().enumerate().map(option).collect();
            json!({
                "name": variable.name,
                "label": variable.name,
                "type": "custom",
                "query": values.join(","),
                "hide": 0,
                "multi": false,
                "includeAll": false,
                "current": options[0],
                "options": options,
            })
        }
    }
}

/// Where the next panel stands: beside the last one, or below where there is no room.
#[derive(Default)]
struct Place {
    x: u32,
    y: u32,
    /// The tallest of the line.
    height: u32,
}

impl Place {
    fn take(&mut self, width: u32, height: u32) -> Value {
        if self.x + width > COLUMNS {
            (self.x, self.y, self.height) = (0, self.y + self.height, 0);
        }
        let made = json!({"x": self.x, "y": self.y, "w": width, "h": height});
        (self.x, self.height) = (self.x + width, self.height.max(height));
        made
    }
}
