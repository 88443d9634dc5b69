//! Grafana's JSON of one panel: today's kinds, each with the options that it is drawn with.

use serde_json::{Value, json};

use super::table::Panel;

pub(crate) fn datasource(uid: &str) -> Value {
    let kind = if uid.starts_with("influx") { "influxdb" } else { "prometheus" };
    json!({"type": kind, "uid": uid})
}

pub(crate) fn panel(panel: &Panel, id: u32) -> Value {
    let targets: Vec<Value> = (0..).zip(&panel.asks).map(|(place, ask)| target(panel, place, ask)).collect();
    let mut defaults = json!({"unit": panel.unit, "custom": custom(panel), "thresholds": thresholds(panel)});
    if panel.kind == "stat" || panel.kind == "gauge" || panel.kind == "bargauge" {
        defaults["color"] = json!({"mode": "thresholds"});
    } else if panel.kind == "timeseries" {
        defaults["color"] = json!({"mode": "palette-classic"});
    }
    if let Some((min, max)) = panel.range {
        (defaults["min"], defaults["max"]) = (json!(min), json!(max));
    }
    let overrides: Vec<Value> = panel.units.iter().map(unit).collect();
    let mut made = json!({
        "id": id,
        "type": panel.kind,
        "title": panel.title,
        "description": panel.about,
        "datasource": datasource(&panel.source),
        "targets": targets,
        "fieldConfig": {"defaults": defaults, "overrides": overrides},
        "options": options(panel),
    });
    if panel.kind == "table" {
        made["transformations"] = transformations(panel);
    }
    if let Some(repeat) = &panel.repeat {
        (made["repeat"], made["repeatDirection"], made["maxPerRow"]) = (json!(repeat), json!("h"), json!(2));
    }
    made
}

fn letter(place: u8) -> String {
    char::from(b'A' + place).to_string()
}

fn target(panel: &Panel, place: u8, (legend, query): &(String, String)) -> Value {
    let is_table = panel.kind == "table";
    if panel.source.starts_with("influx") {
        return json!({
            "refId": letter(place),
            "datasource": datasource(&panel.source),
            "rawQuery": true,
            "query": query,
            "alias": legend,
            "resultFormat": if is_table { "table" } else { "time_series" },
        });
    }
    json!({
        "refId": letter(place),
        "datasource": datasource(&panel.source),
        "editorMode": "code",
        "expr": query,
        "legendFormat": legend,
        "format": if is_table { "table" } else if panel.kind == "heatmap" { "heatmap" } else { "time_series" },
        "instant": is_table,
        "range": !is_table,
    })
}

fn thresholds(panel: &Panel) -> Value {
    let given = panel.steps.iter().map(|(color, value)| json!({"color": color, "value": value}));
    let steps: Vec<Value> = given.collect();
    let plain = vec![json!({"color": "green", "value": null})];
    json!({"mode": "absolute", "steps": if steps.is_empty() { plain } else { steps }})
}

fn custom(panel: &Panel) -> Value {
    let mut made = match &*panel.kind {
        "timeseries" => json!({
            "drawStyle": "line",
            "lineWidth": 1,
            "fillOpacity": if panel.is_stacked { 40 } else { 8 },
            "showPoints": "auto",
            "pointSize": 4,
            "spanNulls": 60_000,
            "axisSoftMin": 0,
            "stacking": {"mode": if panel.is_stacked { "normal" } else { "none" }, "group": "A"},
        }),
        "table" => json!({"align": "auto", "cellOptions": {"type": "auto"}, "filterable": true}),
        "heatmap" => json!({"hideFrom": {"legend": false, "tooltip": false, "viz": false}}),
        _ => json!({}),
    };
    // An axis of nothing but zeros would else go up to 10000 %.
    if panel.kind == "timeseries" && panel.unit == "percentunit" && panel.range.is_none() {
        made["axisSoftMax"] = json!(0.1);
    }
    made
}

fn options(panel: &Panel) -> Value {
    let calc = panel.calc.as_deref().unwrap_or("lastNotNull");
    let reduce = json!({"calcs": [calc], "fields": "", "values": false});
    match &*panel.kind {
        "timeseries" => json!({
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": true, "calcs": []},
            "tooltip": {"mode": "multi", "sort": "desc"},
        }),
        "stat" => json!({
            "reduceOptions": reduce, "colorMode": "value", "graphMode": "area", "justifyMode": "auto",
            "textMode": "auto", "orientation": "auto", "wideLayout": true,
        }),
        "gauge" => json!({
            "reduceOptions": reduce, "showThresholdLabels": false, "showThresholdMarkers": true,
            "orientation": "auto", "sizing": "auto", "minVizWidth": 75, "minVizHeight": 75,
        }),
        "bargauge" => json!({
            "reduceOptions": reduce, "displayMode": "basic", "orientation": "horizontal", "showUnfilled": true,
            "valueMode": "color", "namePlacement": "auto", "sizing": "auto", "minVizWidth": 8, "minVizHeight": 16,
            "maxVizHeight": 300,
        }),
        "table" => {
            let sort: Vec<Value> =
                panel.sort.iter().map(|name| json!({"displayName": name, "desc": true})).collect();
            json!({"showHeader": true, "cellHeight": "sm", "sortBy": sort})
        }
        "heatmap" => json!({
            "calculate": panel.source.starts_with("influx"),
            "cellGap": 1,
            "color": {"mode": "scheme", "scheme": "Oranges", "steps": 64, "exponent": 0.5, "fill": "dark-orange", "reverse": false},
            "yAxis": {"axisPlacement": "left", "unit": panel.unit},
            "cellValues": {"unit": "short"},
            "rowsFrame": {"layout": "auto"},
            "tooltip": {"mode": "single", "yHistogram": false, "showColorScale": false},
            "legend": {"show": true},
            "exemplars": {"color": "rgba(255,0,255,0.7)"},
            "filterValues": {"le": 1e-9},
            "showValue": "never",
        }),
        other => panic!("{}: no kind of panel: {other}", panel.title),
    }
}

fn unit((legend, unit): &(String, String)) -> Value {
    json!({
        "matcher": {"id": "byName", "options": legend},
        "properties": [{"id": "unit", "value": unit}],
    })
}

/// Rows of several queries are joined by what names them, and a column is called what its query is.
fn transformations(panel: &Panel) -> Value {
    if panel.source.starts_with("influx") {
        return json!([{"id": "organize", "options": {"excludeByName": {"Time": true}, "renameByName": {}, "indexByName": {}}}]);
    }
    let (mut names, mut left_out) = (serde_json::Map::new(), json!({"Time": true}));
    for (place, (legend, _)) in (0..).zip(&panel.asks) {
        let column =
            if panel.asks.len() == 1 { "Value".to_owned() } else { format!("Value #{}", letter(place)) };
        if legend == "-" {
            left_out[column] = json!(true);
        } else {
            names.insert(column, json!(legend));
        }
    }
    json!([
        {"id": "merge", "options": {}},
        {"id": "organize", "options": {"excludeByName": left_out, "renameByName": names, "indexByName": {}}},
    ])
}
