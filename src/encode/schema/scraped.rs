//! What was read beside an application. For databases the measurements of Telegraf's inputs.prometheus,
//! inputs.jolokia2_agent and inputs.nginx; for scrapes the names of nginx-prometheus-exporter, and how each target is.
//!
//! Telegraf has no `jolokia` measurement any more (since 1.30), but dashboard 8991 finds its pods by the tag `host`
//! of one: it is written with what is true of the reading.

/// Families of a page as points.
mod families;

use super::{EmitRow, SmallFamily, counter, gauge};
use crate::encode::influx::LineWriter;
use crate::encode::schema::host::point::Points;
use crate::model::report::AgentReport;
use crate::model::scraped::{Content, Kind, NginxStatus, Point, Reading, Target, Value};

/// Own tags of a point.
type Tags<'a> = Vec<(&'a str, &'a str)>;

/// A number of stub_status.
type Status = fn(&NginxStatus) -> Option<u64>;

/// Fields of `nginx`. Sorted by name.
#[rustfmt::skip]
const NGINX: [(&str, Status); 7] = [
    ("accepts", |s| s.accepts),
    ("active", |s| s.active),
    ("handled", |s| s.handled),
    ("reading", |s| s.reading),
    ("requests", |s| s.requests),
    ("waiting", |s| s.waiting),
    ("writing", |s| s.writing),
];

/// From the agent. Sorted by name.
///
/// The exporter types accepted and handled connections as counters under names without `_total`, which OpenMetrics
/// does not allow: there its own library renames them. Untyped by a word here, they keep their names in every format.
#[rustfmt::skip]
pub static FAMILIES: &[SmallFamily<AgentReport>] = &[
    gauge("nginx_connections_accepted", "Client connections accepted since nginx started.", |r, emit| by_nginx(r, emit, |s| s.accepts)),
    gauge("nginx_connections_active", "Client connections open, waiting ones included.", |r, emit| by_nginx(r, emit, |s| s.active)),
    gauge("nginx_connections_handled", "Client connections handled since nginx started.", |r, emit| by_nginx(r, emit, |s| s.handled)),
    gauge("nginx_connections_reading", "Connections of which nginx reads the request's head.", |r, emit| by_nginx(r, emit, |s| s.reading)),
    gauge("nginx_connections_waiting", "Connections that wait for a next request.", |r, emit| by_nginx(r, emit, |s| s.waiting)),
    gauge("nginx_connections_writing", "Connections to which nginx writes an answer.", |r, emit| by_nginx(r, emit, |s| s.writing)),
    counter("nginx_http_requests_total", "Requests since nginx started.", |r, emit| by_nginx(r, emit, |s| s.requests)),
    gauge("nginx_up", "1 while nginx's status can be read.", |r, emit| by_target(r, emit, |t| t.is_up().filter(|_| t.target.kind == Kind::Nginx).map(|up| f64::from(u8::from(up))))),
    gauge("podometer_scrape_duration_seconds", "How long the last reading of a target took.", |r, emit| by_target(r, emit, |t| t.duration.map(|took| took.as_secs_f64()))),
    counter("podometer_scrape_faults_total", "Readings of a target that failed, and values in them that could not be read.", |r, emit| by_target(r, emit, |t| Some(t.faults as f64))),
    gauge("podometer_scrape_samples", "Values in the last good reading of a target.", |r, emit| by_target(r, emit, |t| t.content.as_ref().map(|_| t.samples as f64))),
    gauge("podometer_scrape_up", "1 while a target can be read.", |r, emit| by_target(r, emit, |t| t.is_up().map(|up| f64::from(u8::from(up))))),
];

fn by_target(report: &AgentReport, emit: &mut EmitRow<'_>, value: fn(&Reading) -> Option<f64>) {
    for reading in &report.scraped {
        if let Some(value) = value(reading) {
            emit(&[("target", &reading.target.name)], value);
        }
    }
}

fn by_nginx(report: &AgentReport, emit: &mut EmitRow<'_>, value: Status) {
    for reading in &report.scraped {
        if let Some(Content::Nginx(status)) = &reading.content
            && let Some(value) = value(status)
        {
            emit(&[("target", &reading.target.name)], value as f64);
        }
    }
}

/// Writes one reading. A point's own tags win over its target's, these over `tags`.
pub fn write(reading: &Reading, host: &str, tags: &[(String, String)], out: &mut LineWriter<'_>) {
    let Some(taken) = reading.taken else { return };
    let target = &*reading.target;
    let host = target.host.as_deref().unwrap_or(host);
    let mut points = Points::new(out, host, tags, taken.wall_ns);
    if target.kind == Kind::Jolokia {
        points.point("jolokia", &with_target(target, Vec::new()), |out| {
            out.integer("up", u64::from(reading.content.is_some()));
        });
    }
    match &reading.content {
        None => {}
        Some(Content::Families(all, schema)) => families::write(all, *schema, target, &mut points),
        Some(Content::Points(all)) => all.iter().for_each(|point| write_point(point, target, &mut points)),
        Some(Content::Nginx(status)) => {
            let port = target.port.to_string();
            let own = with_target(target, vec![("port", &port), ("server", &target.server)]);
            points.point("nginx", &own, |out| {
                for (name, value) in NGINX {
                    if let Some(value) = value(status) {
                        out.integer(name, value);
                    }
                }
            });
        }
    }
}

fn write_point(point: &Point, target: &Target, points: &mut Points<'_, '_>) {
    let mut own: Tags<'_> = point.tags.iter().map(|(key, value)| (&**key, &**value)).collect();
    if own.iter().all(|(key, _)| *key != "jolokia_agent_url") {
        own.push(("jolokia_agent_url", &target.url));
    }
    points.point(&point.measurement, &with_target(target, own), |out| {
        for (name, value) in &point.fields {
            match value {
                Value::Float(number) => out.float(name, *number),
                Value::Text(text) => out.text(name, text),
                Value::Boolean(is_set) => out.boolean(name, *is_set),
            }
        }
    });
}

/// The point's own tags, and behind them those of its target that it does not have.
fn with_target<'a>(target: &'a Target, mut own: Tags<'a>) -> Tags<'a> {
    for (key, value) in &target.tags {
        if own.iter().all(|(own, _)| **own != **key) {
            own.push((key, value));
        }
    }
    own
}
